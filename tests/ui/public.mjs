// The pages for citizens, served by registryd with cases in it: every page x three languages x phone, desk and large
// text, without JavaScript; then a citizen's ways through them. node public.mjs [folder for pictures]
import {spawn} from "node:child_process";
import {existsSync, mkdirSync} from "node:fs";
import {join} from "node:path";
import {axe, measure} from "./checks.mjs";
import {axeSource, check, counts, hinder, open, prepare, root} from "./lib.mjs";

const build = process.env.PRIDVOR_BUILD || join(root, "build/asan");
const program = join(build, "tests/public_house");
const pictures = process.argv[2];
const langs = ["ro", "hu", "en"];
const sizes = [["phone", 390, 844, 16], ["phone-large", 360, 740, 26], ["desk", 1440, 900, 16]];
const evening = ["phone-dark", 390, 844, 16, "dark"];
let wrongs = 0;
const limits = {target: 44, font: 15.9, lower: 0};

function house() {
  const child = spawn(program, [], {stdio: ["pipe", "pipe", "inherit"], env: {...process.env, PRIDVOR_BUILD: build}});
  return new Promise((done) => {
    let text = "";
    child.stdout.on("data", (d) => {
      text += d;
      if (text.includes("\n")) done({child, ...JSON.parse(text)});
    });
    child.on("exit", (code) => code === 77 && (console.log("skipped: no PostgreSQL"), process.exit(77)));
  });
}

// Pages have no script of their own: JavaScript is off for them, axe and the measures come from outside.
async function visit(browser, size, lang) {
  const [, width, height, font, colorScheme = "light"] = size;
  const context = await browser.newContext({viewport: {width, height}, locale: lang, reducedMotion: "reduce", colorScheme});
  const page = await context.newPage();
  await hinder(page);
  page.on("pageerror", (e) => check(false, `exception: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && !/ (401|403|404|409|410|422|429|503) \(/.test(m.text())
    && check(false, `console: ${m.text()}`));
  await page.route("**/s/style.css", async (route) => {
    const reply = await route.fetch();
    await route.fulfill({response: reply, body: `${await reply.text()}\nhtml { font-size: ${font}px; }`});
  });
  return page;
}

async function look(page, name, size, lang) {
  const where = `${name} ${size[0]} ${lang}`;
  await page.waitForLoadState("load");
  // the whole line of a choice is touched, not its box alone
  await page.evaluate(() => document.querySelectorAll(".box input").forEach((el) => el.classList.add("sr")));
  const {bad} = await page.evaluate(measure, limits);
  check(!bad.length, `${where}: ${bad.join("; ")}`);
  await page.evaluate(axeSource());
  const violations = await page.evaluate(axe);
  check(!violations.length, `${where}: ${violations.join("; ")}`);
  const said = await page.evaluate(() => [document.documentElement.lang, document.scripts.length]);
  check(said[0] === lang, `${where}: the page says it is in ${said[0]}`);
  check(said[1] === 0, `${where}: a script`);
  if (pictures) await page.screenshot({path: join(pictures, `${name}-${size[0]}-${lang}.png`), fullPage: true});
}

async function enter(page, at, one, lang) {
  await page.goto(`${at}/s/${one.code}?lang=${lang}`);
  await page.fill("#pin", one.pin);
  await page.click("button[type=submit]");
  await page.waitForURL("**/case");
}

// The form, what is not understood, the wrong PIN, and the page with state and dates alone.
async function byNumber(page, at, h, size, lang) {
  const send = async (house, number, pin, to) => {
    await page.fill("#house", house);
    await page.fill("#number", number);
    await page.fill("#pin", pin);
    await Promise.all([page.waitForResponse((r) => r.request().method() === "POST" && r.status() === to),
      page.click("button[type=submit]")]);
    await page.waitForLoadState("load");
  };
  const back = h.cases.find((c) => c.name === "returned");
  await page.goto(`${at}/s?lang=${lang}`);
  await page.click("a[href^='/n']");
  await look(page, "number", size, lang);
  await send("Primăria", "1", "0000", 422);
  await look(page, "number-which", size, lang);
  check(await page.inputValue("#number") === "1", "what was typed stays");
  await send("primaria 1", `nr. ${back.number}`, back.pin, 303);
  await look(page, "by-number", size, lang);
  check(await page.locator("a[href^='/case/repair']").count() === 0, "a number shows no repair");
  await page.goto(`${at}/n?lang=${lang}`);
  await send("Primăria 1", `${700 + wrongs++}/2026`, "0000", 403);
  await look(page, "number-wrong", size, lang);
}

async function sweep(browser, h, size, lang) {
  const at = `http://127.0.0.1:${h.port}`;
  const page = await visit(browser, size, lang);
  await page.goto(`${at}/s?lang=${lang}`);
  await look(page, "enter", size, lang);
  await page.fill("#code", "0000000000");
  await page.fill("#pin", "0000");
  await page.click("button[type=submit]");
  await look(page, "enter-wrong", size, lang);
  await byNumber(page, at, h, size, lang);
  await page.goto(`${at}/b?lang=${lang}`);
  check(await page.locator("main li").count() === 3, "three notices");
  await look(page, "board", size, lang);
  await page.context().clearCookies();
  await page.goto(`${at}/case?lang=${lang}`);
  await look(page, "expired", size, lang);
  await page.goto(`${at}/c/${h.link}?lang=${lang}`);
  await look(page, "link", size, lang);
  for (const one of h.cases) {
    await enter(page, at, one, lang);
    await look(page, one.name, size, lang);
    const how = page.locator("summary");
    if (await how.count()) {
      await how.first().click();
      await look(page, `${one.name}-how`, size, lang);
    }
  }
  await enter(page, at, h.cases.find((c) => c.name === "returned"), lang);
  await page.click(".ask .button");
  await look(page, "repair", size, lang);
  await page.click("button[type=submit]");
  check(await page.locator(".problem[role=alert]").count() === 1, "an empty repair says what is missing");
  await look(page, "repair-wrong", size, lang);
  await enter(page, at, h.cases.find((c) => c.name === "in_work"), lang);
  await page.click("a[href^='/case/act/withdraw']");
  await look(page, "withdraw", size, lang);
  await page.context().close();
}

// By the message's link: the button, the form, a file, done; then the link is used up.
async function repairs(browser, h) {
  const at = `http://127.0.0.1:${h.port}`;
  const page = await visit(browser, sizes[0], "ro");
  await page.goto(`${at}/c/${h.link}`);
  await page.click("button[type=submit]");
  await page.waitForURL("**/case/repair");
  await page.fill("input[type=date]", "1991-06-18");
  await page.fill("input[name='act.birth_place']", "Câmpia Turzii");
  await page.check("input[type=radio] >> nth=1");
  const table = "%PDF-1.4\n1 0 obj<<>>endobj\n";
  await page.setInputFiles("input[type=file]", {name: "împuternicire.pdf", mimeType: "application/pdf",
    buffer: Buffer.from(`${table}xref\n0 1\n0000000000 65535 f \ntrailer<</Size 1>>\nstartxref\n${table.length}\n%%EOF\n`)});
  if (pictures) await page.screenshot({path: join(pictures, "repair-filled.png"), fullPage: true});
  await page.click("button[type=submit]");
  check((await page.textContent("h1")) === "Am primit corectura", "the repair arrived");
  await look(page, "repaired", sizes[0], "ro");
  await page.goto(`${at}/c/${h.link}`);
  await page.click("button[type=submit]");
  check(/nu mai este valabilă/.test(await page.textContent("main")), "a link that was used says so");
  await look(page, "link-dead", sizes[0], "ro");
  await page.context().close();
}

async function withdraws(browser, h) {
  const at = `http://127.0.0.1:${h.port}`;
  const page = await visit(browser, sizes[0], "en");
  await enter(page, at, h.cases.find((c) => c.name === "registered"), "en");
  await page.click("a[href^='/case/act/withdraw']");
  await page.click("button.grave");
  await page.waitForURL("**/case");
  check((await page.textContent("h1")) === "You withdrew it.", "withdrawn");
  await page.click("button.plain");
  check(/You have left/.test(await page.textContent("main")), "left");
  await page.goto(`${at}/case`);
  check(await page.locator("#pin").count() === 1, "the way back asks for the PIN");
  await page.context().close();
}

async function downloads(browser, h) {
  const page = await visit(browser, sizes[0], "ro");
  await enter(page, `http://127.0.0.1:${h.port}`, h.cases.find((c) => c.name === "issued"), "ro");
  check(/Îl luați de la: Stare civilă, .*Vă așteptăm până la \d/.test(await page.textContent("section.ready")), "where it waits is said");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(".list a")]);
  check(/^Certificat.*\.pdf$/.test(file.suggestedFilename()), `a name for people: ${file.suggestedFilename()}`);
  await page.context().close();
}

