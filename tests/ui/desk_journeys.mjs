// Whole days at the desk: by keys alone, with a colleague who is quicker, with a session that ends, without a server.
import {check, until} from "./lib.mjs";
import {enter, go, one, password, visit} from "./desk_lib.mjs";

const active = (page) => page.evaluate(() => {
  const el = document.activeElement;
  return `${el.tagName} ${(el.getAttribute("aria-label") || el.labels?.[0]?.textContent || el.textContent || "").trim().replace(/\s+/g, " ")}`;
});
async function tabTo(page, text, most = 80) {
  for (let i = 0; i < most; i++) {
    if ((await active(page)).includes(text)) {
      const ring = await page.evaluate(() => {
        const el = document.activeElement.matches(".file, #find") ? document.activeElement.parentElement : document.activeElement;
        const s = getComputedStyle(el);
        return s.outlineStyle !== "none" || s.boxShadow !== "none";
      });
      return check(ring, `no visible focus on: ${text}`);
    }
    await page.keyboard.press("Tab");
  }
  return check(false, `the Tab key does not reach: ${text} (at ${await active(page)})`);
}
const type = (page, text) => page.keyboard.insertText(text);
const key = async (page, name) => {
  await page.waitForTimeout(60); // a hand is slower than a barcode reader
  await page.keyboard.press(name);
};

// Login, queue, case, draft; then the one who signs: not a single click.
async function keysOnly(browser, mock, port) {
  const page = await visit(browser, port);
  await until("the account has the focus", async () => (await active(page)).startsWith("INPUT Cont"));
  await type(page, "ana.pop");
  await key(page, "Tab");
  await type(page, password);
  await key(page, "Enter");
  await page.waitForSelector(".table tbody a");
  check(new URL(page.url()).hash === "#/queue/mine", "the own list comes first");
  await key(page, "j");
  await page.waitForFunction(() => document.activeElement.matches("tbody a.open"));
  const first = await page.evaluate(() => document.activeElement.textContent);
  await key(page, "j");
  await page.waitForFunction((old) => document.activeElement.textContent !== old, first);
  await key(page, "k");
  const days = await page.$$eval(".table tbody tr", (rows) => rows.map((r) => [r.querySelector("a").textContent, r.lastElementChild.textContent]));
  const filed = days.map(([number]) => mock.world.cases.find((c) => c.number === number)?.filed_on.split("-").reverse().join("."));
  check(days.length > 3 && days.every(([, day], i) => day === filed[i]), `the days of the list are Romania's: ${days} (${filed})`);
  const target = one(mock, (c) => c.state === "in_work" && c.workflow === "simple" && c.assignee === "ana.pop");
  await key(page, "/");
  await page.waitForFunction(() => document.activeElement.id === "find");
  await type(page, target.number);
  await key(page, "Enter");
  await page.waitForSelector(".case");
  check(await page.textContent("#case-h") === target.number, "one number found opens its case");
  await key(page, "c");
  await page.waitForSelector(".piece.good");
  check(await page.evaluate(() => navigator.clipboard.readText()) === target.number, "C copies the number");
  await key(page, "a");
  await page.waitForSelector("textarea.paper");
  await page.waitForFunction(() => document.querySelector("textarea.paper").value.length > 20);
  await tabTo(page, "Text");
  await key(page, "Control+End");
  await type(page, "\n\nLampa este reparată.");
  await until("the draft is saved", () => target.draft?.body.includes("Lampa este reparată."));
  await page.waitForSelector("iframe[src*='preview.pdf']");
  check((await page.getAttribute("iframe", "src")).includes(`/api/cases/${target.id}/preview.pdf?v=${target.draft.version}`), "the preview is the saved draft");
  await key(page, "Control+Enter");
  await page.waitForSelector(".piece.wait");
  check(target.state === "in_work", "for ten seconds nothing is sent");
  await tabTo(page, "Acum", 120);
  await key(page, "Enter");
  await until("the case is decided", () => target.state === "decided");
  await page.context().close();

  const signer = await visit(browser, port);
  await type(signer, "elena.muresan");
  await key(signer, "Tab");
  await type(signer, password);
  await tabTo(signer, "Am și un cod", 5);
  await key(signer, "Enter");
  await signer.waitForFunction(() => document.activeElement.name === "code");
  await type(signer, "123456");
  await key(signer, "Enter");
  await signer.waitForSelector("#main .table");
  await key(signer, "/");
  await signer.waitForFunction(() => document.activeElement.id === "find");
  await type(signer, target.number);
  await key(signer, "Enter");
  await signer.waitForSelector(".case");
  const waits = mock.world.fixed(target);
  check(waits && !waits.signed_at && (await signer.getAttribute("iframe", "src")).startsWith(`/api/documents/${waits.id}`), "who signs sees the very paper that will be signed");
  check(await signer.locator(".doc-tab .k-draft, .draft-card").count() === 0, "and no draft beside it");
  await signer.waitForSelector(".doing .btn.main");
  await key(signer, "a");
  await signer.waitForSelector(".going");
  await key(signer, "z");
  await signer.waitForSelector(".going", {state: "detached"});
  check(target.state === "decided", "Z takes it back");
  await key(signer, "a");
  await signer.waitForFunction(() => document.activeElement.closest(".going"));
  await tabTo(signer, "Acum", 3);
  await key(signer, "Enter");
  await until("the answer is signed", () => target.state === "answered");
  await signer.waitForSelector(".doc-tab .k-answer");
  await signer.context().close();
}

