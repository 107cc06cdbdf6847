// An invented town hall at work: hundreds of cases in every state, late and sealed ones, names of 200 characters,
// Hungarian names. Built from the real services, workflows and institutions; every person is invented.
import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";

export const tr = (ro, hu, en) => ({ro, hu, en});
const json = (dir, name) => JSON.parse(readFileSync(join(dir, name), "utf8"));

const first = ["Ana", "Ioan", "Ștefan", "Ilona", "Zsófia", "Mihai", "Țucă", "Erzsébet", "György", "Maria", "Bálint",
  "Ecaterina", "Vasile", "Ágnes", "Răzvan", "Ödön", "Florin", "Tünde", "Andrei", "Delia"];
const last = ["Pop", "Mureșan", "Szabó", "Nagy", "Rus", "Țărmure", "Kovács", "Ispas", "Fülöp", "Chiș", "Bădescu", "Őri",
  "Moldovan", "Kerekes", "Câmpean", "Lőrincz", "Suciu", "Bíró"];
const long = "Asociația de proprietari și locatari „Aleea Plopilor, blocurile 12, 14, 16 și 18, scările A–F, împreună " +
  "cu Közös Képviselet a Sétatér utcai lakóközösség nevében”, prin președinte Alexandrina-Maria Căpușan-Vaida";
const subjects = ["iluminat stradal stins", "gropi pe strada Avram Iancu", "certificat pierdut", "loc lângă bloc", "zgomot noaptea",
  "concert de Crăciun", "câini fără stăpân la școală", "copie de pe autorizația din 1987", "bancă ruptă în parc", "aviz pentru firmă"];

export const days = (iso, n) => {
  const d = new Date(iso + "T12:00:00Z");
  d.setUTCDate(d.getUTCDate() + n);
  return d.toISOString().slice(0, 10);
};
export function working(from, to) {
  const sign = to < from ? -1 : 1;
  let n = 0;
  for (let d = from; d !== to; d = days(d, sign)) {
    const next = new Date((sign > 0 ? days(d, 1) : d) + "T12:00:00Z").getUTCDay();
    if (next !== 0 && next !== 6) n += sign;
  }
  return n;
}
const fold = (text) => String(text).normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

// The guards of the workflows, read as what they are: small conditions over facts.
function holds(guard, facts) {
  if (!guard) return true;
  const js = guard.replace(/\bnot\b/g, "!").replace(/\band\b/g, "&&").replace(/\bor\b/g, "||")
    .replace(/([a-z_.]+) in (\[[^\]]*\])/g, "$2.includes($1)");
  return Boolean(Function("flags", "_case", "actor", `return (${js.replace(/\bcase\./g, "_case.")})`)(
    facts.flags, facts.case, facts.actor));
}

