// Whole visits: with keys only, with the page's own keyboard, with errors, with a broken connection.
import {check, shown, until, visit} from "./lib.mjs";

const active = (page) => page.evaluate(() => {
  const el = document.activeElement;
  if (!el.matches("button, input, textarea")) return el.tagName;
  const label = el.labels?.[0]?.textContent || el.getAttribute("aria-label") || el.textContent;
  return `${el.tagName} ${(label || "").trim().replace(/\s+/g, " ")}`;
});

// Tab until the named thing has the focus; nothing else than keys is used.
async function tabTo(page, text) {
  for (let i = 0; i < 60; i++) {
    if ((await active(page)).includes(text)) {
      const ring = await page.evaluate(() => {
        const el = document.activeElement.closest(".option") || document.activeElement;
        return getComputedStyle(el).outlineStyle !== "none"
          && parseFloat(getComputedStyle(el).outlineWidth) >= 3;
      });
      return check(ring, `no visible focus on: ${text}`);
    }
    await page.keyboard.press("Tab");
  }
  return check(false, `the Tab key does not reach: ${text} (at ${await active(page)})`);
}

async function pressKey(page, mock, text) {
  await tabTo(page, text);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("main")?.getAttribute("aria-busy") === "false");
  await shown(page, mock);
}

const focused = (page, id) => until(`the focus in ${id}`, () => page.evaluate(() => document.activeElement.id).then((at) => at === id));
const heading = (page) => page.textContent("h1");
const step = (mock, name) => until(`step ${name}`, () => mock.world.step === name);

// The certificate in Romanian, card and all, without touching the screen.
async function keysOnly(browser, mock, port) {
  const page = await visit(browser, mock, port);
  await pressKey(page, mock, "Începeți");
  await pressKey(page, mock, "Certificat de naștere");
  await page.waitForSelector("#can");
  await until("the CAN field has the focus", async () => (await active(page)).includes("Numărul CAN"));
  await page.keyboard.type("111111");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".field-error");
  check((await page.textContent(".field-error")).includes("2 încercări"), "the tries left are said");
  await page.keyboard.type("123456");
  await page.keyboard.press("Enter");
  await step(mock, "form");
  await shown(page, mock);
  check(await page.inputValue("[id='f-who.last_name']") === "POPESCU", "the card fills the name");
  const answers = {"Adresa dumneavoastră": "Turda, str. Mică 3", "Cum doriți": "Îl iau",
    "În ce limbă": "Română",
    "Pentru cine": "Pentru mine", "Localitatea nașterii": "Câmpia Turzii", "De ce aveți": "L-am pierdut",
    "Ce formă": "Amândouă", "Îl folosiți": "Nu", "Datele dumneavoastră": "Am citit"};
  for (let i = 0; i < 30 && mock.world.step === "form"; i++) {
    const asked = await heading(page);
    const [, answer] = Object.entries(answers).find(([question]) => asked.startsWith(question)) || [];
    if (answer && (await page.$(".options, .tick"))) {
      await chooseByKeys(page, answer);
    } else if (answer) await page.keyboard.type(answer);
    await pressKey(page, mock, "Continuați");
  }
  await step(mock, "review");
  await shown(page, mock);
  await until("the new page's heading has the focus", () => page.evaluate(() => document.activeElement.tagName === "H1"));
  await pressKey(page, mock, "Continuați");
  await step(mock, "sign");
  await shown(page, mock);
  await pressKey(page, mock, "Semnați acum");
  await until("ink", () => mock.world.sign.samples > 0);
  await until("the strokes of the pad are drawn", () => page.evaluate(() => {
    const c = document.querySelector("canvas");
    return c && c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0);
  }));
  check(await page.evaluate(() => document.querySelector("canvas").height) === 864, "in the proportion of this pad");
  await pressKey(page, mock, "Am semnat");
  await pressKey(page, mock, "Trimiteți cererea");
  await step(mock, "done");
  await page.waitForSelector(".the-number");
  check(await page.textContent(".the-number") === "15/22.11.2026", "the number is shown");
  await page.waitForSelector(".qr img");
  const keys = mock.calls.filter(([path]) => path === "/v1/submit").map(([, body]) => body.key);
  check(keys.length === 2 && keys[0] === keys[1] && /^[0-9a-f-]{36}$/.test(keys[0]),
    `one key for the one request: ${keys}`);
  await until("paper", () => mock.world.done?.print.phase === "printed");
  await pressKey(page, mock, "Am terminat");
  await page.waitForSelector(".start");
  await page.context().close();
}

