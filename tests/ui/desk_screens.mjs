// Every page in three languages: axe finds nothing; at every size and mode nothing runs out, and targets and texts keep their size.
import {axe} from "./checks.mjs";
import {axeSource, check} from "./lib.mjs";
import {enter, go, one, visit} from "./desk_lib.mjs";

const pages = (mock) => {
  const id = (test) => `#/case/${one(mock, test).id}`;
  const long = mock.world.cases.find((c) => c.person.length > 100 && !c.sealed && c.number);
  return [
    ["queue", "#/queue/mine", ".table"], ["to register", "#/queue/register", ".table"], ["all", "#/queue/all", ".table"],
    ["empty", "#/queue/today?department=caini&service=cs.divorce_request", ".empty"], ["long name", `#/case/${long.id}`, ".case"],
    ["case", id((c) => c.state === "in_work" && c.workflow === "simple"), ".case"], ["opinions", id((c) => c.flags.includes("waits_opinion")), ".case"],
    ["act", id((c) => c.state === "in_work" && c.workflow === "simple"), ".case", ".doing .btn:nth-of-type(3)"],
    ["editor", id((c) => c.state === "in_work" && c.workflow === "simple"), ".case", ".doing .btn.main"],
    ["sealed", `#/case/${mock.world.cases.find((c) => c.sealed && c.number).id}`, "textarea"],
    ["counter", id((c) => c.state === "returned"), ".case", ".doing .btn:has-text('Scrie corectura'), .doing .btn:has-text('Javítás beírása'), .doing .btn:has-text('Type the')"],
    ["search", "#/search", "#main h1"], ["entry", "#/new", "[name=way]"], ["questions", "#/new", "[name=service]", {pick: "petition.general"}], ["book", "#/register?day=2026-11-20", ".table"],
    ["person", "#/person", "[name=person-cnp]"], ["person by name", "#/person", "[name=person-reason]", {person: one(mock, (c) => !mock.world.open(c))}], ["settings", "#/settings", "#main h1"], ["keys", "#/queue/mine", ".table", null, "?"],
  ];
};
const heads = [["late", "#/queue/late", ".table"], ["team", "#/team", ".table"], ["delegate", "#/team", ".table", ".filters button.btn"]];
const admins = ["users", "holidays", "services", "messages", "why"].map((p) => [`admin ${p}`, `#/admin/${p}`, "#main h1"]);

// In the page: what runs out of it, what is too small to hit or to read.
function measure() {
  const bad = [];
  const seen = (el) => {
    const r = el.getBoundingClientRect();
    const s = getComputedStyle(el);
    return el.checkVisibility() && r.width > 1 && r.height > 1 && s.visibility !== "hidden" && s.display !== "none" ? r : null;
  };
  const name = (el) => `${el.tagName.toLowerCase()}.${el.className?.baseVal ?? el.className} "${(el.getAttribute("aria-label") || el.textContent || "").trim().slice(0, 30)}"`;
  if (document.documentElement.scrollWidth > innerWidth) bad.push(`the page is ${document.documentElement.scrollWidth} wide in ${innerWidth}`);
  for (const el of document.querySelectorAll(".table-box")) {
    if (el.scrollWidth > el.clientWidth) bad.push(`a list is ${el.scrollWidth} wide in ${el.clientWidth}`);
  }
  for (const el of document.querySelectorAll("button, a, input:not(.sr), select, textarea, summary")) {
    const r = seen(el);
    if (!r || el.closest(".nav") && innerWidth < 1000 || el.matches(".skip")) continue;
    const tick = el.matches("input[type=checkbox], input[type=radio]");
    const hit = tick ? el.closest("label").getBoundingClientRect() : r;
    if (Math.min(hit.width, hit.height) < 23.5 && getComputedStyle(el).display !== "inline") bad.push(`target ${Math.round(hit.width)} x ${Math.round(hit.height)}: ${name(el)}`);
    if (el.matches("button, .btn") && !el.closest(".doc-tab") && el.scrollWidth > el.clientWidth + 2) bad.push(`text runs out: ${name(el)}`);
    if (!el.closest(".table-box, .docs-h") && (r.left < -1 || r.right > innerWidth + 1)) bad.push(`outside left or right: ${name(el)}`);
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const el = node.parentElement;
    if (!node.data.trim() || el.closest("svg, .sr, kbd, option") || !seen(el)) continue;
    const px = parseFloat(getComputedStyle(el).fontSize);
    if (px < 11.9) bad.push(`text of ${px} px: "${node.data.trim().slice(0, 40)}"`);
    if (el.closest("td, tbody th") && !el.closest(".state, .flag, .tag") && px < 13.9) bad.push(`table text of ${px} px`);
  }
  return [...new Set(bad)].slice(0, 5);
}