export class DeskWorld {
  constructor(configs, today = "2026-11-23") {
    this.today = today;
    this.seed = 20261123;
    this.workflows = {};
    for (const f of readdirSync(join(configs, "workflow"))) {
      if (f.endsWith(".json") && f[0] !== "_") this.workflows[f.slice(0, -5)] = json(configs, `workflow/${f}`);
    }
    const shared = json(configs, "workflow/_shared.json");
    this.states = Object.fromEntries(shared.states.map((s) => [s.id, s]));
    this.needNames = Object.fromEntries(shared.needs.map((n) => [n.id, n.name]));
    this.refusals = shared.refusals;
    this.guardFacts = Object.fromEntries(shared.guard_context.map((g) => [g.path, g]));
    const {blocks, option_sets: sets} = json(configs, "services/_shared.json");
    const whole = (f, section) => ({...f, section, options: f.options || sets[f.options_ref]?.options || sets[f.options_ref] || []});
    this.services = readdirSync(join(configs, "services")).filter((f) => /^[a-z].*\.json$/.test(f)).map((f) => {
      const s = json(configs, `services/${f}`);
      const own = (s.use || []).flatMap((id) => (blocks[id]?.fields || []).map((f) => whole(f, blocks[id].title)));
      return {...s, all: [...own, ...(s.fields || []).map((f) => whole(f, s.name))].filter((x) => x.label && !/consent|sign/.test(x.id))};
    }).filter((s) => this.workflows[s.workflow]);
    const lookups = json(configs, "lookups.json");
    this.departments = lookups.departments.slice(0, 12);
    this.flagNames = Object.fromEntries(lookups.flags.map((f) => [f.id, f.name]));
    const roles = json(configs, "roles.json");
    this.roleNames = Object.fromEntries(roles.roles.map((r) => [r.id, r.name]));
    this.roleList = roles.roles;
    this.rights = roles.actions;
    const named = json(configs, "institutions/cluj.json").institutions;
    this.institutions = named.map((i) => ({id: i.id, kind: i.kind, name: tr(i.kind === "town_hall" ?
      `Primăria ${i.name}` : i.name, i.kind === "town_hall" ? `${i.name_hu || i.name} Polgármesteri Hivatala` : i.name_hu,
    i.kind === "town_hall" ? `${i.name} Town Hall` : i.name_en || i.name)}));
    this.house = this.institutions.find((i) => i.name.en === "Turda Town Hall") || this.institutions[3];
    this.people();
    this.cases = [];
    this.last = {general: 0, petitii: 0};
    this.entries = [];
    for (let i = 0; i < 420; i++) this.cases.push(this.make(i));
    this.cases.sort((a, b) => (a.registered_at < b.registered_at ? -1 : 1));
    for (const c of this.cases) if (c.state !== "submitted") this.number(c);
    this.holidays = [["2026-11-30", "Sfântul Andrei"], ["2026-12-01", "Ziua Națională"], ["2026-12-25", "Crăciunul"],
      ["2026-12-26", "A doua zi de Crăciun"], ["2027-01-01", "Anul Nou"]].map(([day, name]) => ({day, name: tr(name, name, name), kind: "legal"}));
    this.delegations = [{id: "d1", account: "ilona.szabo", full_name: "Szabó Ilona", to_account: "ana.pop", to_name: "Ana Pop",
      from: "2026-11-20", to: "2026-11-27", reason: "concediu"}];
    this.audit = [];
    for (let i = 0; i < 60; i++) this.log(this.accounts[i % 4], ["login", "case.view", "case.act", "document.view"][i % 4], "ok");
  }

