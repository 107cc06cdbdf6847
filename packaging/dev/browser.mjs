// Pictures of this house's pages, by Chromium over its pipe (DevTools protocol, messages end with a zero byte): no
// library needed. It opens pages of the demo on loopback only, so it runs without its sandbox, which containers refuse.
import {spawn} from "node:child_process";
import {existsSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

const program = process.env.PRIDVOR_CHROMIUM || "/usr/bin/chromium";
const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe"];
const PATIENCE = 20000, CALM = 10000;

export const browserThere = () => existsSync(program);

export class Browser {
  constructor() {
    this.profile = mkdtempSync(join(tmpdir(), "pridvor-pictures-"));
    this.child = spawn(program, [...flags, `--user-data-dir=${this.profile}`, "about:blank"],
      {stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: {...process.env, HOME: this.profile}});
    this.waiting = new Map();
    this.last = 0;
    let rest = "";
    this.child.stdio[4].setEncoding("utf8").on("data", (part) => {
      const messages = (rest + part).split("\0");
      rest = messages.pop();
      for (const text of messages) this.told(JSON.parse(text));
    });
    this.child.stdio[3].on("error", () => {}); // told by "exit"
    this.gone = new Promise((_, failed) => {
      this.child.on("error", failed);
      this.child.on("exit", () => failed(new Error("Chromium ended")));
    });
    this.gone.catch(() => {});
  }
  told({id, result, error}) {
    const {done, failed} = this.waiting.get(id) || {};
    this.waiting.delete(id);
    if (error) failed?.(new Error(error.message));
    else done?.(result);
  }
  ask(method, params = {}, sessionId = undefined) {
    const id = ++this.last;
    let timer = null;
    const answer = new Promise((done, failed) => {
      this.waiting.set(id, {done, failed});
      timer = setTimeout(failed, PATIENCE, new Error(`Chromium does not answer ${method}`));
      this.child.stdio[3].write(`${JSON.stringify({id, method, params, sessionId})}\0`);
    });
    return Promise.race([answer, this.gone]).finally(() => clearTimeout(timer));
  }

  // One page in a context of its own, so that nobody's cookie is another's. wanted: what must be on the page by then.
  async picture(file, {url, wanted, cookie, width, height, scale = 1}) {
    const {browserContextId} = await this.ask("Target.createBrowserContext");
    const {targetId} = await this.ask("Target.createTarget", {url: "about:blank", browserContextId});
    const {sessionId} = await this.ask("Target.attachToTarget", {targetId, flatten: true});
    const page = (method, params) => this.ask(method, params, sessionId);
    await page("Security.setIgnoreCertificateErrors", {ignore: true});
    await page("Emulation.setDeviceMetricsOverride", {width, height, deviceScaleFactor: scale, mobile: false});
    await page("Emulation.setEmulatedMedia", {features: [{name: "prefers-reduced-motion", value: "reduce"}]});
    if (cookie) {
      const [name, value] = cookie.split("=");
      await page("Network.setCookie", {name, value, url, path: "/", secure: url.startsWith("https")});
    }
    await page("Page.navigate", {url});
    const look = `Boolean(document.fonts?.status === "loaded" && document.querySelector(${JSON.stringify(wanted)}))`;
    for (const end = Date.now() + PATIENCE; ;) {
      if ((await page("Runtime.evaluate", {expression: look})).result?.value) break;
      if (Date.now() > end) throw new Error(`the page ${new URL(url).origin} does not show what it should`);
      await new Promise((done) => setTimeout(done, 50));
    }
    writeFileSync(file, Buffer.from(await this.still(page), "base64"));
    await this.ask("Target.disposeBrowserContext", {browserContextId});
  }

  // Numbers beside the lists come a moment later, a paper in its viewer much later, and nothing tells: so three
  // pictures alike are asked for, or the last one after CALM.
  async still(page) {
    const framed = async () => (await page("Runtime.evaluate", {expression: "Boolean(document.querySelector('iframe, .viewer'))"})).result?.value;
    let last = "", alike = 0;
    for (const end = Date.now() + CALM; alike < 2 && Date.now() < end;) {
      await new Promise((done) => setTimeout(done, 150));
      if (await framed()) await new Promise((done) => setTimeout(done, 850));
      const {data} = await page("Page.captureScreenshot", {});
      alike = data === last ? alike + 1 : 0;
      last = data;
    }
    return last;
  }

  async close() {
    const ended = new Promise((done) => this.child.once("exit", done));
    const cut = setTimeout(() => this.child.kill("SIGKILL"), 3000);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.ask("Browser.close").catch(() => {});
      await ended;
    }
    clearTimeout(cut);
    rmSync(this.profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 100});
  }
}