// Radio buttons: the arrow keys choose; check boxes: the space bar.
async function chooseByKeys(page, text) {
  for (let i = 0; i < 12; i++) {
    const now = await active(page);
    if (now.includes(text)) {
      if (!(await page.evaluate(() => document.activeElement.checked))) await page.keyboard.press("Space");
      return;
    }
    await page.keyboard.press(now.startsWith("INPUT") ? "ArrowDown" : "Tab");
  }
  check(false, `the keys do not choose: ${text}`);
}

const tap = async (page, keys) => {
  for (const key of keys) await page.click(`.kb .key >> text=/^${key === "." ? "\\." : key}$/`);
};

// The page's own keyboard writes Romanian and Hungarian, capitals, digits; erasing works in the middle too.
async function ownKeyboard(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("form-address", "ro");
  await shown(page, mock);
  const box = "[id='f-who.address']";
  await page.fill(box, "");
  await tap(page, ["Ș", "t", "i", "u", "c", "ă"]);
  check(await page.inputValue(box) === "Știucă", "Romanian letters, the first a capital");
  await page.click(".kb [aria-label*='Alte litere cu semne']");
  await page.click(".kb .space");
  await page.click(".kb [aria-label='Litere mari']");
  await tap(page, ["Ő", "r", "7"]);
  check(await page.inputValue(box) === "Știucă Őr7", "Hungarian letters on demand");
  await page.evaluate((id) => document.querySelector(id).setSelectionRange(2, 2), box);
  await page.click(".kb [aria-label='Șterge o literă']");
  check(await page.inputValue(box) === "Șiucă Őr7", "erasing in the middle");
  check(await page.evaluate((id) => document.activeElement === document.querySelector(id), box),
    "the field keeps the focus");
  mock.scene("form-date", "hu");
  await shown(page, mock);
  await page.evaluate(() => document.querySelectorAll(".date input").forEach((el) => el.select()));
  const labels = await page.$$eval(".date label", (all) => all.map((el) => el.textContent));
  check(labels.join() === "Év,Hónap,Nap", `the Hungarian date begins with the year: ${labels}`);
  mock.scene("card-can", "hu");
  await shown(page, mock);
  await tap(page, [..."123456"]);
  await page.click(".kb .key >> text=/^7$/");
  check(await page.inputValue("#can") === "123456", "six digits, not more");
  mock.scene("form-plate", "ro");
  await shown(page, mock);
  await tap(page, ["C", "J", "1", "2"]);
  check(await page.inputValue("[id='f-car.plate']") === "CJ12", "plates are in capitals");
  await page.context().close();
}

