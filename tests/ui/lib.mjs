// What the parts of the test share: the stand-in of kioskd, a Chromium, a page that complains aloud.
import {spawnSync} from "node:child_process";
import {existsSync, readFileSync, mkdirSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "../..");
const chromiumPath = process.env.PRIDVOR_CHROMIUM || "/usr/bin/chromium";
// A clerk's computer whose clock is set to another country: the days on the page are Romania's all the same.
export const elsewhere = "America/Los_Angeles";
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

// Builds the pages into the build folder and fetches the two test packages when they are not here yet.
export function prepare(dist) {
  if (!existsSync(chromiumPath)) skip(`no ${chromiumPath} (package chromium)`);
  if (spawnSync("esbuild", ["--version"]).status !== 0) skip("no esbuild (package esbuild)");
  if (!existsSync(join(here, "node_modules/playwright-core"))) {
    const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit"], {cwd: here,
      stdio: "inherit"});
    if (npm.status !== 0) {
      console.log("FAIL npm ci in tests/ui: playwright-core and axe-core could not be fetched");
      process.exit(1);
    }
  }
  mkdirSync(dist, {recursive: true});
  const built = spawnSync(join(root, "kiosk-ui/build.sh"), [dist], {stdio: "inherit"});
  if (built.status !== 0) {
    console.log("FAIL kiosk-ui/build.sh");
    process.exit(1);
  }
}

export async function open() {
  const {chromium} = await import("playwright-core");
  return chromium.launch({executablePath: chromiumPath, headless: true, args: flags});
}

export const axeSource = () => readFileSync(join(here, "node_modules/axe-core/axe.min.js"), "utf8");

let failed = 0;
let passed = 0;
export function check(ok, text) {
  if (ok) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${text}`);
  }
  return ok;
}
export const counts = () => ({passed, failed});
export const until = async (what, test, ms = 30000) => {
  const end = Date.now() + ms;
  for (;;) {
    if (await test()) return true;
    if (Date.now() > end) return check(false, `waited ${ms} ms for: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
};

// PRIDVOR_SLOW=6: a processor so many times slower, and answers that take their time, to find what only a quick machine
// forgives.
const slow = Number(process.env.PRIDVOR_SLOW || 0);
export async function hinder(page) {
  if (!slow) return;
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Emulation.setCPUThrottlingRate", {rate: slow});
  await page.route(/\/(api|v1)\//, async (route) => {
    await new Promise((done) => setTimeout(done, Math.random() * 100 * slow));
    await route.fallback().catch(() => null); // the page may be gone
  });
}

// A page on the stand-in. Every console error, exception and CSP report is a failure.
export async function visit(browser, mock, port, size = [1080, 1920]) {
  const context = await browser.newContext({viewport: {width: size[0], height: size[1]},
    reducedMotion: "reduce"});
  const page = await context.newPage();
  await hinder(page);
  page.on("pageerror", (e) => check(false, `exception in the page: ${e.message}`));
  page.on("console", (m) => {
    const expected = /422 \(Unprocessable|ERR_(INCOMPLETE_CHUNKED|CONNECTION_RESET|EMPTY_RESPONSE)|401 \(Unauth/;
    if (m.type() === "error" && !expected.test(m.text())) check(false, `console: ${m.text()}`);
  });
  await page.goto(`http://127.0.0.1:${port}/#k=test`);
  await page.waitForSelector("h1");
  await page.waitForFunction(() => document.body.dataset.seq > "");
  return page;
}

export const shown = (page, mock) =>
  page.waitForFunction((seq) => Number(document.body.dataset.seq) >= seq, mock.seq);