  random() {
    this.seed = (this.seed * 1103515245 + 12345) % 2147483648;
    return this.seed / 2147483648;
  }
  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
  uuid() {
    const hex = Array.from({length: 32}, () => Math.floor(this.random() * 16).toString(16)).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  people() {
    const one = (account, full_name, roles, department, more = {}) => ({account, full_name, password: "parola-mea-lunga", lang: "ro",
      active: true, wrong: 0, totp: "", roles: roles.map((role) => ({role, name: this.roleNames[role], reach: department ? "department" :
        "institution", institution: this.house.id, department: department || null})), ...more});
    this.accounts = [
      one("ana.pop", "Ana Pop", ["clerk", "registrar"]), one("ilona.szabo", "Szabó Ilona", ["clerk", "officer"], "stare_civila", {lang: "hu"}),
      one("mihai.rus", "Mihai Rus", ["head", "clerk"]), one("elena.muresan", "Elena Mureșan", ["approver", "head"], "", {totp: "123456"}),
      one("dan.chis", "Dan Chiș", ["expert"], "urbanism"), one("vasile.man", "Vasile Man", ["archivist"]), one("admin", "Radu Câmpean", ["administrator", "technician"]),
      one("auditor", "Kerekes Ágnes", ["auditor"]), one("nou", "Vasile Suciu", ["clerk"], "", {password: null, once: "K7QM-42XD"}),
    ];
  }
  account(name) {
    return this.accounts.find((a) => a.account === name);
  }
  can(who) {
    const mine = who.roles.map((r) => r.role);
    return this.rights.filter((r) => r.roles.some((role) => mine.includes(role))).map((r) => r.id);
  }
  me(who) {
    return {account: who.account, full_name: who.full_name, institution: {id: this.house.id, name: this.house.name}, roles: who.roles,
      can: this.can(who), departments: this.departments.map(({id, name}) => ({id, name})), names: this.names(), today: this.today, idle_minutes: this.idle || 10, pin: Boolean(who.pin),
      lang: who.lang};
  }
  log(who, act, result, what = "") {
    this.audit.unshift({id: this.audit.length + 1, at: `${this.today}T0${8 + (this.audit.length % 2)}:${String(this.audit.length % 60).padStart(2,
      "0")}:00Z`, actor: who.account, actor_name: who.full_name, act, result, case: what, institution: this.house.id});
  }

  name(i) {
    if (i % 97 === 7) return long;
    return i % 3 === 1 ? `${this.pick(last)} ${this.pick(first)}` : `${this.pick(first)} ${this.pick(last)}`;
  }

  make(i) {
    const service = this.services[Math.floor(this.random() * this.services.length)];
    const flow = this.workflows[service.workflow];
    const wanted = this.pick(["submitted", "registered", "registered", "in_work", "in_work", "in_work", "in_work", "returned", "waiting", "decided",
      "answered", "closed", "closed", "filed", "forwarded", "withdrawn"]);
    const state = flow.states.includes(wanted) || wanted === "submitted" ? wanted : "in_work";
    const ended = ["closed", "filed", "forwarded", "withdrawn", "answered"].includes(state);
    const filed = days(this.today, -Math.floor(this.random() * (ended ? 200 : 34)));
    const due = i % 41 === 3 ? this.today : days(filed, this.pick([10, 30, 30, 30, 45]));
    const left = working(this.today, due);
    const open = !ended;
    const worked = ["in_work", "returned", "waiting", "decided", "answered", "closed"].includes(state);
    const assignee = worked ? this.pick(["ana.pop", "ana.pop", "ilona.szabo", "mihai.rus", ""]) : "";
    const department = this.departments.find((d) => d.id === service.department) || this.departments[0];
    const flags = [];
    if (open && left < 0) flags.push("late");
    if (i % 19 === 4) flags.push("urgent");
    if (i % 23 === 5) flags.push("extended");
    if (i % 13 === 2 && state === "decided") flags.push("two_person");
    if (service.workflow === "opinions" && state === "in_work") flags.push("waits_opinion");
    const person = this.name(i);
    return {id: this.uuid(), number: null, register: service.id.startsWith("petition") ? "petitii" : "general", year: 2026, n: 0,
      institution: this.house.id, service: service.id, service_name: service.name, person, subject: i % 4 ? this.pick(subjects) : "",
      state, flags, assignee, department: department.id, department_name: department.name,
      registered_at: `${filed}T0${7 + Math.floor(this.random() * 3)}:${String(Math.floor(this.random() * 60)).padStart(2, "0")}:00Z`, filed_on: filed,
      due: state === "submitted" ? null : due, days_left: left, late: open && left < 0 && state !== "submitted",
      version: 1 + Math.floor(this.random() * 5), sealed: i % 29 === 8, channel: this.pick(["kiosk", "kiosk", "counter", "web"]),
      lang: i % 3 === 1 ? "hu" : "ro", author: "ilona.szabo", author2: "", workflow: service.workflow, cnp: `29001011${10000 + i}`, seen: {}};
  }

  number(c) {
    this.last[c.register] += 1;
    Object.assign(c, {n: this.last[c.register], number: `${c.register === "petitii" ? "P " : ""}${this.last[c.register]}/2026`});
    this.entries.push({register: c.register, n: c.n, direction: "in", at: c.registered_at, subject: c.subject || c.service_name.ro,
      correspondent: c.person, service: c.service, department: c.department, case: c.id, number_of: null, corrects: null, by: "sistem",
      by_name: "Pridvor", text: null});
  }

  names() {
    const by = (list, name) => Object.fromEntries(list.map((x) => [x.id, name(x)]));
    return {service: by(this.services, (s) => s.name), department: by(this.departments, (d) => d.name), flag: this.flagNames,
      state: Object.fromEntries(Object.entries(this.states).map(([id, s]) => [id, s.label]))};
  }

  row(c) {
    const {author2, workflow, cnp, seen, detail, draft, facts, service_name, department_name, ...row} = c;
    return {...row, attention: this.open(c) && c.late && c.n % 3 === 0 ? "staff_late" : "",
      days_left: c.due ? working(this.today, c.due) : null, assignee_name: this.account(c.assignee)?.full_name || null, assignee: c.assignee || null};
  }

  open(c) {
    return !["closed", "filed", "forwarded", "withdrawn", "answered"].includes(c.state);
  }
  mine(c, who) {
    const wide = who.roles.some((r) => r.reach !== "department");
    return wide || who.roles.some((r) => r.department === c.department);
  }
  queue(name, who) {
    const approver = who.roles.some((r) => r.role === "approver");
    const by = {
      register: (c) => c.state === "submitted" || (c.state === "registered" && !c.assignee),
      mine: (c) => (this.open(c) && c.assignee === who.account) || (approver && c.state === "decided"),
      today: (c) => this.open(c) && c.due === this.today,
      late: (c) => this.open(c) && c.late, unassigned: (c) => this.open(c) && !c.assignee,
      waiting: (c) => c.state === "returned" || c.state === "waiting",
      attention: (c) => this.open(c) && c.late && c.n % 3 === 0, print: (c) => c.state === "answered" && c.n % 3 === 0 && !c.printed,
      opinions: (c) => c.flags.includes("waits_opinion"), team: (c) => this.open(c), all: () => true,
    };
    return this.cases.filter((c) => (by[name] || by.all)(c) && this.mine(c, who));
  }
  counts(who) {
    const n = (q) => this.queue(q, who).length;
    return {register: n("register"), mine: n("mine"), today: n("today"), late: n("late"), unassigned: n("unassigned"), waiting: n("waiting"),
      attention: n("attention"), opinions: n("opinions"), print: n("print")};
  }
  page(list, q) {
    const key = {due: (c) => c.due || "0000", number: (c) => c.register + String(c.n).padStart(9, "0"), registered: (c) => c.registered_at}[q.get("sort")
      || "due"];
    const dir = q.get("dir") === "desc" ? -1 : 1;
    const found = list.filter((c) => (!q.get("department") || c.department === q.get("department"))
      && (!q.get("service") || c.service === q.get("service")) && (!q.get("assignee") || c.assignee === q.get("assignee")))
      .sort((a, b) => dir * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id < b.id ? -1 : 1));
    const at = Number(q.get("after") || 0);
    const limit = Number(q.get("limit") || 50);
    return {items: found.slice(at, at + limit).map((c) => this.row(c)), next: at + limit < found.length ? String(at + limit) : null};
  }
  search(text, who) {
    const q = fold(text.trim());
    if (/^\d{13}$/.test(q)) return ["cnp", this.cases.filter((c) => c.cnp === q)];
    if (/^(p )?\d+(\/\d+)?$/.test(q)) return ["number", this.cases.filter((c) => c.number && (fold(c.number) === q || String(c.n) === q))];
    const words = q.split(/\s+/);
    return ["name", this.cases.filter((c) => words.every((w) => fold(`${c.person} ${c.subject}`).includes(w)) && this.mine(c, who))];
  }

