// The desk's API from outside: sets a first password, or works the demo's request to its answer.
import {readFileSync, writeFileSync, readdirSync, existsSync} from "node:fs";
import {randomBytes} from "node:crypto";
import {request} from "node:https";
import {request as plain} from "node:http";
import {Browser, browserThere} from "./browser.mjs";

const {DESK, STATUS, KIOSK, VAR} = process.env;

function ask(method, path, body, cookie, headers = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  return new Promise((done, failed) => {
    const req = request(`${DESK}${path}`, {method, headers: {"X-Pridvor": "1", "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text), ...(cookie ? {Cookie: cookie} : {}), ...headers}}, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("end", () => {
        const raw = Buffer.concat(parts);
        const json = /json/.test(res.headers["content-type"]) ? JSON.parse(raw.toString() || "{}") : null;
        if (res.statusCode >= 400) return failed(new Error(`${method} ${path}: ${res.statusCode} ${json?.say?.ro || ""} (${json?.error?.text || ""})`));
        return done({json, raw, cookie: (res.headers["set-cookie"] || [""])[0].split(";")[0]});
      });
    });
    req.on("error", failed);
    req.end(text);
  });
}

async function redeem(account, code, role, name) {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const fresh = [...randomBytes(16)].map((b, i) => (i && i % 4 === 0 ? "-" : "") + letters[b % letters.length]).join("");
  await ask("POST", "/api/redeem", {account, code, fresh});
  console.log(`${account}\t${fresh}\t${role}\t${name}`);
}

const accounts = () => Object.fromEntries(readFileSync(`${VAR}/demo/accounts.txt`, "utf8").trim().split("\n").map((line) => line.split("\t"))
  .map(([account, password]) => [account, password]));

class Person {
  constructor(account) {
    this.account = account;
  }
  async enter() {
    const password = accounts()[this.account];
    this.cookie = (await ask("POST", "/api/login", {account: this.account, password})).cookie;
    return this;
  }
  get(path) {
    return ask("GET", path, undefined, this.cookie);
  }
  send(method, path, body) {
    return ask(method, path, body, this.cookie);
  }
  async act(id, action, given = {}) {
    const {case: now} = (await this.get(`/api/cases/${id}`)).json;
    return (await this.send("POST", `/api/cases/${id}/act`, {action, version: now.version, given})).json;
  }
}