// The address from the card: offered, typed PIN, wrong, last try kept, taken, edited; typing never blocked.
async function cardAddress(browser, mock, port) {
  const page = await visit(browser, mock, port);
  const box = "[id='f-who.address']";
  const offer = ".actions.above .btn";
  const sent = () => mock.calls.filter(([path]) => path === "/v1/card/address").length;
  const type = async (pin) => {
    await tap(page, [...pin]);
    await page.click(".btn.main");
  };
  mock.scene("form-address", "ro");
  await shown(page, mock);
  check(!(await page.$(offer)), "no offer where the card has nothing to give");
  mock.scene("address-offer", "ro");
  await shown(page, mock);
  await page.fill(box, "Dej, str. Mică 1");
  await page.click(offer);
  await page.waitForSelector("#pin");
  check(await page.getAttribute("#pin", "type") === "password", "the PIN is not shown to the queue");
  await focused(page, "pin");
  await type("13");
  check((await page.textContent(".field-error")).includes("4 cifre") && sent() === 0, "two digits are no PIN");
  await page.click(offer);
  await page.waitForSelector(box);
  check(await page.inputValue(box) === "Dej, str. Mică 1", "what was typed stays when the PIN is not given");
  await page.click(offer);
  await page.waitForSelector("#pin");
  await type("4242");
  await page.waitForSelector(".field-error");
  check((await page.textContent(".field-error")).includes("2 încercări"), "the tries left are said");
  check(await page.inputValue("#pin") === "", "the wrong PIN is gone from its field");
  mock.world.card.present = false;
  mock.push();
  await page.waitForSelector(".waiting");
  mock.world.card.present = true;
  mock.push();
  await page.waitForSelector("#pin");
  await type("4343");
  await page.waitForSelector(".notice.warn");
  check((await page.textContent(".notice.warn")).includes("Ultima încercare"), "the last try is the citizen's");
  check(!(await page.$(offer)) && !(await page.$("#pin")), "and is not asked for");
  check(await page.inputValue(box) === "Dej, str. Mică 1", "what was typed is still there");
  mock.scene("start", "hu");
  await shown(page, mock);
  mock.scene("address-offer", "hu");
  await shown(page, mock);
  await page.click(offer);
  await page.waitForSelector("#pin");
  await type("1357");
  await page.waitForSelector(box);
  check((await page.inputValue(box)).startsWith("jud. Cluj"), "the card's address is in the field, the typed one gone");
  check((await page.textContent(".tag.read")).includes("igazolv"), "it says where the address comes from");
  await page.click(".btn.main");
  await until("the answer", () => mock.calls.some(([path, body]) => path === "/v1/form/answer"
    && body.values["who.address"]?.startsWith("jud. Cluj")));
  await page.context().close();
}

// Errors: summary on top with the focus, each line leads to its field, what was typed stays, also over a
// language change.
async function errors(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("form-cnp", "ro");
  mock.world.errors = {};
  mock.push();
  await shown(page, mock);
  await page.fill("[id='f-who.cnp']", "12345");
  await page.click(".btn.main");
  await page.waitForSelector(".errors");
  await until("the summary has the focus", () => page.evaluate(() => document.activeElement.matches(".errors")));
  check((await page.textContent(".errors")).includes("Ați scris 5"), "the summary says what to do");
  check((await page.textContent(".field-error")) === (await page.textContent(".jump")),
    "the same words beside the field");
  check(await page.inputValue("[id='f-who.cnp']") === "12345", "the answer is kept");
  check(!(await page.$(".btn.main[disabled]")), "Continue is never disabled");
  await page.click(".jump");
  await focused(page, "f-who.cnp"); // the line leads to its field
  await page.fill("[id='f-who.cnp']", "123456");
  await page.click(".bar-item:nth-child(1)");
  await page.click("dialog [lang=hu]");
  await page.waitForFunction(() => document.documentElement.lang === "hu");
  check(await page.inputValue("[id='f-who.cnp']") === "123456",
    "what was typed stays when the language changes");
  check((await heading(page)).startsWith("Személyazonossági"), "the question changes its language");
  await page.context().close();
}

// The next question's first field, or its heading, takes the focus, whichever comes first: answer or state.
async function focus(browser, mock, port) {
  const page = await visit(browser, mock, port);
  for (const early of [true, false]) {
    mock.early = early;
    mock.scene("form-names", "ro");
    await shown(page, mock);
    for (const id of ["f-who.id_doc", "f-who.address"]) {
      await page.click(".btn.main");
      await page.waitForSelector(`[id='${id}']`);
      await shown(page, mock);
      await page.waitForFunction(() => document.querySelector("main").getAttribute("aria-busy") === "false");
      await focused(page, id);
    }
  }
  mock.early = false;
  await page.context().close();
}