// Somebody else was quicker: what changed is said, what was typed stays, and it can be sent again.
async function stale(browser, mock, port) {
  const c = one(mock, (x) => x.state === "in_work" && x.workflow === "simple");
  const page = await visit(browser, port);
  await enter(page);
  await go(page, `#/case/${c.id}`, ".case");
  await page.click(".doing .btn >> text=/Cere o corectură/");
  const reason = "Fotografia nu se vede; trimiteți alta.";
  await page.fill(".panel textarea", reason);
  await page.click(".panel .tick >> nth=1");
  mock.world.event(c, mock.world.account("ilona.szabo"), "note", {ro: "Fapt notat", hu: "Tény", en: "Fact"}, c.state);
  await page.click(".panel .btn.main");
  await page.click(".going >> text=Acum");
  await page.waitForSelector(".changed");
  check((await page.textContent(".changed")).includes("Szabó Ilona: Fapt notat"), "what changed is said");
  check(await page.inputValue(".panel textarea") === reason, "what was typed is kept");
  check(await page.isChecked(".panel .tick >> nth=1 >> input"), "what was ticked is kept");
  check(c.state === "in_work", "nothing was overwritten");
  await page.click(".panel .btn.main");
  await page.click(".going >> text=Acum");
  await until("the second time it goes", () => c.state === "returned");
  await page.context().close();
}

// The session ends while a note is being written; the same person goes on, another person finds nothing.
async function session(browser, mock, port) {
  const c = one(mock, (x) => x.state === "in_work" && x.assignee === "ana.pop");
  const page = await visit(browser, port, {also: /frame-ancestors 'none'/}); // what refuses a paper is no page to be shown
  await enter(page);
  await go(page, `#/case/${c.id}`, ".case");
  await page.fill(".notes textarea", "Vorbit cu domnul Pop.");
  await page.waitForSelector(".viewer iframe");
  mock.endSessions();
  await page.evaluate(() => document.querySelector(".viewer iframe").contentWindow.location.reload()); // a paper asked for too late
  await page.click(".notes .btn", {timeout: 1000}).catch(() => null); // or who else is here was asked first
  await page.waitForSelector(".locked");
  check(await page.evaluate(() => document.querySelector(".under").inert && getComputedStyle(document.querySelector(".under")).visibility === "hidden"),
    "the page is covered");
  check(await page.inputValue("[name=account]") === "ana.pop", "the same person is asked");
  await page.fill("[name=password]", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".locked", {state: "detached"});
  await page.waitForSelector(".notes textarea");
  const gone = () => c.detail.notes.some((n) => n.text === "Vorbit cu domnul Pop.");
  if (await page.isEnabled(".notes textarea") && !gone()) { // else it was pressed before, and goes by itself
    check(await page.inputValue(".notes textarea") === "Vorbit cu domnul Pop.", "the note is still there");
    await page.click(".notes .btn");
  }
  await until("the note is sent", gone);
  await until("the paper comes after all", () => page.evaluate(() => document.querySelector(".viewer iframe")?.contentDocument?.URL.includes("/api/")));
  mock.endSessions();
  await page.reload();
  await page.waitForSelector(".door");
  await page.context().close();
}

