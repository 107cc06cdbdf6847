// A browser at the desk: a page on the stand-in of the desk's API, with every complaint of the browser as a failure.
import {check, elsewhere, hinder} from "./lib.mjs";

export const password = "parola-mea-lunga";
const fine = /(401|403|404|409|422|429|500) \(|ERR_(EMPTY_RESPONSE|CONNECTION_(RESET|REFUSED)|INTERNET_DISCONNECTED|ABORTED)/;

// Ten seconds to take an act back are a minute here: on a loaded machine a hundred presses of a key take longer than ten.
function slowHand() {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (run, ms, ...rest) => real(run, ms === 10000 ? 60000 : ms, ...rest);
}

export async function visit(browser, port, {size = [1280, 800], prefs = {}, at = "", also = fine} = {}) {
  const context = await browser.newContext({viewport: {width: size[0], height: size[1]}, reducedMotion: "reduce",
    timezoneId: elsewhere});
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await context.addInitScript((p) => self === top && (localStorage.getItem("pridvor.desk") || localStorage.setItem("pridvor.desk", p)), JSON.stringify({lang: "ro", ...prefs}));
  await context.addInitScript(slowHand);
  const page = await context.newPage();
  await hinder(page);
  page.on("pageerror", (e) => check(false, `exception in the page: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && !fine.test(m.text()) && !also.test(m.text()) && check(false, `console: ${m.text()}`));
  await page.goto(`http://127.0.0.1:${port}/${at}`);
  await page.waitForSelector("h1");
  return page;
}

export async function enter(page, account = "ana.pop", code = "") {
  await page.fill("[name=account]", account);
  await page.fill("[name=password]", password);
  if (code) {
    await page.click(".login-form .link >> nth=0");
    await page.fill("[name=code]", code);
  }
  await page.keyboard.press("Enter");
  await page.waitForSelector("#main h1");
}

export async function go(page, hash, wanted = "#main h1") {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.waitForFunction(([to, sel]) => location.hash === to && document.querySelector(sel), [hash, wanted]);
}

// A case of the invented town hall by what it must be.
export const one = (mock, test) => mock.world.cases.find((c) => !c.sealed && c.person.length < 100 && test(c));