// The stream breaks: the page takes the state again and goes on, without a word when it is short.
async function reconnect(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("form-choice", "ro");
  await shown(page, mock);
  for (let i = 0; i < 3; i++) {
    mock.streams.forEach((s) => s.destroy());
    mock.streams.clear();
    mock.scene(i % 2 ? "form-choice" : "review", "ro");
    await shown(page, mock);
    check((await heading(page)).startsWith(i % 2 ? "De ce" : "Verificați"),
      "the page shows the state after a break");
    await until("a new stream", () => mock.streams.size === 1);
  }
  check(!(await page.$(".lost")), "a short break is not announced");
  await page.context().close();
}

// Dialogs, time-out, paper that may or may not have come out, help.
async function care(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("idle-warn", "ro");
  await shown(page, mock);
  check((await page.textContent("[role=timer]")).includes("23 de secunde"),
    "the countdown with the Romanian plural");
  await page.click("dialog .btn.main");
  await page.waitForSelector("dialog[open]", {state: "detached"});
  await until("the answer reaches kioskd", () => mock.calls.some(([path]) => path === "/v1/session/touch"));
  await page.click(".bar-item:nth-child(5)");
  await page.click("dialog .btn.main");
  await page.waitForSelector("text=Am chemat un coleg");
  await page.keyboard.press("Escape");
  mock.scene("done-unknown", "ro");
  await shown(page, mock);
  await page.click(".ask .btn:not(.main)");
  await page.waitForSelector("text=Tipăriți din nou");
  mock.scene("service", "ro");
  await shown(page, mock);
  check((await page.textContent(".tile")).includes("5 minute"), "minutes in the few form");
  const links = await page.$$eval("body a, form[action], [onclick], body [style], iframe",
    (all) => all.length);
  check(links === 0, "no links, no inline handlers, no inline style");
  await page.context().close();
}

// Papers with keys only: scanned, a crooked page taken again, turned, moved, thrown away; then the way without.
async function papers(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("papers", "ro");
  await shown(page, mock);
  mock.world.nextPoor = 2;
  await pressKey(page, mock, "Mai multe foi");
  await until("three pages", () => mock.world.scan.pages.length === 3 && mock.world.scan.phase === "ready");
  await shown(page, mock);
  await page.waitForSelector(".thumb img");
  check(await page.evaluate(() => [...document.querySelectorAll(".thumb img")].every((el) => el.src.startsWith("blob:"))),
    "the small pictures come with the token");
  check((await page.textContent(".hint")).includes("Foaia stă strâmb"), "the hint says what to do");
  const ids = () => mock.world.scan.pages.map((p) => p.id).join();
  const before = mock.world.scan.pages[1].id;
  await pressKey(page, mock, "Scanați din nou");
  await until("another page 2", () => mock.world.scan.pages[1].id !== before && mock.world.scan.phase === "ready");
  await shown(page, mock);
  check(!(await page.$(".hint")), "the good page has no hint");
  const [first, second, third] = mock.world.scan.pages.map((p) => p.id);
  await page.click(".sheet:nth-child(3)");
  await pressKey(page, mock, "Mai în față");
  check(ids() === [first, third, second].join(), `moved: ${ids()}`);
  await pressKey(page, mock, "Rotiți");
  check(mock.world.scan.pages[1].turns === 1 && (await page.$(".sheet:nth-child(2) .turn1")), "turned");
  await pressKey(page, mock, "Ștergeți");
  check(ids() === [first, second].join(), `thrown away: ${ids()}`);
  await page.click(".actions .main");
  const sent = () => mock.calls.filter(([path]) => path === "/v1/form/answer").pop();
  await until("the answer", sent);
  check(Object.keys(sent()[1].values).length === 0, "the page names no file");
  mock.scene("papers-absent", "ro");
  await shown(page, mock);
  await pressKey(page, mock, "Aduc hârtia la ghișeu");
  await until("the paper comes to the counter", () => mock.calls.some(([path]) => path === "/v1/scan/skip"));
  await page.context().close();
}