// Two in one file see each other; two who write one answer lose nothing; nobody is asked "are you sure".
async function together(browser, mock, port) {
  const c = one(mock, (x) => x.state === "in_work" && x.workflow === "simple" && x.assignee === "mihai.rus");
  const ana = await visit(browser, port);
  const mihai = await visit(browser, port);
  await enter(ana);
  await enter(mihai, "mihai.rus");
  await go(ana, `#/case/${c.id}`, ".case");
  await go(mihai, `#/case/${c.id}`, ".case");
  await mihai.waitForSelector(".others");
  check((await mihai.textContent(".others")).includes("Ana Pop"), "who else has the file open is said");
  await ana.click(".draft-card .btn");
  await ana.waitForFunction(() => document.querySelector("textarea.paper")?.value);
  await until("a first draft", () => c.draft);
  await ana.fill("textarea.paper", "Textul Anei, început.");
  await until("Ana's draft", () => c.draft.body.startsWith("Textul Anei"));
  await mihai.click(".draft-card .btn");
  await mihai.waitForFunction(() => document.querySelector("textarea.paper")?.value === "Textul Anei, început.");
  await ana.fill("textarea.paper", "Textul Anei.");
  await until("Ana's draft, again", () => c.draft.body === "Textul Anei.");
  await mihai.fill("textarea.paper", "Textul lui Mihai.");
  await mihai.waitForSelector(".notice.warn blockquote");
  check((await mihai.textContent("blockquote")).includes("Textul Anei."), "the other's text is shown");
  check(await mihai.inputValue("textarea.paper") === "Textul lui Mihai.", "the own text stays");
  check(c.draft.body === "Textul Anei.", "nobody's text is overwritten");
  await mihai.click("text=Păstrează textul meu");
  await until("then it is, by a decision", () => c.draft.body === "Textul lui Mihai.");
  await ana.context().close();
  await mihai.context().close();
}

// After the minutes of nobody the page locks, the draft is saved, and the password opens it as it was.
async function idle(browser, mock, port) {
  mock.world.idle = 0.15;
  const c = one(mock, (x) => x.state === "in_work" && x.workflow === "simple" && x.assignee === "ana.pop" && !x.draft);
  const page = await visit(browser, port);
  await enter(page);
  mock.world.idle = 10;
  await go(page, `#/case/${c.id}`, ".case");
  await page.click(".draft-card .btn");
  await page.waitForFunction(() => document.querySelector("textarea.paper")?.value);
  await page.fill("textarea.paper", "Scris înainte de pauză.");
  await page.waitForSelector(".locked", {timeout: 40000});
  check((await page.textContent(".locked h1")) === "Ecranul este blocat", "it says why");
  await until("the draft went out before", () => c.draft?.body === "Scris înainte de pauză.");
  await until("the session has ended", () => mock.calls.some(([, path]) => path === "/api/logout"));
  await page.fill(".locked [name=password]", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".locked", {state: "detached"});
  check(await page.inputValue("textarea.paper") === "Scris înainte de pauză.", "the draft is where it was");
  await page.context().close();
}

