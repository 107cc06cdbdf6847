// Bytes of the first page (they fail the test) and main-thread time (printed only).
import {gzipSync} from "node:zlib";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {check, visit} from "./lib.mjs";

const limit = {total: 51200, js: 40960};

export async function budget(browser, mock, port, dist) {
  const size = (name) => gzipSync(readFileSync(join(dist, name)), {level: 9}).length;
  const js = size("assets/app.js");
  const total = js + size("assets/app.css") + size("index.html");
  console.log(`first page: ${total} bytes gzip of ${limit.total}, JS ${js} of ${limit.js}`);
  check(total <= limit.total && js <= limit.js, "the first page is above its budget");
  const times = [];
  for (let i = 0; i < 5; i++) {
    const context = await browser.newContext({viewport: {width: 1080, height: 1920}});
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Performance.enable", {timeDomain: "threadTicks"});
    await page.goto(`http://127.0.0.1:${port}/#k=test`);
    await page.waitForSelector("h1 >> nth=0");
    await page.waitForFunction(() => document.body.dataset.seq > "");
    const {metrics} = await cdp.send("Performance.getMetrics");
    const ms = (name) => 1000 * metrics.find((m) => m.name === name).value;
    times.push({task: ms("TaskDuration"), script: ms("ScriptDuration"),
      style: ms("LayoutDuration") + ms("RecalcStyleDuration")});
    await context.close();
  }
  times.sort((a, b) => a.task - b.task);
  const mid = times[2];
  console.log(`main thread to the start page: ${mid.task.toFixed(0)} ms of thread time (script ${
    mid.script.toFixed(0)}, style and layout ${mid.style.toFixed(0)}), median of 5`);
  const page = await visit(browser, mock, port);
  const asked = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((e) => new URL(e.name)));
  check(asked.every((url) => url.href.startsWith(`http://127.0.0.1:${port}/`) || !url.href),
    "the page asks another host");
  await page.context().close();
}