  answers(c) {
    const service = this.services.find((s) => s.id === c.service);
    const given = {cnp: c.cnp, email: "cineva@example.ro", phone: "0740 123 456", date: "1990-01-01", plate: "CJ 12 ABC", int: "12", time: "18:30",
      decimal: "3,5", locality: "Turda", address: "Turda, str. Republicii 14, ap. 3", area: "Vă rog să verificați situația de pe strada noastră. " +
        "De trei săptămâni iluminatul nu funcționează între numerele 12 și 40, iar copiii merg la școală pe întuneric.\n\nAm sunat de două ori."};
    return service.all.map((f) => ({field: f.id, label: f.label, type: f.type, text: f.id.includes("name") ? c.person : f.type === "choice" || f.type ===
      "multi" ? f.options?.[0]?.label?.[c.lang === "hu" ? "hu" : "ro"] || "Da" : given[f.type] || (f.id.includes("subject") ? c.subject || "Subiect" :
      "text scris de solicitant"), personal: f.pd !== "none", from_card: /name|cnp/.test(f.id) && c.channel === "kiosk"}));
  }

  // What a form asks now, by conditions like a == 'b', and what is missing; the real rules are the register's.
  form(service, answers, only) {
    const open = (f) => only || !f.condition || [...f.condition.matchAll(/([\w.]+) == '(\w+)'/g)].some(([, id, v]) => answers?.[id] === v);
    const fields = service.all.filter((f) => (only ? only.includes(f.id) : open(f))).map((f) => ({id: f.id, type: f.type, label: f.label, help: f.source === "card" ? tr("", "", "") : f.help,
      section: f.section, required: Boolean(f.required), at_counter: false, max: f.max || 0, tone: f.tone, options: f.options, value: null}));
    const errors = fields.filter((f) => f.required && f.type !== "note" && !answers?.[f.id]).map((f) => ({field: f.id, say: tr("Completați acest câmp.", "Töltse ki ezt a mezőt.",
      "Fill in this field.")}));
    return {fields, errors};
  }