async function open(page, [, hash, wanted, click, key]) {
  await page.evaluate(() => (location.hash = "#/settings"));
  await page.waitForFunction(() => location.hash === "#/settings");
  await go(page, hash, wanted);
  if (click?.pick) {
    await page.selectOption(wanted, click.pick);
    await page.waitForSelector(".asked");
    await page.click("main .btn.main.tall");
    await page.waitForSelector(".notice.bad li");
  } else if (click?.person) {
    await page.check("[name=person-by] >> nth=1");
    await page.fill("[name=person-name]", click.person.person);
    await page.fill("[name=person-mark]", "cineva@example.ro");
    await page.fill("[name=person-reason]", "12");
    await page.click("main form .btn.main");
    await page.waitForSelector(".table [type=checkbox]");
    await page.check(".table [type=checkbox] >> nth=0");
    if (process.env.PRIDVOR_PICTURES) await page.screenshot({path: `${process.env.PRIDVOR_PICTURES}/person-${await page.evaluate(() => `${document.documentElement.lang}-${innerWidth}`)}.png`, fullPage: true});
  } else if (click) {
    await page.click(click);
    await page.waitForSelector(".panel");
  }
  if (key) {
    await page.waitForTimeout(60);
    await page.keyboard.press(key);
    await page.waitForSelector(".keys");
  }
  await page.waitForFunction(() => !document.querySelector(".waiting"), null, {timeout: 4000}).catch(() => null);
}

async function sweep(browser, port, list, account, {size, lang, prefs = {}, withAxe = true}) {
  const page = await visit(browser, port, {size, prefs: {lang, ...prefs}});
  if (withAxe) await page.evaluate(axeSource());
  const judge = async (name) => {
    const where = `${name}, ${lang}, ${size.join("x")} ${Object.keys(prefs).join("+")}`;
    const bad = await page.evaluate(measure);
    check(!bad.length, `${where}: ${bad.join("; ")}`);
    if (withAxe) {
      const found = await page.evaluate(axe);
      check(!found.length, `${where}: ${found.join("; ")}`);
    }
    check(await page.evaluate(() => document.documentElement.lang) === lang, `${where}: the page's language`);
  };
  await judge("login");
  await enter(page, account, account === "elena.muresan" ? "123456" : "");
  for (const one_ of list) {
    await open(page, one_);
    await judge(one_[0]);
  }
  await page.context().close();
}

// Faults put into the page must be found, else the sweep proves nothing.
async function controls(browser, port) {
  const page = await visit(browser, port);
  await page.evaluate(axeSource());
  await page.evaluate(() => {
    const add = (tag, textContent, style, className = "") =>
      Object.assign(document.body.appendChild(document.createElement(tag)), {textContent, className}).style.cssText = style;
    add("button", "", "position:fixed;left:10px;top:10px;width:12px;height:12px;display:block");
    add("p", "small and pale", "font-size:10px;color:#ddd");
    add("div", "wide", "width:4000px");
    add("div", "a list too wide for its box", "width:60px;overflow:auto;white-space:nowrap", "table-box");
  });
  const bad = (await page.evaluate(measure)).join();
  for (const word of ["target 12 x 12", "text of 10 px", "the page is", "a list is"]) check(bad.includes(word), `control: the measure does not find "${word}"`);
  const found = (await page.evaluate(axe)).join();
  check(found.includes("button-name") && found.includes("color-contrast"), `control: axe finds nothing: ${found}`);
  await page.context().close();
}

export async function screens(browser, mock, port) {
  const size = [1280, 800];
  const all = pages(mock);
  const few = all.filter(([name]) => ["queue", "case", "act", "sealed", "book", "keys"].includes(name));
  const clerk = (more) => () => sweep(browser, port, more.few ? few : all, "ana.pop", {size, ...more});
  const others = (lang) => async () => {
    await sweep(browser, port, heads, "elena.muresan", {size, lang});
    await sweep(browser, port, admins, "admin", {size, lang});
    await sweep(browser, port, [["audit", "#/admin/audit", ".table"]], "auditor", {size, lang});
  };
  const led = (more) => [() => sweep(browser, port, heads, "elena.muresan", more), () => sweep(browser, port, admins, "admin", more)];
  const small = {size: [320, 700], lang: "hu", withAxe: false};
  const work = [() => controls(browser, port), ...["ro", "hu", "en"].flatMap((lang) => [clerk({lang}), others(lang)]),
    clerk({lang: "ro", prefs: {contrast: true}, few: true}), clerk({lang: "hu", prefs: {large: true}, withAxe: false}),
    clerk({size: [1920, 1080], lang: "en", prefs: {roomy: true}, withAxe: false}), clerk({size: [390, 844], lang: "ro", few: true}),
    clerk({...small, prefs: {large: true}}), ...led(small), ...led({size, lang: "hu", prefs: {large: true}, withAxe: false}),
    clerk({size: [1024, 768], lang: "ro", few: true, withAxe: false}), ...led({size: [1024, 768], lang: "ro", withAxe: false})];
  const lane = async () => {
    for (let next = work.shift(); next; next = work.shift()) await next();
  };
  await Promise.all([lane(), lane()]);
}
