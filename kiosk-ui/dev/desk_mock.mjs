// The desk's API without registryd: node dev/desk_mock.mjs [port]. Page: http://127.0.0.1:7090/
// People: ana.pop (clerk, registrar), ilona.szabo, mihai.rus (head), elena.muresan (signs; TOTP 123456), dan.chis, admin, auditor;
// password parola-mea-lunga. nou has a one-time code K7QM-42XD.
import {createServer} from "node:http";
import {readFileSync, existsSync} from "node:fs";
import {createHash, randomBytes} from "node:crypto";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {days, DeskWorld, tr} from "./desk_world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const types = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"};
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; frame-src 'self'; " +
  "form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
export const headers = {"Content-Security-Policy": `${csp}; frame-ancestors 'none'`, "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store"};
// A document may be shown inside the desk, and nowhere else.
const framed = {...headers, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"};

const says = {
  "err.denied": tr("Nu aveți acest drept.", "Ehhez nincs joga.", "You do not have this right."),
  "err.login": tr("Contul, parola sau codul nu se potrivesc.", "A fiók, a jelszó vagy a kód nem egyezik.", "Account, password or code do not match."),
  "err.slow": tr("Prea multe încercări.", "Túl sok próbálkozás.", "Too many attempts."),
  "err.session": tr("Sesiunea s-a încheiat.", "A munkamenet véget ért.", "The session has ended."),
  "err.stale": tr("Între timp dosarul s-a schimbat.", "Az ügy közben megváltozott.", "The case has changed meanwhile."),
  "err.required": tr("Lipsește ceva.", "Valami hiányzik.", "Something is missing."),
  "err.reason_needed": tr("Dosar sigilat: scrieți motivul.", "Zárolt ügy: írja be az okot.", "Sealed: give the reason."),
  "err.not_found": tr("Nu există sau nu îl puteți vedea.", "Nem létezik, vagy nem láthatja.", "It does not exist or you may not see it."),
};

// A PDF of plain lines: enough for a viewer. Letters outside Latin-1 lose their marks.
export function pdf(lines) {
  const flat = (t) => String(t).normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^\x20-\x7e]/g, "-").replace(/[()\\]/g, "\\$&");
  const body = `BT /F1 12 Tf 60 770 Td 18 TL ${lines.map((l, i) => `${i === 0 ? "/F1 16 Tf" : "/F1 11 Tf"} (${flat(l)}) Tj T*`).join(" ")} ET`;
  const parts = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 " +
    "0 R/Resources<</Font<</F1 5 0 R>>>>>>", `<</Length ${body.length}>>stream\n${body}\nendstream`, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"];
  let out = "%PDF-1.4\n";
  const at = parts.map((p, i) => {
    const here_ = out.length;
    out += `${i + 1} 0 obj${p}endobj\n`;
    return here_;
  });
  const xref = out.length;
  out += `xref\n0 6\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("")}trailer<</Size 6/Root 1 0 R>>\n` +
    `startxref\n${xref}\n%%EOF`;
  return Buffer.from(out, "latin1");
}
const wrap = (text, n = 84) => String(text).split("\n").flatMap((p) => p.match(new RegExp(`.{1,${n}}(\\s|$)|\\S+`, "g")) || [""]);