  details(c) {
    if (c.detail) return c.detail;
    const at = (n, h) => `${days(c.filed_on, n)}T${h}:12:00Z`;
    const events = [{at: at(0, "07"), actor: "", actor_name: "Pridvor", act: "submit", label: tr("Cerere primită la chioșc", "Kérelem beérkezett a " +
      "terminálról", "Request received from the kiosk"), from: "draft", to: "submitted", reason: "", public: true}];
    if (c.number) {
      events.push({at: at(0, "08"), actor: "", actor_name: "Pridvor", act: "register", label: tr("Înregistrată", "Iktatva", "Registered"), from: "submitted",
        to: "registered", reason: "", public: true});
    }
    if (c.assignee) {
      events.push({at: at(1, "09"), actor: c.assignee, actor_name: this.account(c.assignee).full_name, act: "take", label: tr("Preluată", "Átvéve",
        "Taken"), from: "registered", to: "in_work", reason: "", public: true});
    }
    const doc = (kind, title, type, more = {}) => ({id: this.uuid(), kind, title, type, size: 184320, pages: type === "application/pdf" ? 2 : 1,
      sha256: this.uuid().replaceAll("-", "").repeat(2), made_at: at(0, "07"), made_by: "sistem", signed_by: null, signed_name: null, signed_at: null,
      certified_by: null, certified_at: null, parent: null, lang: c.lang, ...more});
    const documents = [doc("request", "Cererea", "application/pdf")];
    if (c.channel !== "web") documents.push(doc("scan", "Foaia scanată la chioșc", "image/svg+xml"), doc("scan", "Anexa 1", "image/svg+xml"));
    if (c.state === "decided" && c.workflow !== "auto") documents.push(doc("answer", "Răspuns", "application/pdf"));
    if (["answered", "closed"].includes(c.state)) {
      documents.push(doc("answer", "Răspuns", "application/pdf", {to_print: c.state === "answered" && c.n % 3 === 0, signed_by: "elena.muresan", signed_name: "Elena Mureșan", signed_at: at(4, "12")}));
    }
    c.detail = {events, documents, notes: [{at: at(1, "10"), author: "ilona.szabo", author_name: "Szabó Ilona", text: "Am vorbit la telefon: " +
      "trimite și o fotografie.", public: false}],
    tasks: c.flags.includes("waits_opinion") ? [{id: this.uuid(), kind: "opinion", department: "urbanism", assignee: "dan.chis", asked_at: at(2, "09"),
      due: days(this.today, 3), calc: tr("Se numără de la data cererii. Avizul se dă în 5 zile lucrătoare.", "A számítás kezdete a kérés napja. A véleményt 5 munkanapon belül adják meg.",
        "Counted from the day of asking. The opinion is given within 5 working days."), done_at: null, done_by: null, result: null, text: ""}, {id: this.uuid(), kind: "opinion", department: "politia_locala",
      assignee: null, asked_at: at(2, "09"), due: days(this.today, -1), done_at: at(4, "09"), done_by: "mihai.rus", result: "positive",
      text: "Fără obiecții."}] : [],
    messages: c.number ? [{id: this.uuid(), way: "email", message: "registered", state: "delivered", at: at(0, "08"), detail: "", attention: false},
      {id: this.uuid(), way: "sms", message: "registered", state: c.n % 7 ? "sent" : "failed", at: at(0, "08"), detail: c.n % 7 ? "" :
        "numărul nu există", attention: c.n % 7 === 0}] : [],
    returns: c.state === "returned" ? [{at: at(2, "11"), by: "ana.pop", reason: "Actul nu se poate citi.", fields:
      [this.services.find((s) => s.id === c.service)?.all.find((f) => f.type !== "note").id], answered_at:
      null}] : [],
    links: []};
    return c.detail;
  }