// A quick PIN opens the locked screen where it was; wrong three times, the password is asked.
async function quick(browser, mock, port) {
  const from = mock.calls.length;
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/settings", "[name=pin-pin]");
  const keep = async (pin) => {
    await page.fill("[name=pin-pin]", pin);
    await page.fill("[name=pin-password]", password);
    await page.click(".card:has([name=pin-pin]) .btn.main");
  };
  await keep("12");
  await page.waitForSelector(".card:has([name=pin-pin]) .field-error");
  await keep("2580");
  await page.waitForSelector("text=Aveți un PIN");
  const lock = async () => {
    await page.click(".who-am");
    await page.click("text=Blochează ecranul");
    await page.waitForSelector(".locked [name=pin]");
  };
  const open = async (pin) => {
    await page.fill(".locked [name=pin]", pin);
    await page.keyboard.press("Enter");
  };
  await go(page, "#/search");
  await page.fill("#find", "mureșan");
  await lock();
  await until("the PIN has the focus", () => page.evaluate(() => document.activeElement.name === "pin"));
  const called = (wanted) => mock.calls.slice(from).some(([, path]) => path === wanted);
  await until("the session is shut", () => called("/api/lock"));
  check(!called("/api/logout"), "and not ended");
  await open("9999");
  await page.waitForSelector(".locked .field-error");
  await open("2580");
  await page.waitForSelector(".locked", {state: "detached"});
  check(await page.inputValue("#find") === "mureșan", "what was typed is still there");
  await lock();
  for (const pin of ["1111", "2222", "3333"]) {
    await open(pin);
    await page.waitForFunction(() => !document.querySelector(".locked [name=pin]")?.value); // the form has its answer
  }
  await page.waitForSelector(".locked [name=password]");
  check((await page.textContent(".locked [role=alert]")).includes("De trei ori"), "it says why the password is asked");
  await page.fill(".locked [name=password]", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".locked", {state: "detached"});
  mock.world.account("ana.pop").pin = "";
  await page.context().close();
}

// Who has no CNP: a name alone is not enough, nothing is copied until somebody chose, and only that.
async function byName(page, mock, c) {
  await page.click("text=Nu are CNP");
  await page.fill("[name=person-name]", c.person);
  await page.fill("[name=person-reason]", "Cerere 12");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".field-error");
  await page.fill("[name=person-mark]", "nimeni@example.ro");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Nu există dosare cu acest nume");
  await page.fill("[name=person-mark]", "cineva@example.ro");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".table [type=checkbox]");
  check(await page.isDisabled("text=Descarcă copia datelor"), "nothing is chosen, nothing is copied");
  check((await page.textContent(".table")).includes("cererea semnată, 2 hârtii, mesaje și istoric"), "what would be copied is shown");
  await page.click(".table tbody tr .tick");
  const asked = page.waitForRequest("**/api/person/export");
  const file = page.waitForEvent("download");
  await page.click("text=Descarcă copia datelor");
  const sent = (await asked).postDataJSON();
  check((await file) && sent.numbers.length === 1 && sent.name === c.person && !("mark" in sent) && !("cnp" in sent), `what was chosen is asked for: ${JSON.stringify(sent)}`);
  check(!mock.calls.some(([, path]) => decodeURIComponent(path).includes(c.person)), "the name stands in no address");
}

// One person's data: the CNP goes in a body, never in an address; what stays says why; erasing asks to have looked.
async function onePerson(browser, mock, port) {
  const c = mock.world.cases.find((x) => !mock.world.open(x) && !x.sealed);
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/person", "[name=person-cnp]");
  await page.fill("[name=person-cnp]", "123");
  await page.fill("[name=person-reason]", "Cerere 12");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".field-error");
  await page.fill("[name=person-cnp]", c.cnp);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".table");
  const file = page.waitForEvent("download");
  await page.click("text=Descarcă copia datelor");
  check((await file).suggestedFilename() === "date-personale.zip", "the copy comes as a file");
  await page.waitForSelector(".notice.good");
  check(!mock.calls.some(([, path]) => path.includes(c.cnp)) && !page.url().includes(c.cnp), "the CNP stands in no address");
  await byName(page, mock, c);
  await page.context().close();
  const other = await visit(browser, port);
  await enter(other, "vasile.man");
  await go(other, "#/person", "[name=person-cnp]");
  await other.fill("[name=person-cnp]", c.cnp);
  await other.fill("[name=person-reason]", "Cerere 13");
  await other.keyboard.press("Enter");
  await other.waitForSelector(".table");
  await other.click("text=/Șterge datele d/");
  await other.waitForSelector(".field-error");
  await other.click("text=Am verificat cererea");
  await other.click("text=/Șterge datele d/");
  await other.waitForSelector(".notice.good a");
  await other.context().close();
}