async function until(seconds, what, look) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} has not come after ${seconds} s`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

const dim = process.stdout.isTTY ? ["\x1b[2m", "\x1b[0m"] : ["", ""];
async function step(words, steps, name, fn) {
  const began = Date.now();
  const result = await fn();
  const ms = Date.now() - began;
  console.log(`  · ${words.padEnd(66)}${dim[0]}${String(ms).padStart(5)} ms${dim[1]}`);
  steps.push({name, ms});
  return result;
}

// Letters lie one per file; the subject may be encoded, the case's number in the text is not.
function letter(number) {
  const dir = `${VAR}/demo/mail/new`;
  if (!existsSync(dir)) return null;
  for (const file of readdirSync(dir)) {
    const text = readFileSync(`${dir}/${file}`, "utf8").replace(/=\r?\n/g, "");
    const body = text.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    const coded = /base64/i.test(text) ? Buffer.from(text.split(/\r?\n\r?\n/).slice(1).join("").replace(/\s/g, ""), "base64").toString() : "";
    if ((body.includes(number) || coded.includes(number)) && /ready|ridic|gata|eliberat/i.test(body + coded)) return `${dir}/${file}`;
  }
  return null;
}

function web(method, path, body = "", headers = {}) {
  return new Promise((done, failed) => {
    const req = plain(`${STATUS}${path}`, {method, headers: {...headers, ...(body ? {"Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": Buffer.byteLength(body), Origin: STATUS} : {})}}, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("end", () => done({status: res.statusCode, to: res.headers.location, text: Buffer.concat(parts).toString(),
        cookie: (res.headers["set-cookie"] || []).map((c) => c.split(";")[0]).join("; ")}));
    });
    req.on("error", failed);
    req.end(body);
  });
}

// As the citizen does: the code from the receipt's QR, the PIN beside it, then the page of the case.
async function statusPage({qr_text, pin}, number) {
  const {pathname} = new URL(qr_text);
  const code = pathname.split("/").pop();
  const entered = await web("POST", pathname, `lang=ro&code=${code}&pin=${pin}`);
  if (entered.status !== 303) throw new Error(`the status page answers ${entered.status}`);
  const {status, text} = await web("GET", entered.to, "", {Cookie: entered.cookie});
  const words = text.replace(/<style.*?<\/style>/gs, "").replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  if (status !== 200 || !words.includes(number)) throw new Error(`the page of the case answers ${status}`);
  return {text, words, url: STATUS + entered.to, cookie: entered.cookie};
}

// What people see meanwhile, for who has no browser here or wants to keep it. Without a Chromium, and when it fails, the
// request goes its way all the same.
async function pictures(steps, shots) {
  if (!browserThere()) return [];
  return step("Pictures of the pages are taken", steps, "pictures", async () => {
    const browser = new Browser();
    const taken = [];
    try {
      for (const [name, shot] of Object.entries(shots)) {
        const file = `${VAR}/demo/${name}.png`;
        await browser.picture(file, shot);
        taken.push(file);
      }
    } catch (e) {
      console.error(`pridvor: no picture of each page: ${e.message}; the request goes on`);
    }
    await browser.close();
    return taken;
  });
}
const DESK_SIZE = {width: 1440, height: 900}, PHONE = {width: 390, height: 844, scale: 2}, KIOSK_SIZE = {width: 1080, height: 1920};

async function work(file) {
  const summary = JSON.parse(readFileSync(file, "utf8"));
  const number = summary.register_number;
  const steps = [];
  let found = null;
  const clerk = await step("A clerk logs in at the desk and finds the request in the queue", steps, "queue", async () => {
    const who = await new Person("functionar").enter();
    found = await until(15, "the case", async () => (await who.get("/api/queue?q=register&sort=registered&dir=desc")).json.items
      .find((row) => row.number === number));
    return who;
  });
  const {id} = found;
  const first = await pictures(steps, {
    "kiosk-start": {...KIOSK_SIZE, url: KIOSK, wanted: "main.start h1"},
    "desk-queue": {...DESK_SIZE, url: `${DESK}/#/queue/register`, cookie: clerk.cookie, wanted: "main table tbody tr"},
  });
  await step("The clerk takes it", steps, "taken", () => clerk.act(id, "take"));
  await step("The officer finds the record in the register of births", steps, "searched", async () => {
    const who = await new Person("ofiter").enter();
    await who.act(id, "search", {search_result: "yes"});
  });
  await step("The clerk writes the answer and looks at it as it will leave", steps, "drafted", async () => {
    const all = (await clerk.get(`/api/templates?case=${id}`)).json;
    const template = all.find((t) => t.id === "cover.certificate") || all[0];
    await clerk.send("PUT", `/api/cases/${id}/draft`, {template: template.id, lang: template.langs[0], title: template.name.ro,
      body: Array.isArray(template.body) ? template.body.join("\n\n") : template.body[template.langs[0]] || template.body, version: 0});
    await clerk.get(`/api/cases/${id}/preview.pdf`);
  });
  await step("The mayor decides and signs by name", steps, "decided", async () => {
    const who = await new Person("primar").enter();
    await who.act(id, "approve", {legal_basis: "Legea 119/1996, art. 9"});
  });
  const whole = await step("The letter gets its number and signature and goes out", steps, "issued", () =>
    clerk.act(id, "issue"));
  const signed = whole.documents.filter((d) => d.signed_at && !d.voided_at).at(-1);
  if (!signed) throw new Error("no signed document");
  const pdf = `${VAR}/demo/answer.pdf`;
  writeFileSync(pdf, (await clerk.get(`/api/documents/${signed.id}`)).raw);
  const email = await step("The e-mail arrives", steps, "mailed", () => until(30, "the e-mail", () => letter(number)));
  const page = await step("The citizen's status page shows that it is ready", steps, "status", () => statusPage(summary.receipt, number));
  writeFileSync(`${VAR}/demo/status.html`, page.text);
  summary.pictures = [...first, ...await pictures(steps, {
    "desk-case": {...DESK_SIZE, url: `${DESK}/#/case/${id}`, cookie: clerk.cookie, wanted: "main h1"},
    status: {...PHONE, url: page.url, cookie: page.cookie, wanted: "main .state"},
  })];
  summary.answer = {pdf, email, sha256: signed.sha256, signed_by: signed.signed_name || signed.signed_by, state: whole.case.state};
  summary.desk_steps = steps;
  writeFileSync(file, `${JSON.stringify(summary)}\n`);
}

const [, , what, ...words] = process.argv;
try {
  await (what === "redeem" ? redeem(...words) : work(...words));
} catch (e) {
  console.error(`pridvor: ${e.message}`);
  process.exit(1);
}