function sheet(id) {
  let seed = parseInt(id.slice(0, 6), 16) + 3;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const lines = Array.from({length: 25}, (_, i) => `M90 ${300 + i * 40}h${(420 + next() * 160).toFixed(0)}`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="744" height="1052" viewBox="0 0 744 1052"><path fill="#fdfcf8" d="M0 0h744v1052H0z"/>
    <path stroke="#2b3f66" stroke-width="14" d="M90 120h260"/><path stroke="#3d4f72" stroke-width="9" d="M90 200h480"/>
    <path stroke="#5a6885" stroke-width="5" d="${lines}"/><circle cx="560" cy="920" r="76" fill="none" stroke="#3b5fa8" stroke-width="8"/></svg>`;
}

export class DeskMock {
  constructor({configs = join(here, "../../configs"), dist = join(here, "../dist/desk"), delay = 0} = {}) {
    Object.assign(this, {dist, delay, sessions: new Map(), blobs: new Map(), calls: [], fail: null, fails: 0});
    this.world = new DeskWorld(configs);
    this.server = createServer((req, res) => this.handle(req, res).catch((e) => {
      console.log(e.stack);
      res.writeHead(500, headers).end("{}");
    }));
  }

  listen(port) {
    return new Promise((done) => this.server.listen(port, "127.0.0.1", () => done(this.server.address().port)));
  }
  close() {
    this.server.closeAllConnections?.();
    return new Promise((done) => this.server.close(done));
  }
  endSessions() {
    this.sessions.clear();
  }

  async handle(req, res) {
    const url = new URL(req.url, "http://x");
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const reply = (status, body) => {
      res.writeHead(status, {...headers, "Content-Type": "application/json"});
      res.end(JSON.stringify(body ?? {ok: true}));
    };
    const refuse = (status, key, say, more = {}) => reply(status, {error: {key, path: more.path || "", text: key, ...more.error}, say: say || says[key] ||
      tr(key, key, key), ...more.top});
    if (this.delay) await new Promise((done) => setTimeout(done, this.delay));
    if (this.fail === "cut") return req.socket.destroy();
    if (this.fail && url.pathname.startsWith(this.fail)) return refuse(500, "err.internal", tr("Serverul are o problemă.", "A kiszolgáló hibás.", "The " +
      "server has a problem."));
    if (!url.pathname.startsWith("/api/")) return this.file(url.pathname, res);
    let body = {};
    if ((req.headers["content-type"] || "").startsWith("application/json") && raw.length) body = JSON.parse(raw);
    if (req.method !== "GET" && req.headers["x-pridvor"] !== "1") return refuse(403, "err.denied");
    this.calls.push([req.method, url.pathname + url.search, body]);
    const context = {req, res, url, raw, body, reply, refuse, path: url.pathname.slice(5).split("/")};
    if (["login", "redeem"].includes(context.path[0])) return this[context.path[0]](context);
    const token = /pridvor=(\w+)/.exec(req.headers.cookie || "")?.[1];
    const who = this.sessions.get(token);
    if (context.path[0] === "unlock") return this.unlock(context, token, who);
    if (!who || this.locked?.has(token)) return refuse(401, "err.session");
    context.who = who;
    if (context.path[0] === "lock") return (this.locked ||= new Map()).set(token, 3), reply(200);
    if (context.path[0] === "pin") {
      if (body.password !== who.password) return refuse(401, "err.login");
      if (body.pin && !/^\d{4,6}$/.test(body.pin)) return refuse(422, "err.pin_weak", tr("PIN-ul are 4 până la 6 cifre.", "A PIN 4–6 számjegy.", "The PIN has 4 to 6 digits."), {path: "pin"});
      return who.pin = body.pin, reply(200);
    }
    if (context.path[0] === "logout") return this.sessions.delete(token), reply(200);
    return this.route(context);
  }

  file(path, res) {
    const name = path === "/" ? "/index.html" : path;
    const full = join(this.dist, name);
    const ext = name.slice(name.lastIndexOf("."));
    if (name.includes("..") || !types[ext] || !existsSync(full)) return res.writeHead(404, headers).end();
    res.writeHead(200, {...headers, "Content-Type": types[ext]});
    return res.end(readFileSync(full));
  }
  bytes(res, type, data) {
    if (this.light && type === "application/pdf") [type, data] = ["text/html", "<!doctype html><html lang=ro><title>PDF</title><main><h1>PDF</h1></main>"];
    res.writeHead(200, {...framed, "Content-Type": type, "Content-Disposition": "inline"});
    res.end(data);
  }

  enter(res, who) {
    const token = randomBytes(16).toString("hex");
    this.sessions.set(token, who);
    res.setHeader("Set-Cookie", `pridvor=${token}; HttpOnly; SameSite=Strict; Path=/`);
  }
  login({body, res, reply, refuse}) {
    const who = this.world.account(body.account);
    this.wrong ||= 0;
    if (this.wrong >= 5) {
      this.wrong = 0;
      return refuse(429, "err.slow", null, {error: {seconds: 3}});
    }
    if (!who || !who.active || who.password === null || who.password !== body.password || (who.totp && who.totp !== body.code)) {
      this.wrong += 1;
      return refuse(401, "err.login");
    }
    this.wrong = 0;
    this.enter(res, who);
    return reply(200, this.world.me(who));
  }
  unlock({body, reply, refuse}, token, who) {
    const left = this.locked?.get(token);
    if (!who?.pin || !left) return refuse(401, "err.session");
    if (who.pin === body.pin) return this.locked.delete(token), reply(200, this.world.me(who));
    this.locked.set(token, left - 1);
    if (left > 1) return refuse(401, "err.pin", tr(`PIN-ul nu este corect. Încercări rămase: ${left - 1}.`, "A PIN nem helyes.", "The PIN is wrong."));
    this.sessions.delete(token);
    return refuse(401, "err.pin_over", tr("De trei ori greșit. Intrați cu parola.", "Háromszor hibás.", "Wrong three times."));
  }
  redeem({body, res, reply, refuse}) {
    const who = this.world.account(body.account);
    if (!who || !who.once || who.once !== body.code) return refuse(401, "err.login");
    if ((body.fresh || "").length < 12) return refuse(422, "err.password_short", tr("Parola are cel puțin 12 semne.", "A jelszó legalább 12 jel.",
      "At least 12 characters."), {path: "fresh"});
    Object.assign(who, {password: body.fresh, once: null});
    return reply(200);
  }

  route(x) {
    const {who, path, url, body, reply, refuse, req, res, world = this.world} = Object.assign(x, {world: this.world});
    const q = url.searchParams;
    const can = (right) => world.can(who).includes(right);
    const get = req.method === "GET";
    switch (path[0]) {
      case "me": return reply(200, world.me(who));
      case "password": return body.old === who.password ? (who.password = body.fresh, this.endSessions(), reply(200)) : refuse(403, "err.login");
      case "counts": return reply(200, world.counts(who));
      case "queue": return can("case.list") ? reply(200, world.page(world.queue(q.get("q"), who), q)) : refuse(403, "err.denied");
      case "search": {
        if (get) return refuse(405, "err.bad_request");
        const [kind, found] = world.search(body.q || "", who);
        if (kind === "cnp" && !can("case.search_cnp")) return refuse(403, "err.denied");
        const at = Number(body.after || 0);
        return reply(200, {kind, items: found.slice(at, at + 50).map((c) => world.row(c)), next: at + 50 < found.length ? String(at + 50) : null});
      }
      case "cases": return this.case_(x);
      case "documents": return this.document(x);
      case "templates": return this.templates(x);
      case "registers": return reply(200, ["general", "petitii"].map((r) => ({register: r, institution: world.house.id, name: r === "general" ? tr("Registru " +
        "general", "Általános iktatókönyv", "General register") : tr("Petiții", "Beadványok", "Petitions"), directions: ["in", "out"], years: [{year: 2026, open: !this.closed,
        last_n: world.last[r], closed_at: null}, {year: 2025, open: false, last_n: 4211, closed_at: "2025-12-31T14:00:00Z"}]})).concat({register: "intern", institution: world.house.id, name: tr("Registru intern", "Belső iktatókönyv", "Internal register"), directions:
        ["internal"], years: []}));
      case "register": return this.register(x);
      case "person": {
        if (!can(`person.${path[1]}`)) return refuse(403, "err.denied");
        const key = (c) => `${world.house.id}/${c.register}/2026/${c.id}`;
        const named = body.name && !body.numbers;
        if (named && !body.mark) return refuse(422, "err.required", null, {path: "mark"});
        if (!body.name && !/^\d{13}$/.test(body.cnp)) return refuse(422, "err.cnp", tr("Acesta nu este un CNP.", "Ez nem CNP.", "This is not a CNP."), {path: "cnp"});
        const list = world.cases.filter((c) => body.numbers ? body.numbers.includes(key(c)) : named ? !c.sealed && body.name.split(" ").every((w) => c.person.includes(w)) &&
          body.mark === "cineva@example.ro" : c.cnp === body.cnp);
        if (!list.length && !named) return refuse(404, "err.none", tr("Nu există niciun dosar cu acest CNP.", "Ezzel a CNP-vel nincs ügyirat.", "There is no case with this CNP."));
        const over = list.filter((c) => !world.open(c));
        if (path[2] === "look") return reply(200, {due: over.length, choose: Boolean(named), cases: list.map((c) => ({...world.row(c), key: key(c), signed: true, papers: 2, cnp: Boolean(c.cnp), email: "cineva@example.ro", phone: "+40 740 123 456", closed_at: world.open(c) ? null : c.filed_on, kept: world.open(c), why: world.open(c) ?
          tr("Este în lucru.", "Folyamatban van.", "It is in work.") : tr("", "", "")}))});
        if (path[1] === "export") return this.bytes(res, "application/zip", Buffer.from("PK"));
        return reply(200, {cases: over.length, files: 2, protocols: [{id: world.uuid(), kind: "protocol", title: "Proces-verbal de ștergere a datelor", type: "application/pdf"}]});
      }
      case "form": {
        const service = world.services.find((s) => s.id === body.service);
        return service ? reply(200, {name: service.name, ...world.form(service, body.answers)}) : refuse(422, "err.required", null, {path: "service"});
      }
      case "team": if (path[1] === "late") return can("team.view") ? reply(200, [{case: world.cases[3].id, number: "41/2026", service: "petition.general",
        due: days(world.today, -9), on: days(world.today, -2)}]) : refuse(403, "err.denied");
        return can("team.view") ? reply(200, world.accounts.slice(0, 4).map((a) => {
        const open = world.cases.filter((c) => world.open(c) && c.assignee === a.account);
        const away = world.delegations.find((d) => d.account === a.account);
        return {account: a.account, full_name: a.full_name, open: open.length, late: open.filter((c) => c.late).length, due_week: open.filter((c) => !c.late)
          .length >> 1, absent: away ? {from: away.from, to: away.to, to_account: away.to_account} : null};
      })) : refuse(403, "err.denied");
      case "delegations":
        if (get) return reply(200, world.delegations);
        if (path[2] === "end") world.delegations = world.delegations.filter((d) => d.id !== path[1]);
        else world.delegations.push({id: `d${world.delegations.length + 1}`, full_name: world.account(body.account)?.full_name, to_name:
          world.account(body.to_account)?.full_name, ...body});
        return reply(200);
      case "institutions": return reply(200, world.institutions);
      case "services": return reply(200, world.services.map((s) => ({id: s.id, name: s.name, version: s.version, versions: [s.version], department:
        s.department, term: s.term?.id || "", workflow: s.workflow, enter: can("register.enter")})));
      case "holidays":
        if (!get && path[1] === "withdraw") world.holidays = world.holidays.filter((h) => h.kind !== "declared" || h.day !== body.day);
        else if (!get) world.holidays.push({...body, name: typeof body.name === "string" ? tr(body.name, body.name, body.name) : body.name});
        return reply(200, world.holidays);
      case "audit": return can("audit.view") ? reply(200, {items: world.audit.slice(0, 50), next: null}) : refuse(403, "err.denied");
      case "messages": {
        if (!get) return reply(200);
        const list = world.cases.filter((c) => c.number && c.n % 7 === 0).slice(0, 12).map((c) => ({...world.details(c).messages[1], case: c.id,
          number: c.number}));
        return reply(200, list);
      }
      case "why": return reply(200, {allowed: can(q.get("action")), why: can(q.get("action")) ? tr("Aveți dreptul: funcționar, în toată primăria.",
        "Joga van: ügyintéző, az egész hivatalban.", "You may: clerk, whole institution.") : tr("Acest drept îl are: " + (world.rights.find((r) => r.id ===
        q.get("action"))?.roles.map((r) => world.roleNames[r].ro).join(", ") || "nimeni") + ".", "Ez a jog másé.", "Others hold this right.")});
      case "users": return this.users(x);
      case "roles": {
        const target = world.account(body.account);
        if (!can("role.grant") || !target) return refuse(403, "err.denied");
        if (body.act === "grant") target.roles.push({role: body.role, name: world.roleNames[body.role], reach: body.reach, institution: body.institution,
          department: body.department || null});
        else target.roles = target.roles.filter((r) => r.role !== body.role || (r.department || null) !== (body.department || null));
        return reply(200);
      }
      default: return refuse(404, "err.not_found");
    }
  }

  users({who, path, body, req, reply, refuse, world}) {
    if (!world.can(who).includes("user.view")) return refuse(403, "err.denied");
    if (req.method === "GET") return reply(200, world.accounts.map(({account, full_name, active, roles, totp}) => ({account, full_name, active, roles,
      totp: Boolean(totp), institution: world.house.id})));
    if (!path[1]) {
      world.accounts.push({account: body.name, full_name: body.full_name, password: null, once: "AB12-CD34", active: true, roles: [], lang: "ro", totp: ""});
      return reply(200, {code: "AB12-CD34"});
    }
    const target = world.account(decodeURIComponent(path[1]));
    if (body.act === "disable") target.active = false;
    if (body.act === "enable") target.active = true;
    if (body.act === "reset") return target.once = "ZX98-QW76", reply(200, {code: target.once});
    if (body.act === "totp") return reply(200, {uri: "otpauth://totp/Pridvor:" + target.account + "?secret=JBSWY3DPEHPK3PXP&issuer=Pridvor"});
    return reply(200);
  }

  case_(x) {
    const {who, path, body, req, reply, refuse, world, raw, res} = x;
    const c = world.cases.find((k) => k.id === path[1]);
    if (!c || !world.mine(c, who) || !world.can(who).includes("case.view")) return refuse(404, "err.not_found");
    this.reasons ||= new Set();
    const reason = decodeURIComponent(req.headers["x-reason"] || "");
    const key = `${who.account} ${c.id}`;
    if (reason.length >= 5) this.reasons.add(key), world.log(who, "case.view sealed", "ok", c.id);
    if (c.sealed && !this.reasons.has(key)) return refuse(403, "err.reason_needed");
    const stale = () => body.version !== undefined && body.version !== c.version;
    const conflict = () => refuse(409, "err.stale", null, {top: {changed: world.details(c).events.slice(-1)}});
    const send = () => reply(200, world.whole(c, who));
    switch (path[2]) {
      case undefined: return send();
      case "refused": return reply(200, world.refused(c, who));
      case "presence": return c.seen[who.account] = Date.now(), reply(200, {others: world.whole(c, who).others});
      case "act": {
        if (stale()) return conflict();
        const [status, word, say, need] = world.act(c, who, body);
        return status === 200 ? send() : refuse(status, word, say, {path: need});
      }
      case "assign":
        if (stale()) return conflict();
        if (!body.assignee) return refuse(422, "err.required", null, {path: "assignee"});
        c.assignee = body.assignee;
        world.event(c, who, "assign", tr("Repartizată", "Kiosztva", "Assigned"), c.state);
        return send();
      case "note":
        world.details(c).notes.push({at: `${world.today}T10:00:00Z`, author: who.account, author_name: who.full_name, text: body.text, public: body.public});
        return send();
      case "seal": c.sealed = body.sealed; c.version += 1; this.reasons.add(key); return send();
      case "fact": c.facts = {...c.facts, [body.path.replace("case.", "")]: body.value}; c.version += 1; return send();
      case "return": {
        const asked = world.details(c).returns.find((r) => !r.answered_at);
        const service = world.services.find((s) => s.id === c.service);
        if (!asked || !service) return refuse(404, "err.not_found");
        const {fields, errors} = world.form(service, body.answers, asked.fields);
        if (req.method === "GET") return reply(200, {at: asked.at, reason: asked.reason, fields: fields.map((f) => ({...f, value: f.type === "choice" ? f.options[0]?.id : "text scris"}))});
        if (stale()) return conflict();
        if (errors.length) return refuse(422, "err.required", errors[0].say, {path: `answers.${errors[0].field}`, top: {fields: errors}});
        if (!body.note && !body.documents?.length) return refuse(422, "err.required", tr("Scanați foaia sau scrieți cum a venit corectura.", "Szkennelje be a lapot, vagy írja le, hogyan " +
          "érkezett a javítás.", "Scan the sheet, or write how the correction came."), {path: "note"});
        asked.answered_at = `${world.today}T10:30:00Z`;
        world.event(c, who, "correction_typed", null, "in_work", body.note || "");
        c.state = "in_work";
        return send();
      }
      case "opinion": {
        const task = world.details(c).tasks.find((t) => t.id === body.task);
        Object.assign(task, {result: body.result, text: body.text, done_at: `${world.today}T10:00:00Z`, done_by: who.account});
        world.event(c, who, "opinion", tr("Aviz dat", "Vélemény megadva", "Opinion given"), c.state);
        return send();
      }
      case "draft":
        if (world.fixed(c)) return refuse(409, "err.state", tr("Răspunsul așteaptă semnătura; ce ați scris acum nu s-a salvat.",
          "A válasz aláírásra vár; a mostani szöveg nincs mentve.", "The answer waits for its signature; what you wrote now was not saved."));
        if (c.draft && body.version !== c.draft.version) return refuse(409, "err.stale", null, {top: {draft: c.draft}});
        c.draft = {...body, version: (c.draft?.version || 0) + 1, author: who.account, at: new Date().toISOString()};
        return reply(200, c.draft);
      case "preview.pdf": return this.bytes(res, "application/pdf", pdf([c.draft?.title || "Răspuns", "", `${world.house.name.ro} · ${c.number || ""}`, "",
        ...(c.draft?.body || "").split("\n\n").flatMap((p) => [...wrap(p), ""]), "Elena Mureșan, primar"]));
      case "request.pdf": return this.bytes(res, "application/pdf", this.requestPdf(c));
      case "documents": {
        const id = world.uuid();
        const sha = createHash("sha256").update(raw).digest("hex");
        this.blobs.set(id, {type: req.headers["content-type"], raw});
        const doc = {id, kind: req.headers["x-kind"] || "scan", title: decodeURIComponent(req.headers["x-name"] || ""), type: req.headers["content-type"],
          size: raw.length, pages: 1, sha256: sha, made_at: new Date().toISOString(), made_by: who.account, signed_by: null, signed_at: null, certified_by: null,
          certified_at: null, parent: null, lang: c.lang, active: raw.includes("/JavaScript")};
        world.details(c).documents.push(doc);
        return reply(200, doc);
      }
      default: return refuse(404, "err.not_found");
    }
  }

  requestPdf(c) {
    return pdf([c.service_name.ro, "", `Nr. ${c.number || "-"}   ${c.filed_on}`, `Solicitant: ${c.person}`, "", ...this.world.answers(c).flatMap((a) => [
      `${a.label.ro}:`, ...wrap("    " + a.text), ""]).slice(0, 36)]);
  }

  document({who, path, reply, refuse, res, world, raw, req}) {
    if (!path[1]) { // a scan that has no case yet
      const id = world.uuid();
      this.blobs.set(id, {type: req.headers["content-type"], raw});
      return reply(200, {id, kind: "scan", title: decodeURIComponent(req.headers["x-name"] || ""), type: req.headers["content-type"], size: raw.length,
        pages: 1, sha256: createHash("sha256").update(raw).digest("hex")});
    }
    const c = world.cases.find((k) => k.detail?.documents.some((d) => d.id === path[1]));
    if (!c) return refuse(404, "err.not_found");
    const doc = c.detail.documents.find((d) => d.id === path[1]);
    if (path[2] === "printed") {
      doc.to_print = false;
      c.printed = true;
      return reply(200, world.whole(c, who));
    }
    if (path[2] === "certify") {
      const copy = {...doc, id: world.uuid(), kind: "certified", parent: doc.id, type: "application/pdf", title: `${doc.title} (conform cu originalul)`,
        certified_by: who.account, certified_at: `${world.today}T10:20:00Z`};
      c.detail.documents.push(copy);
      return reply(200, copy);
    }
    const blob = this.blobs.get(doc.id);
    if (blob) return this.bytes(res, blob.type, blob.raw);
    if (doc.type === "image/svg+xml") return this.bytes(res, doc.type, sheet(doc.id));
    return this.bytes(res, "application/pdf", doc.kind === "request" ? this.requestPdf(c) : pdf([doc.title, "", `Nr. ${c.number}`, "",
      ...wrap(c.draft?.body || "Stimate domn, stimată doamnă, vă comunicăm că cererea a fost soluționată.")]));
  }

  templates({reply, url, world}) {
    const c = world.cases.find((k) => k.id === url.searchParams.get("case"));
    const nr = c?.number || "";
    const body = (ro, hu) => ({ro: `Stimate domn/Stimată doamnă ${c?.person || ""},\n\n${ro}\n\nCu stimă,`, hu: `Tisztelt ${c?.person || ""}!\n\n${hu}\n\n` +
      "Tisztelettel:"});
    return reply(200, [
      {id: "answer.petition", kind: "answer", langs: ["ro", "hu"], name: tr("Răspuns la petiție", "Válasz a beadványra", "Answer to a petition"),
        body: body(`Ca urmare a cererii dumneavoastră nr. ${nr}, vă comunicăm:\n\nAm verificat cele semnalate.`, `Az ${nr} számú kérelmére közöljük:\n\n` +
        "Megvizsgáltuk a jelzetteket.")},
      {id: "answer.refusal", kind: "answer", langs: ["ro", "hu"], name: tr("Refuz motivat", "Indokolt elutasítás", "Refusal with reasons"),
        body: body(`Cererea nr. ${nr} nu poate fi aprobată, pentru că:`, `Az ${nr} számú kérelem nem hagyható jóvá, mert:`)},
      {id: "answer.decision", kind: "decision", langs: ["ro"], name: tr("Dispoziție", "Rendelkezés", "Decision"), body: body("Se dispune:", "")},
    ]);
  }

  register({who, path, body, url, reply, refuse, res, world}) {
    const q = url.searchParams;
    const protocol = (title) => ({id: world.uuid(), kind: "protocol", title, type: "application/pdf", size: 20480, pages: 1});
    if (path[1] === "day.pdf") return this.bytes(res, "application/pdf", pdf([`Registru ${q.get("register")}, ${q.get("date")}`]));
    if (path[1] === "entries") {
      const service = world.services.find((s) => s.id === body.service);
      if (!service && !body.subject) return refuse(422, "err.required", null, {path: "subject"});
      const errors = service && body.answers ? world.form(service, body.answers).errors : [];
      if (errors.length) return refuse(422, "err.required", errors[0].say, {path: `answers.${errors[0].field}`, top: {fields: errors}});
      const base = world.make(1);
      const entry = {...base, id: world.uuid(), register: body.register || "general", person: body.correspondent ||
        `${body.answers?.["who.last_name"] || ""} ${body.answers?.["who.first_name"] || ""}`, subject: body.subject || "", state: "registered", assignee: "",
        channel: "counter", filed_on: world.today, registered_at: `${world.today}T10:00:00Z`, due: "2026-12-23", flags: [], sealed: false, version: 1};
      world.number(entry);
      const made = world.entries.at(-1);
      Object.assign(made, {direction: body.direction, by: who.account, by_name: who.full_name});
      if (body.direction === "in") world.cases.push(entry);
      else made.case = null;
      return reply(200, {n: entry.n, number: entry.number, case: body.direction === "in" ? entry.id : undefined});
    }
    if (path[1] === "correct") {
      world.last[body.register] += 1;
      world.entries.push({register: body.register, n: world.last[body.register], direction: "correction", at: `${world.today}T10:00:00Z`, subject:
        body.text, correspondent: "", corrects: `${body.n}/2026`, by: who.account, by_name: who.full_name, text: body.reason});
      return reply(200, {n: world.last[body.register]});
    }
    if (path[1] === "year") return this.closed = body.act === "close", reply(200, {protocol: protocol("Proces-verbal")});
    const day = q.get("day");
    const found = world.entries.filter((e) => e.register === (q.get("register") || "general") && (!day || e.at.slice(0, 10) === day))
      .sort((a, b) => b.n - a.n);
    const at = Number(q.get("after") || 0);
    const hash = createHash("sha256").update(JSON.stringify(found)).digest("hex");
    return reply(200, {entries: found.slice(at, at + 50), next: at + 50 < found.length ? String(at + 50) : null, day: day && found.length ? {date: day, hash,
      first: found.at(-1).n, last: found[0].n, sealed_at: day < world.today ? `${day}T20:00:00Z` : null} : null});
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = await new DeskMock().listen(Number(process.argv[2] || 7090));
  console.log(`http://127.0.0.1:${port}/`);
}