// No server: it is said, what was typed stays, and the page comes back by itself.
async function away(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/new", "[name=way]");
  await page.click("text=O hârtie fără serviciu");
  await page.fill("[name=correspondent]", "Lőrincz Ödön");
  await page.fill("[name=subject]", "gard căzut");
  mock.fail = "cut";
  await page.click("main .btn.main.tall");
  await page.waitForSelector(".away");
  check(await page.inputValue("[name=subject]") === "gard căzut", "what was typed stays without a server");
  mock.fail = null;
  await page.waitForSelector(".the-number"); // it goes out by itself when the line is back
  await page.click("text=Următoarea hârtie");
  await page.click("text=O hârtie fără serviciu");
  await page.locator("[name=direction]").nth(2).check();
  await until("a register that has no number yet is offered for its direction", async () => (await page.textContent("[name=register]")).trim() === "Registru intern");
  await page.locator("[name=direction]").nth(0).check();
  await page.fill("[name=correspondent]", "Lőrincz Ödön");
  await page.fill("[name=subject]", "gard căzut");
  await page.setInputFiles("#entry-file", [{name: "hartie.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 x")},
    {name: "joc.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ")}]);
  await page.waitForSelector(".uploads .good");
  check((await page.textContent(".uploads .bad")).includes("Doar PDF"), "a wrong file is refused before it goes up");
  await page.click("main .btn.main.tall");
  await page.waitForSelector(".the-number");
  const made = mock.calls.filter(([, path]) => path === "/api/register/entries").pop()[2];
  check(made.correspondent === "Lőrincz Ödön" && made.documents?.length === 1, `the entry with its paper: ${JSON.stringify(made)}`);
  await page.context().close();
}

// A paper of a service: its own questions, what is missing is said on top and beside the question, and leads there.
async function counter(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/new", "[name=service]");
  await page.selectOption("[name=service]", "petition.general");
  await page.waitForSelector("#q-pet\\.subject");
  check(!(await page.$("#q-pet\\.text")), "a question that is not open yet is not shown");
  await page.click("label:has(#q-pet\\.how)");
  await page.waitForSelector("#q-pet\\.text");
  await page.click("main .btn.main.tall");
  await page.waitForSelector(".notice.bad li");
  await until("the summary of what is wrong has the focus", () => page.evaluate(() => document.activeElement.matches(".notice.bad")));
  await page.click(".notice.bad li a >> text=Pe scurt");
  await until("its line leads to the question", () => page.evaluate(() => document.activeElement.id === "q-pet.subject"));
  for (const [id, text] of [["who.last_name", "Lőrincz"], ["who.first_name", "Ödön"], ["who.address", "Turda 3"], ["pet.subject", "Gard căzut"], ["pet.text", "Vă rog."]]) {
    await page.fill(`#q-${id.replace(".", "\\.")}`, text);
  }
  await page.click("label:has(#q-who\\.kind)");
  await page.click("label:has(#q-pet\\.kind)");
  await page.click("main .btn.main.tall");
  await page.waitForSelector(".the-number");
  const made = mock.calls.filter(([, path]) => path === "/api/register/entries").pop()[2];
  check(made.service === "petition.general" && made.answers["pet.subject"] === "Gard căzut" && made.direction === "in" && !("correspondent" in made), `the entry with its answers: ${JSON.stringify(made)}`);
  await page.context().close();
}

// Who stands at the counter puts right what was sent back, by the clerk's hand; without sheet or word it does not go.
async function typed(browser, mock, port) {
  const back = one(mock, (c) => c.state === "returned");
  const page = await visit(browser, port);
  await enter(page);
  await go(page, `#/case/${back.id}`, ".case");
  await page.click(".doing .btn >> text=Scrie corectura");
  await page.waitForSelector(".panel .asked");
  await page.click(".panel .btn.main");
  await page.waitForSelector(".panel .field-error");
  check((await page.textContent(".panel .field-error")).includes("Scanați foaia"), "a correction says how it came");
  await page.fill(".panel textarea", "A spus la ghișeu.");
  await page.click(".panel .btn.main");
  await page.waitForSelector(".panel", {state: "detached"});
  const made = mock.calls.filter(([, path]) => path.endsWith("/return")).pop()[2];
  check(made.note === "A spus la ghișeu." && Object.keys(made.answers).length === 1, `only what was asked goes: ${JSON.stringify(made)}`);
  check((await page.textContent(".timeline li")).includes("pentru solicitant"), "the timeline says for whom");
  await page.context().close();
}