// Later, with the provisional receipt in the hand; and help without a register.
async function later(browser, mock, port) {
  const page = await visit(browser, mock, port);
  await pressKey(page, mock, "Am un bon provizoriu");
  await page.waitForSelector("#look");
  await page.keyboard.type("7k4m");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".field-error");
  await page.fill("#look", "7K4MQ2XW9D");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Cererea este în siguranță");
  mock.world.found = {state: "registered", number: "19/23.11.2026", date: "23.11.2026", due: "22.12.2026"};
  await page.click(".actions .side");
  await page.fill("#look", "7K4MQ2XW9D");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=19/23.11.2026");
  await page.click(".actions .main");
  await page.waitForSelector(".start");
  mock.world.devices.register.public = "offline";
  await page.click(".bar-item:nth-child(5)");
  await page.click("dialog .btn.main");
  await page.waitForSelector("text=Nu am putut chema");
  await page.keyboard.press("Escape");
  await page.click(".bar-item:nth-child(2)");
  mock.world.devices.register.public = "online";
  mock.scene("form-choice", "ro");
  await shown(page, mock);
  await until("more time for large text", () => mock.world.slow === true);
  await page.context().close();
}

// A receipt at the kiosk: the reader types its QR, the PIN by keys, what came back is asked and nothing else.
async function mine(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("service", "ro");
  await shown(page, mock);
  await page.click("text=cererea mea");
  await page.waitForSelector("#mine-code");
  await page.keyboard.type("https://turda.example/s/9W0YVWYXW8");
  await page.keyboard.press("Enter");
  await focused(page, "mine-pin"); // after the QR the PIN is asked
  await page.keyboard.type("0000");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=nu se potrivesc");
  await page.fill("#mine-code", "9w0yv-wyxw8");
  await page.fill("#mine-pin", "4821");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Data nașterii nu se potrivește cu actul.");
  await page.click("text=Corectați acum");
  await page.waitForSelector("[id^='f-act.birth_date']");
  mock.scene("mine-enter", "ro");
  await shown(page, mock);
  await page.click("text=Nu am codul");
  await page.waitForSelector("#mine-number");
  await focused(page, "mine-number");
  await page.click("text=Altă primărie");
  await page.waitForSelector("#mine-house");
  check(/Prim/.test(await page.inputValue("#mine-house")), "this kiosk's own house stands there");
  await page.focus("#mine-number");
  await page.keyboard.type("15 din 22.11.2026");
  await page.keyboard.press("Enter");
  await focused(page, "mine-pin");
  await page.keyboard.type("4821");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Data nașterii nu se potrivește cu actul.");
  const sent = mock.calls.filter((c) => /mine\/look/.test(c.path || c[0] || "")).pop();
  check(!sent || !JSON.stringify(sent).includes("code"), "a number goes without a code");
  await page.context().close();
}

export async function journeys(browser, mock, port) {
  for (const [name, part] of Object.entries({keysOnly, ownKeyboard, cardAddress, errors, focus,
    reconnect, care, papers, later, mine})) {
    mock.world.reset();
    mock.calls.length = 0;
    const before = browser.contexts().length;
    try {
      await part(browser, mock, port);
      console.log(`journey ${name}`);
    } catch (e) {
      check(false, `journey ${name}: ${e.stack.split("\n").slice(0, 6).join(" ")}`);
    }
    for (const context of browser.contexts().slice(before)) await context.close();
  }
}
