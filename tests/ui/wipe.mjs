// After a visit nothing of the person is left in the page: not in the document, not in storage, not on the
// heap.
import {check, shown, until, visit} from "./lib.mjs";

const cnp = "2900101123457";
const typed = "Zsuzsánna-Pelagia";
const pin = "7391";

async function heap(page) {
  const cdp = await page.context().newCDPSession(page);
  const chunks = [];
  cdp.on("HeapProfiler.addHeapSnapshotChunk", (e) => chunks.push(e.chunk));
  await cdp.send("HeapProfiler.enable");
  for (let i = 0; i < 3; i++) await cdp.send("HeapProfiler.collectGarbage");
  await cdp.send("HeapProfiler.takeHeapSnapshot", {reportProgress: false});
  await cdp.detach();
  const held = values(JSON.parse(chunks.join("")));
  return {n: held.length, find: (text) => find(held, text)};
}

// The names of all nodes that another one holds, but for the digits that a snapshot hangs on each number.
function values({strings, nodes, edges, snapshot: {meta}}) {
  const held = new Set();
  const at = (name) => meta.node_fields.indexOf(name);
  const number = meta.node_types[at("type")].indexOf("number");
  const [width, to] = [meta.edge_fields.length, meta.edge_fields.indexOf("to_node")];
  for (let i = 0, e = 0; i < nodes.length; i += meta.node_fields.length) {
    const end = e + nodes[i + at("edge_count")] * width;
    if (nodes[i + at("type")] === number) e = end;
    for (; e < end; e += width) held.add(strings[nodes[edges[e + to] + at("name")]]);
  }
  return [...held];
}

// Where the text stands, with its neighbours, or "". V8 also numbers its own nodes ("system / Context / scope
// @77391"). A few digits count only where they stand alone, not inside a token, a port or a time.
function find(strings, text) {
  const word = "[\\p{L}\\p{N}]";
  const alone = new RegExp(/^\d{1,6}$/.test(text) ? `(?<!${word})${text}(?!${word})` : text, "u");
  for (const s of strings) {
    const at = /^system \/ .* @\d+$/.test(s) ? -1 : s.search(alone);
    if (at >= 0) return `${at} of ${s.length}: "${s.slice(Math.max(0, at - 40), at + text.length + 40)}"`;
  }
  return "";
}

function findKnows() {
  const pinIn = [pin, `{"pin":"${pin}"}`, `a ${pin}`, `pin=${pin}&x`];
  check(pinIn.every((s) => find(["x", s], pin)), "the control: a PIN is found alone, in JSON, in a sentence");
  const others = [`system / Context / scope @7${pin}`, `system / Context / scope @${pin}`,
    `http://127.0.0.1:3${pin}/`, `4f${pin}ab`, `${pin}px`];
  check(!find(others, pin), `the control: not a PIN: ${find(others, pin)}`);
  check(find([`x${cnp}`], cnp.slice(0, 12)), "the control: a part of the CNP is found");
}

async function outside(page) {
  return page.evaluate(async () => ({
    html: document.documentElement.outerHTML, title: document.title, url: location.href,
      cookie: document.cookie,
    storage: JSON.stringify([{...localStorage}, {...sessionStorage}]),
    bases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
    fields: [...document.querySelectorAll("input, textarea")].map((el) => el.value).join(),
  }));
}

async function fill(page, mock) {
  mock.scene("form-cnp", "ro");
  await shown(page, mock);
  check(await page.inputValue("[id='f-who.cnp']") === cnp.slice(0, 12),
    "the control: the page shows the CNP");
  await page.click("[id='f-who.cnp']");
  await page.keyboard.press("End");
  await page.keyboard.type(cnp.slice(12));
  mock.scene("form-names", "ro");
  await shown(page, mock);
  await page.fill("[id='f-who.first_name']", typed);
  mock.scene("form-cnp", "ro");
  await shown(page, mock);
}

// The PIN leaves the page with the press of the button, not with the end of the visit: right or wrong.
async function pinGone(browser, mock, port) {
  const page = await visit(browser, mock, port);
  mock.scene("address-offer", "ro");
  await shown(page, mock);
  await page.click(".actions.above .btn");
  await page.waitForSelector("#pin");
  await page.evaluate((n) => (globalThis.port = n), Number(pin));
  const none = (await heap(page)).find(pin);
  check(!none, `the control: a number of the same digits is no PIN: ${none}`);
  for (const key of pin) await page.click(`.kb .key >> text=/^${key}$/`);
  check(await page.inputValue("#pin") === pin, "the control: the PIN is in its field");
  check((await heap(page)).find(pin), "the control: the heap search finds the PIN while it is typed");
  await page.click(".btn.main");
  await until("the PIN came", () => mock.calls.some(([path, body]) => path === "/v1/card/address" && body.pin === pin));
  await page.waitForSelector(".field-error");
  check(await page.inputValue("#pin") === "", "the field is empty after a wrong PIN");
  const left = (await heap(page)).find(pin);
  check(!left, `the PIN is still on the heap although it was sent: ${left}`);
  check(!(await page.content()).includes(pin), "the PIN is still in the document");
  await page.context().close();
}

export async function wipe(browser, mock, port) {
  findKnows();
  await pinGone(browser, mock, port);
  const page = await visit(browser, mock, port);
  for (const way of ["leave", "time-out"]) {
    await fill(page, mock);
    const before = await heap(page);
    check(before.find(cnp) && before.find(typed),
      `control (${way}): the heap search finds the CNP and the name while they are typed`);
    const token = mock.token;
    if (way === "leave") {
      await page.click(".actions .plain");
      await page.click("dialog .btn:not(.main)");
    } else mock.end();
    await until("a new token after the reload", () => mock.token && mock.token !== token);
    await page.waitForFunction(() => document.querySelector(".start") && document.body.dataset.seq > "");
    const left = await outside(page);
    for (const [where, value] of Object.entries(left)) {
      check(!String(value).includes(cnp) && !String(value).includes(cnp.slice(0, 12))
        && !String(value).includes(typed), `${way}: the person is still in ${where}`);
    }
    check(left.cookie === "" && left.storage === "[{},{}]" && !left.bases && !left.caches,
      `${way}: something is stored`);
    check(!/\d{13}/.test(left.url) && left.title === "Pridvor", `${way}: address or title changed`);
    const after = await heap(page);
    const person = after.find(cnp.slice(0, 12)) || after.find(typed);
    check(!person, `${way}: the person is still on the heap: ${person}`);
    console.log(`wipe after ${way}: ${before.n} strings on the heap, then ${after.n}; CNP and name gone: ${!person}`);
    check(!(await page.evaluate(() => document.documentElement.className)), `${way}: settings are not reset`);
  }
  await page.goBack().catch(() => null);
  check(!(await page.content()).includes(cnp), "the back button shows the person again");
  await page.context().close();
}