// Wrong password, one-time code, waiting after too many.
async function doors(browser, mock, port) {
  const page = await visit(browser, port);
  for (let i = 0; i < 6; i++) {
    await page.fill("[name=account]", "ana.pop");
    await page.fill("[name=password]", "greșită");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".login-form .notice.bad");
    await page.waitForSelector(".login-form .btn.main[aria-disabled=false], .login-form .notice.warn");
  }
  await page.waitForSelector("text=/Așteptați [123] secund/");
  await page.waitForSelector("text=/Așteptați/", {state: "detached"});
  await page.click("text=Am un cod de prima intrare");
  await page.fill("[name=account]", "nou");
  await page.fill("[name=code]", "K7QM-42XD");
  await page.fill("[name=fresh]", "o propoziție lungă");
  await page.fill("[name=again]", "altă propoziție");
  await page.keyboard.press("Enter");
  check((await page.textContent(".notice.bad")).includes("nu sunt la fel"), "two different passwords are said");
  await page.fill("[name=again]", "o propoziție lungă");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Parola este schimbată");
  await page.click("main .btn.main");
  await page.waitForSelector("#main h1");
  await page.context().close();
}

// A barcode reader types fast and ends with Enter: it goes to search, and what it typed into a field is taken out.
async function wedge(browser, mock, port) {
  const c = one(mock, (x) => x.number && x.state === "in_work");
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/new");
  await page.click("text=O hârtie fără serviciu");
  await page.fill("[name=subject]", "gard");
  await page.focus("[name=subject]");
  await page.evaluate((text) => {
    const el = document.activeElement;
    let at = performance.now(); // a key every 5 ms, however long the page takes for each
    for (const k of [...text, "Enter"]) {
      const press = new KeyboardEvent("keydown", {key: k, bubbles: true, cancelable: true});
      Object.defineProperty(press, "timeStamp", {value: (at += 5)});
      el.dispatchEvent(press);
      if (k !== "Enter") el.setRangeText(k, el.value.length, el.value.length, "end"), el.dispatchEvent(new Event("input", {bubbles: true}));
    }
  }, c.number);
  await page.waitForSelector(".case");
  check(await page.textContent("#case-h") === c.number, "the reader's number opens its case");
  await go(page, "#/new");
  check(await page.inputValue("[name=subject]") === "gard", "the field keeps only what was typed by hand");
  await page.context().close();
}

// Sealed: a reason first. Personal data: not in the address, the title, or any storage.
async function privacy(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  const c = mock.world.cases.find((x) => x.sealed && x.number);
  await go(page, `#/case/${c.id}`, "textarea");
  check(!(await page.content()).includes(c.person), "a sealed case shows nothing before the reason");
  await page.fill("textarea", "Verificare la cererea auditorului");
  await page.click("main .btn.main");
  await page.waitForSelector(".case");
  const person = one(mock, (x) => x.state === "in_work");
  const asked = [];
  page.on("request", (r) => asked.push(decodeURIComponent(r.url().replaceAll("+", " "))));
  for (const text of [person.person, person.cnp]) {
    await page.fill("#find", text);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".table tbody a");
    const outside = await page.evaluate(async () => JSON.stringify([location.href, document.title, document.cookie, {...localStorage}, {...sessionStorage},
      await indexedDB.databases(), await caches.keys(), history.state]));
    check(!outside.includes(text) && !outside.includes(encodeURIComponent(text)), `a person is outside the page: ${outside}`);
    check(asked.some((url) => url.endsWith("/api/search")) && !asked.some((url) => url.includes(text)), `a person is in an address: ${asked}`);
    if (text === person.cnp) check(!(await page.textContent("body")).includes(text), "the CNP looked for is masked");
  }
  await go(page, `#/case/${person.id}`, ".case");
  const kept = await page.evaluate(() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.title]));
  check(!kept.includes(person.person), `a person is stored: ${kept}`);
  await page.context().close();
}