  facts(c, who) {
    return {flags: Object.fromEntries(c.flags.map((f) => [f, true])), actor: {in_area: this.mine(c, who), is_author: c.author2 === who.account},
      case: {before_due: !c.late, delivered: true, fee_due: false, fee_paid: false, found: null, document_ready: true, both_present: true,
        has_wait: false, wait_over: true, evidence: true, confirmed: true, rule_result: "pass", place_free: true, opinions_open: true,
        opinions_negative: false, approvals_open: false, contest_used: false, correction_done: false, ...c.facts}};
  }
  actions(c, who) {
    const mine = who.roles.map((r) => r.role);
    return this.workflows[c.workflow].actions.filter((a) => a.from.includes(c.state) && a.roles.some((r) => r !== "applicant" && r !== "system"))
      .map((a) => {
        const role = a.roles.some((r) => mine.includes(r));
        const guard = holds(a.guard, this.facts(c, who));
        const why = !role ? tr(`Face acest pas: ${a.roles.filter((r) => this.roleNames[r]).map((r) => this.roleNames[r].ro.toLowerCase()).join(", ")}.`,
          `Ezt a lépést végzi: ${a.roles.filter((r) => this.roleNames[r]).map((r) => this.roleNames[r].hu.toLowerCase()).join(", ")}.`,
          `This step is done by: ${a.roles.filter((r) => this.roleNames[r]).map((r) => this.roleNames[r].en.toLowerCase()).join(", ")}.`)
          : !guard ? this.whyNot(a.guard) : null;
        return {id: a.id, label: a.label, allowed: role && guard, why_not: why, needs: (a.needs || []).map((id) => ({id, name: this.needNames[id]})), to: a.to};
      });
  }
  refused(c, who) {
    const steps = this.actions(c, who).filter((a) => !a.allowed).map(({id, label, why_not: why}) => ({id, label, why}));
    const rights = ["case.assign", "case.return_fields", "case.seal", "document.certify", "answer.sign"].filter((id) => !this.can(who).includes(id));
    return [...steps, ...rights.map((id) => ({id, label: null, why: tr("Nu aveți dreptul.", "Nincs hozzá joga.", "You may not.")}))];
  }
  whyNot(guard) {
    const path = guard.match(/(case|flags|actor)\.[a-z_]+/)[0];
    const known = this.guardFacts[path];
    return known?.no || known?.yes || tr("Dosarul nu este încă aici.", "Az ügy még nem tart itt.", "The case is not there yet.");
  }