// Too many wrong tries, by code and by number: when it goes on, and which door stays open.
async function locked(browser, h) {
  const at = `http://127.0.0.1:${h.port}`;
  const one = h.cases.find((c) => c.name === "withdrawn");
  for (const [path, fields] of [["/s", {"#code": one.code}], ["/n", {"#house": "Primăria 1", "#number": "9999/2026"}]])
    for (const lang of langs) {
      const page = await visit(browser, sizes[0], lang);
      for (let i = 0; i < 7 && !/\d\d:\d\d/.test(await page.evaluate(() => document.querySelector(".problem")?.textContent || "")); i++) {
        await page.goto(`${at}${path}?lang=${lang}`);
        for (const [id, text] of Object.entries(fields)) await page.fill(id, text);
        await page.fill("#pin", one.pin === "0000" ? "0001" : "0000");
        await page.click("button[type=submit]");
        await page.waitForSelector(".problem");
      }
      check(/\d\d:\d\d/.test(await page.textContent(".problem")), `${path} says when it goes on`);
      await look(page, `locked${path.replace("/", "-")}`, sizes[0], lang);
      await page.context().close();
    }
}

if (!existsSync(program)) {
  console.log(`skipped: no ${program}`);
  process.exit(77);
}
prepare(join(build, "kiosk-ui"));
if (pictures) mkdirSync(pictures, {recursive: true});
const h = await house();
const browser = await open();
try {
  for (const size of sizes) for (const lang of langs) await sweep(browser, h, size, lang);
  await sweep(browser, h, evening, "ro");
  await downloads(browser, h);
  await repairs(browser, h);
  await withdraws(browser, h);
  await locked(browser, h);
} catch (e) {
  console.log(`FAIL ${e.stack}`);
  process.exitCode = 1;
}
await browser.close();
h.child.stdin.end();
const {passed, failed} = counts();
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed || process.exitCode ? 1 : 0);