// Registering gives the number at once and says so; certify by one click; a note to the citizen is told apart.
async function oneClick(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  const c = one(mock, (x) => x.state === "submitted");
  await go(page, `#/case/${c.id}`, ".case");
  await page.click(".doing .btn.main");
  await page.waitForSelector("text=/Înregistrat: /");
  check(c.number && (await page.textContent("#case-h")) === c.number, "the number is given and shown");
  await page.click("text=De ce nu pot…?");
  await page.waitForSelector(".denied dl >> text=semnarea răspunsului"); // not a step at hand: asked for when opened
  const scan = one(mock, (x) => x.state === "in_work" && x.channel !== "web");
  await go(page, `#/case/${scan.id}`, ".case");
  await page.click(".doc-tab:has(.k-scan)");
  await page.click(".docs-tools .btn >> text=Conform cu originalul");
  await page.waitForSelector(".doc-tab:has(.k-certified)");
  await page.context().close();
}

// Empty, slow and broken have their own words, and a way on.
async function states(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  mock.delay = 1600;
  await go(page, "#/queue/late", "h1");
  await page.waitForSelector(".waiting progress");
  mock.delay = 0;
  await page.waitForSelector(".table");
  mock.fail = "/api/queue";
  await go(page, "#/queue/waiting", "h1");
  await page.waitForSelector(".notice.bad");
  check((await page.textContent(".notice.bad")).includes("Serverul are o problemă"), "the server's sentence is shown");
  mock.fail = null;
  await page.click(".notice.bad .btn");
  await page.waitForSelector(".table");
  await go(page, "#/queue/today?department=caini&service=cs.divorce_request", ".empty");
  check((await page.textContent(".empty")).includes("Nimic cu aceste filtre"), "an empty list says why");
  check(await page.inputValue(".filters select >> nth=0") === "caini", "the address holds the filters");
  await page.context().close();
}

// The book: a day's page with its hash, and a mistake put right by another entry.
async function book(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  await go(page, "#/register?day=2026-11-20", ".daypage");
  check(/SHA-256 [0-9a-f]{64}/.test(await page.textContent(".daypage")), "the day's page has its hash");
  await go(page, "#/register", ".table");
  await page.click("text=Corectură…");
  await page.click(".panel .btn.main");
  check(await page.locator(".panel .field-error").count() === 3, "what is missing is said beside each field");
  await page.fill(".panel input >> nth=0", "3");
  await page.fill(".panel input >> nth=1", "Gard, nu gară");
  await page.fill(".panel textarea", "greșeală de scriere");
  await page.click(".panel .btn.main");
  await page.waitForSelector("tr.corrects");
  const line = await page.textContent("tr.corrects");
  check(line.includes("corectură") && line.includes("Corectură la 3/2026 · Gard, nu gară · greșeală de scriere"), `a correction is an entry: ${line}`);
  await page.context().close();
}

// A head gives several cases to a colleague at once, and takes them back.
async function hands(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page, "mihai.rus");
  await go(page, "#/queue/team?assignee=ana.pop", ".table");
  await page.waitForTimeout(60);
  await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement.matches("tbody a.open"));
  await page.waitForTimeout(60);
  await page.keyboard.press("x");
  const chosen = (n) => page.waitForFunction((k) => document.querySelectorAll("tbody :checked").length === k, n);
  await chosen(1);
  await page.click("tbody tr:nth-child(3) .choose-row");
  await chosen(2);
  const ids = await page.$$eval("tbody tr:has(:checked) a.open", (all) => all.map((a) => a.getAttribute("href").slice(7)));
  check(ids.length === 2, `two rows are chosen: ${ids}`);
  await page.waitForSelector(".hand option:nth-child(2)", {state: "attached"});
  await page.selectOption(".hand select", "ilona.szabo");
  await page.click(".hand .btn.main");
  const of = () => mock.world.cases.filter((c) => ids.includes(c.id)).map((c) => c.assignee).join();
  await until("both are with the colleague", () => of() === "ilona.szabo,ilona.szabo");
  await page.click(".piece >> text=Anulează");
  await until("both are back", () => of() === "ana.pop,ana.pop");
  await page.context().close();
}