  whole(c, who) {
    const d = this.details(c);
    const law = "OG 27/2002";
    const rule = c.service.startsWith("info.public") ? "l544.answer" : "og27.answer";
    const calc = c.due ? tr(`Înregistrată ${c.filed_on.split("-").reverse().join(".")} + 30 de zile calendaristice, ziua înregistrării nu se numără = ` +
      `${c.due.split("-").reverse().join(".")}.`, `Iktatva ${c.filed_on.replaceAll("-", ". ")}. + 30 naptári nap, az iktatás napja nem számít = ` +
      `${c.due.replaceAll("-", ". ")}.`, `Registered ${c.filed_on} + 30 calendar days, the day of registration is not counted = ${c.due}.`) : null;
    const others = Object.entries(c.seen).filter(([a, t]) => a !== who.account && Date.now() - t < 60000)
      .map(([account, t]) => ({account, full_name: this.account(account).full_name, seen_at: new Date(t).toISOString()}));
    const answers = this.answers(c);
    return {case: {...this.row(c), closed_at: this.open(c) ? null : `${c.due || this.today}T10:00:00Z`, entered_at: c.registered_at, author: c.author,
      contact: {email: "cineva@example.ro", phone: "+40 740 123 456"}, cnp_masked: "•••••••••" + c.cnp.slice(-4)},
    term: c.due ? {rule, due: c.due, late_after: c.due, why: tr("Răspuns la petiție în 30 de zile.", "Válasz a beadványra 30 napon belül.",
      "Answer to a petition within 30 days."), calc, law, article: "art. 8"} : null,
    terms: c.due ? [{id: 1, rule, due: c.due, why: tr("Răspuns", "Válasz", "Answer"), main: true, ended_at: null}, {id: 2, rule: "og27.forward",
      due: days(c.filed_on, 5), why: tr("Trimiterea la instituția competentă", "Áttétel az illetékes intézményhez", "Forwarding to the competent body"),
      main: false, ended_at: null}] : [],
    answers, identity: {word: "card_read", say: tr("Act citit la chioșc: cipul este autentic.", "Okmány a terminálon beolvasva: a chip hiteles.",
      "Card read at the kiosk: the chip is genuine.")}, ...d, others, actions: this.actions(c, who), draft: c.draft || null,
    fixed: this.fixed(c)?.id || null,
    returnable: answers.map(({field, label}) => ({field, label})).concat(d.documents.filter((x) => x.kind === "scan").map((x) => ({field: `file.${x.id}`,
      label: tr(x.title, x.title, x.title)})))};
  }

  // What waits for its signature, or went out.
  fixed(c) {
    return ["decided", "answered", "issued", "closed"].includes(c.state) && this.details(c).documents.findLast((d) => d.kind === "answer" && !d.voided_at);
  }

  event(c, who, act, label, to, reason = "") {
    this.details(c).events.push({at: new Date(Date.parse(`${this.today}T10:00:00Z`) + c.detail.events.length * 60000).toISOString(), actor: who.account,
      actor_name: who.full_name, act, label, from: c.state, to, reason, public: true});
    c.version += 1;
    this.log(who, "case.act", "ok", c.id);
  }

  act(c, who, body) {
    const action = this.workflows[c.workflow].actions.find((a) => a.id === body.action);
    const shown = this.actions(c, who).find((a) => a.id === body.action);
    if (!action || !shown || !shown.allowed) return [403, "err.denied", shown?.why_not];
    if (typeof (body.given?.fields ?? "") !== "string") return [422, "err.required", null, "fields"];
    for (const need of action.needs || []) {
      if (!body.given?.[need] && !(need === "document" && c.draft)) return [422, "err.required", null, need];
    }
    const to = body.action === "register" ? "registered" : action.to;
    this.event(c, who, action.id, action.label, to, body.given?.reason || "");
    c.state = to;
    if (action.id === "register") {
      c.due = days(this.today, 30);
      this.number(c);
    }
    if (["take", "plan", "prepare"].includes(action.id)) c.assignee = who.account;
    if (body.given?.department) {
      const d = this.departments.find((x) => x.id === body.given.department);
      Object.assign(c, {department: d.id, department_name: d.name, assignee: ""});
    }
    if (action.id === "draft_answer") c.author2 = who.account;
    if (action.id === "extend") c.due = days(c.due, 15), c.flags.push("extended");
    if (to === "decided" && (action.effects || []).includes("render")) {
      this.details(c).documents.push({...this.details(c).documents[0], id: this.uuid(), kind: "answer", title: c.draft?.title || "Răspuns"});
    }
    if (action.id === "sign_answer" || action.id === "answer") {
      for (const d of c.detail.documents) if (d.kind === "answer" && !d.signed_at) d.voided_at = `${this.today}T10:30:00Z`;
      this.details(c).documents.push({...this.details(c).documents[0], id: this.uuid(), kind: "answer", title: c.draft?.title || "Răspuns",
        signed_by: who.account, signed_name: who.full_name, signed_at: `${this.today}T10:30:00Z`});
      this.details(c).messages.push({id: this.uuid(), way: "email", message: "answered", state: "queued", at: `${this.today}T10:30:00Z`, detail: "",
        attention: false});
    }
    return [200];
  }
}
