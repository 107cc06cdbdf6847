// The desk's pages on a real registryd: an answer is written, looked at, decided, signed and printed, and a head gives
// work to somebody else. PRIDVOR_PICTURES: a folder for pictures of it, in three languages and two sizes.
import {spawn} from "node:child_process";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {check, counts, elsewhere, hinder, open, prepare, root, until} from "./lib.mjs";

const build = process.env.PRIDVOR_BUILD || join(root, "build");
const dist = join(build, "kiosk-ui-desk");
const pictures = process.env.PRIDVOR_PICTURES;
const patient = 30000; // CI has other work, too
prepare(dist);

const house = spawn(join(build, "tests/desk_house"), [join(dist, "desk")], {stdio: ["pipe", "pipe", "inherit"]});
const code = new Promise((done) => house.on("exit", done));
const first = await Promise.race([code, new Promise((done) => createInterface({input: house.stdout}).once("line", done))]);
if (typeof first === "number") process.exit(first || 1);
const {port, password} = JSON.parse(first);
const browser = await open();

async function enter(account, lang = "ro", size = [1440, 900]) {
  const context = await browser.newContext({viewport: {width: size[0], height: size[1]}, ignoreHTTPSErrors: true,
    reducedMotion: "reduce", timezoneId: elsewhere});
  await context.addInitScript((p) => {
    if (self !== top) return;
    localStorage.getItem("pridvor.desk") || localStorage.setItem("pridvor.desk", p);
    Object.defineProperty(self, "printed", {value: [], writable: true});
  }, JSON.stringify({lang}));
  const page = await context.newPage();
  await hinder(page);
  page.setDefaultTimeout(patient);
  page.on("pageerror", (e) => check(false, `${account}: exception in the page: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && !/40[19] \(|ERR_FAILED/.test(m.text()) && check(false, `${account}: console: ${m.text()}`));
  await page.goto(`https://127.0.0.1:${port}/`);
  await page.fill("[name=account]", account);
  await page.fill("[name=password]", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#main h1");
  return page;
}
const go = async (page, hash, wanted) => {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.waitForFunction(([to, sel]) => location.hash === to && document.querySelector(sel), [hash, wanted]);
};
const api = (page, path, body) => page.evaluate(async ([p, b]) => {
  const reply = await fetch(`/api/${p}`, b ? {method: "POST", headers: {"X-Pridvor": "1", "Content-Type": "application/json"}, body: JSON.stringify(b)} : {});
  return {status: reply.status, type: reply.headers.get("content-type"), size: (await reply.clone().arrayBuffer()).byteLength,
    body: await reply.json().catch(() => null)};
}, [path, body]);
const state = async (page, id) => (await api(page, `cases/${id}`)).body?.case;
const now = (page) => page.getByRole("button", {name: "Acum", exact: true}).first().click(); // a step waits ten seconds

// The same page as each size and language shows it.
async function picture(name, account, hash, wanted, then) {
  if (!pictures) return;
  for (const lang of ["ro", "hu", "en"])
    for (const size of [[1440, 900], [1280, 800]]) {
      const page = await enter(account, lang, size);
      await go(page, hash, wanted);
      if (then) await then(page);
      await page.waitForTimeout(1500);
      await page.screenshot({path: join(pictures, `${name}-${lang}-${size[0]}.png`)});
      await page.context().close();
    }
}

async function paper(page, subject) {
  const made = await api(page, "register/entries", {direction: "in", service: "petition.general", correspondent: "Lőrincz Ödön", subject, lang: "hu"});
  check(made.status === 200, `a paper is entered: ${made.status} ${JSON.stringify(made.body)}`);
  return made.body.case;
}

// The line breaks after the register has entered the paper: the page finds out by itself, and there is one number.
async function cut(page) {
  const sent = [];
  await page.route("**/api/register/entries", async (route) => {
    sent.push({key: route.request().headers()["idempotency-key"], body: route.request().postData()});
    if (sent.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await go(page, "#/new", "[name=way]");
  await page.click("text=O hârtie fără serviciu");
  await page.fill("[name=correspondent]", "Școala Gimnazială");
  await page.fill("[name=subject]", "Invitație la serbare");
  await page.click("main .btn.main.tall");
  await page.waitForSelector("text=Nu știm încă");
  check(await page.isDisabled("[name=subject]"), "what was sent cannot be changed until it is known");
  if (pictures) await page.screenshot({path: join(pictures, "cut-ro.png")});
  await page.waitForSelector(".the-number");
  check(sent.length === 2 && sent[0].key && sent[0].key === sent[1].key && sent[0].body === sent[1].body, `the same goes out again: ${JSON.stringify(sent)}`);
  const number = await page.textContent(".the-number");
  const after = await api(page, "register/entries", {direction: "in", register: "general", subject: "Altă hârtie", correspondent: "Pop"});
  check(after.body.n === Number(number.match(/(\d+)\//)[1]) + 1, `one number for it: ${number}, then ${after.body.number}`);
  await page.unroute("**/api/register/entries");
  await page.click("text=Următoarea hârtie");
}

// The first sending arrives and its answer does not: the page sends the same again by itself.
async function lost(page, where, act) {
  const keys = [];
  await page.route(where, async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await act();
  await until(`sent again: ${where}`, async () => keys.length === 2, patient);
  check(keys[0] && keys[0] === keys[1], `with the same key: ${keys}`);
  await page.waitForTimeout(500);
  await page.unroute(where);
}

// A note and a paper of a case whose answers were lost stand in it once.
async function once(page, id) {
  await go(page, `#/case/${id}`, ".notes textarea");
  await lost(page, "**/api/cases/*/note", async () => {
    await page.fill(".notes textarea", "A sunat despre gard.");
    await page.click(".notes .btn");
    await page.waitForSelector(".notes .notice");
    check(await page.isDisabled(".notes textarea"), "what was sent cannot be changed until it is known");
  });
  await page.waitForSelector(".notes li >> text=A sunat despre gard.");
  const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  await lost(page, "**/api/cases/*/documents", () => page.setInputFiles("#case-file", {name: "schita.png", mimeType: "image/png", buffer: dot}));
  await page.waitForSelector(".uploads .good");
  const {notes, documents} = (await api(page, `cases/${id}`)).body;
  check(notes.filter((n) => n.text === "A sunat despre gard.").length === 1, `one note: ${JSON.stringify(notes)}`);
  check(documents.filter((d) => d.title === "schita.png").length === 1, `one paper: ${JSON.stringify(documents)}`);
  check(await page.inputValue(".notes textarea") === "" && !(await page.isDisabled(".notes textarea")), "the next note can be written");
}

// A word whose saving was not answered is known as one's own: what is typed after it is saved, and nobody is said to have
// been quicker.
async function typed(page, id) {
  await go(page, `#/case/${id}`, ".case");
  await page.click(".doing .btn >> text=/Preia|Ia în lucru/");
  await until("in work", async () => (await state(page, id)).state === "in_work", patient);
  await page.waitForSelector(".draft-card .btn");
  const saved = [];
  page.on("response", (r) => r.url().endsWith("/draft") && saved.push(r.status()));
  await page.click(".draft-card .btn");
  await page.waitForSelector("textarea.paper");
  await until("the template is saved", async () => saved.length > 0, patient);
  const sent = [];
  await page.route("**/api/cases/*/draft", async (route) => {
    sent.push(route.request().postDataJSON());
    if (sent.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.fill("textarea.paper", "Am văzut gardul.");
  await until("the answer was lost", async () => sent.length === 1, patient);
  await page.fill("textarea.paper", "Am văzut gardul. Îl ridicăm luni.");
  await until("saved", async () => (await api(page, `cases/${id}`)).body.draft?.body === "Am văzut gardul. Îl ridicăm luni.", patient);
  check(JSON.stringify(sent[0]) === JSON.stringify(sent[1]) && sent[2].body !== sent[1].body, `the same, then the newer: ${JSON.stringify(sent)}`);
  check(!saved.includes(409) && !(await page.$(".notice.warn")), `nobody else wrote: ${saved}`);
  await page.unroute("**/api/cases/*/draft");
}

async function answered(ana, id) {
  await go(ana, `#/case/${id}`, ".case");
  await ana.click(".doing .btn >> text=/Preia|Ia în lucru/");
  await until("the case is taken", async () => (await state(ana, id)).state === "in_work", patient);
  await ana.keyboard.press("a");
  await ana.waitForSelector("textarea.paper");
  await ana.waitForFunction(() => document.querySelector("textarea.paper").value.length > 20);
  await ana.focus("textarea.paper");
  await ana.keyboard.press("Control+End");
  await ana.keyboard.type("\n\nGardul va fi reparat în luna decembrie.");
  check(await ana.$eval(".panel .btn.main", (b) => b.getBoundingClientRect().bottom <= innerHeight), "the step stands on the screen beside the text");
  await until("the draft is kept", async () => JSON.stringify((await api(ana, `cases/${id}`)).body.draft?.body || "").includes("Gardul va fi"), patient);
  await ana.waitForSelector("iframe[src*='preview.pdf']");
  const looked = await api(ana, (await ana.getAttribute("iframe[src*='preview.pdf']", "src")).slice(5).split("#")[0]);
  check(looked.status === 200 && looked.type === "application/pdf" && looked.size > 5000, `the preview is a PDF: ${looked.status} ${looked.type} ${looked.size}`);
  await picture("editor", "ana", `#/case/${id}`, ".case", async (page) => {
    await page.keyboard.press("a");
    await page.waitForSelector("iframe[src*='preview.pdf']");
  });
  await ana.keyboard.press("Control+Enter");
  await now(ana);
  await until("the answer is handed on", async () => (await state(ana, id)).state === "decided", patient);
  await go(ana, `#/case/${id}`, ".doc-tab .k-answer");
  check(await ana.locator(".draft-card, textarea.paper").count() === 0, "nobody goes on writing what waits for its signature");
  check((await ana.getAttribute("iframe", "src")).startsWith(`/api/documents/${(await api(ana, `cases/${id}`)).body.fixed}`), "the clerk sees what was handed in");
  await picture("waits", "ana", `#/case/${id}`, ".doc-tab .k-answer");
}

async function signed(vlad, id) {
  await go(vlad, `#/case/${id}`, ".case");
  const {fixed, documents} = (await api(vlad, `cases/${id}`)).body, waits = documents.find((d) => d.id === fixed);
  check(waits && !waits.signed_at && (await vlad.getAttribute("iframe", "src")).startsWith(`/api/documents/${fixed}`), "who signs sees the very paper that will be signed");
  check(await vlad.locator(".doc-tab .k-draft").count() === 0, "and no draft beside it");
  await vlad.keyboard.press("a");
  await now(vlad);
  await until("the answer is signed", async () => (await state(vlad, id)).state === "answered", patient);
  await vlad.waitForSelector(".doc-tab .k-answer");
}

// The browser's dialog gets the signed PDF itself, byte for byte, and nothing else.
async function printed(ana, id) {
  await go(ana, "#/queue/print", "#main h1");
  await go(ana, `#/case/${id}`, ".doc-tab .k-answer");
  await ana.click(".doc-tab:has(.k-answer)");
  const src = (await ana.getAttribute(".viewer iframe", "src")).split("#")[0];
  const docs = (await api(ana, `cases/${id}`)).body.documents;
  const doc = docs.find((d) => src === `/api/documents/${d.id}`) || {};
  check(doc.kind === "answer" && doc.signed_by === "vlad" && !doc.voided_at, `the signed answer is shown: ${src} of ${JSON.stringify(docs)}`);
  const sum = await ana.evaluate(async (p) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", await (await fetch(p)).arrayBuffer()))]
    .map((b) => b.toString(16).padStart(2, "0")).join(""), src);
  check(sum === doc.sha256, "what the dialog gets is the signed file bit for bit");
  await ana.evaluate(() => {
    const w = document.querySelector(".viewer iframe").contentWindow;
    w.print = () => self.printed.push(w.location.pathname);
  });
  await ana.click(".docs-tools >> text=/Tipărește/");
  check(await ana.evaluate(() => self.printed.join()) === src, "the browser's dialog opens for it, once");
  await picture("print", "ana", `#/case/${id}`, ".doc-tab .k-answer", (page) => page.click(".doc-tab:has(.k-answer)"));
}

async function given(cora, ids) {
  await picture("team", "cora", "#/team", ".table");
  await go(cora, "#/team", ".table");
  await cora.click("a.load[href$='assignee=ana']");
  await cora.waitForFunction((n) => document.querySelectorAll("tbody a.open").length >= n, ids.length);
  check(await cora.$eval(".filters select.on", (s) => s.selectedOptions[0]?.textContent) === "Cineva de la Ghișeu", "the list says whose work it shows");
  for (const id of ids) await cora.click(`tbody tr:has(a.open[href='#/case/${id}']) .choose-row`);
  await cora.waitForSelector(".hand option:nth-child(2)", {state: "attached"});
  await picture("hand", "cora", "#/queue/team?assignee=ana", ".table", (page) => page.click("tbody .choose-row >> nth=0"));
  await cora.selectOption(".hand select", "dan");
  await cora.click(".hand .btn.main");
  await until("the work is with the colleague", async () => (await Promise.all(ids.map((id) => state(cora, id)))).every((c) => c.assignee === "dan"), patient);
}

try {
  const ana = await enter("ana", "ro", [1280, 800]);
  const ids = [];
  for (const subject of ["Gard căzut", "Groapă în drum", "Lampă stinsă"]) ids.push(await paper(ana, subject));
  await cut(ana);
  await once(ana, ids[1]);
  await typed(ana, ids[2]);
  await answered(ana, ids[0]);
  await signed(await enter("vlad"), ids[0]);
  await printed(ana, ids[0]);
  for (const id of ids.slice(1)) {
    const c = await state(ana, id);
    if (c.state === "in_work") continue;
    check((await api(ana, `cases/${id}/act`, {action: "take", version: c.version, given: {}})).status === 200, "taken");
  }
  await given(await enter("cora"), ids.slice(1));
} catch (e) {
  check(false, e.stack);
  for (const [i, c] of browser.contexts().entries())
    for (const p of c.pages()) await p.screenshot({path: join(pictures || build, `desk_real_${i}.png`)});
}
await browser.close();
house.stdin.end();
check(await code === 0, "registryd and its database end");
const {passed, failed} = counts();
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