// A letter that waits for paper leaves the list, and the menu, when somebody has it in the hand.
async function paper(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page, "vasile.man");
  await page.click("nav a[href='#/queue/print']");
  await page.waitForSelector(".table");
  const n = await page.locator("tbody a.open").count();
  await page.click("tbody a.open >> nth=0");
  await page.click(".doc-tab >> text=Răspuns");
  await page.waitForSelector(".docs-tools >> text=așteaptă hârtie");
  await page.click(".docs-tools >> text=Este tipărit");
  await page.waitForSelector(".docs-tools >> text=așteaptă hârtie", {state: "detached"});
  const left = () => page.locator("nav a[href='#/queue/print'] .count").allTextContents();
  await until("one letter less waits", async () => (await left()).join() === (n > 1 ? String(n - 1) : ""));
  const late = one(mock, (c) => mock.world.open(c) && c.late && c.n % 3 === 0);
  await go(page, `#/case/${late.id}`, ".case-top .notice");
  check((await page.textContent(".case-top .notice")).includes("Termenul legal a trecut"), "the case says why it asks for a look");
  await page.context().close();
}

// A file that brings a program: said in words, offered to be saved, never framed.
async function program(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page);
  const target = one(mock, (c) => c.state === "in_work" && c.assignee === "ana.pop");
  await go(page, `#/case/${target.id}`, ".docs");
  await page.setInputFiles("#case-file", [{name: "formular.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 <</S/JavaScript>>")}]);
  await page.waitForSelector(".docs .notice.warn");
  check((await page.textContent(".docs .notice.warn")).includes("conține program"), "a file with a program is not shown, and it is said why");
  check(await page.locator(".docs iframe").count() === 0, "a file with a program is in no frame");
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click(".docs .notice.warn a")]);
  check(saved.url().includes("/api/documents/"), "it can be saved");
  await page.context().close();
}

// A delegation takes effect at once and says so; what the register refuses stands at its field, and what was typed stays.
async function standIn(browser, mock, port) {
  const page = await visit(browser, port);
  await enter(page, "elena.muresan", "123456");
  await go(page, "#/team", ".table");
  await page.click(".ends .btn");
  await page.waitForSelector(".panel .hint");
  check((await page.textContent(".panel .hint")) === "Se face imediat.", "nobody is told of ten seconds that there are not");
  await page.route("**/api/delegations", (r) => r.fulfill({status: 422, contentType: "application/json", body: JSON.stringify({error: {rc: "RC_BAD_FIELD",
    key: "err.bad_field", path: "to_account"}, say: {ro: "Înlocuitorul este și el absent."}})}));
  const [who, instead] = await page.$$(".panel select");
  await who.selectOption("ana.pop");
  await instead.selectOption("mihai.rus");
  await page.fill(".panel .field:has-text('Până la') input", "2026-12-04");
  await page.fill(".panel .field.wide input", "concediu");
  await page.click(".panel .btn.main");
  await page.waitForSelector(".panel .field-error");
  check((await page.textContent(".panel .field:has(.field-error)")).startsWith("Cine îi ține locul"), "the refusal stands at the stand-in");
  check(await page.inputValue(".panel .field.wide input") === "concediu", "what was typed is still there");
  await page.context().close();
}

// A day is written as each language writes it, also where an ending is joined to it.
async function daysSaid(browser, mock, port) {
  const months = {hu: /^távol 20\d\d\.\s[a-záéíóöőúüű]+\s\d{1,2}-ig; helyettese: /, en: /^away until \d{1,2}\s[A-Z][a-z]+\s20\d\d; /, ro: /\d\d\.\d\d\.20\d\d/};
  for (const [lang, said] of Object.entries(months)) {
    const page = await visit(browser, port, {prefs: {lang}});
    await enter(page, "elena.muresan", "123456");
    await go(page, "#/team", ".table");
    await page.waitForSelector(".table .state");
    const text = (await page.textContent(".table .state")).trim();
    check(said.test(text), `who is away until when, ${lang}: ${text}`);
    await page.context().close();
  }
}

export async function journeys(browser, mock, port) {
  for (const part of [keysOnly, stale, session, together, idle, quick, away, counter, typed, onePerson, standIn, daysSaid, doors, wedge, privacy, oneClick, hands, states, book, paper, program]) {
    const start = Date.now();
    await part(browser, mock, port);
    if (process.env.PRIDVOR_VERBOSE) console.log(`  ${part.name} ${Date.now() - start} ms`);
  }
}
