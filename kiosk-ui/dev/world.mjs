// A stand-in for kioskd for development and tests of the pages: the same state, made from configs/services,
// without devices, queue or register. Never part of the product.
import {readFileSync} from "node:fs";
import {join} from "node:path";

const read = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

// The grammar of configs/services/README.md, turned into a JavaScript expression.
function condition(text, answers) {
  if (!text) return true;
  const words = {and: "&&", or: "||", not: "!", "==": "===", "!=": "!==", true: "true", false: "false",
    null: "null"};
  const tokens = text.match(/'[^']*'|==|!=|[()[\],]|[a-z0-9_.]+/g);
  const js = tokens.map((w) => {
    if (w === "in") return ".in";
    if (words[w]) return words[w];
    return /^['()[\],]|^\d/.test(w) ? w : `get(${JSON.stringify(w)})`;
  }).join(" ").replace(/get\("([^"]+)"\) \.in \[([^\]]*)\]/g, '[$2].includes(get("$1"))');
  const get = (id) => (answers[id] === undefined || answers[id] === "" ? null : answers[id]);
  return Boolean(new Function("get", `return ${js}`)(get));
}

const small = ["text", "phone", "email", "cnp", "plate", "locality"];
const keyboards = {date: "date", phone: "phone", email: "email", plate: "plate", cnp: "number",
  int: "number"};
const skipped = ["geo", "sign"];
const documents = {ro: "Documente", hu: "Iratok", en: "Documents"};
const last4 = (cnp) => (cnp ? `•••••••••${cnp.slice(-4)}` : "");

export class World {
  constructor(configs) {
    this.shared = read(configs, "services", "_shared.json");
    this.words = Object.fromEntries(["ro", "hu", "en"].map((lang) => [lang, read(configs, "i18n", `${lang}.json`)]));
    this.services = ["cs-birth_certificate", "complaint-abandoned_vehicle"].map((name) => this.load(configs,
      name));
    this.institution = {
      name: {ro: "Primăria Municipiului Turda", hu: "Torda Polgármesteri Hivatala", en: "Turda Town Hall"},
    };
    this.reset();
  }

  load(configs, name) {
    const svc = read(configs, "services", `${name}.json`);
    const blocks = svc.use.map((id) => ({id, ...this.shared.blocks[id]}));
    const own = {id: "own", title: svc.name, fields: svc.fields};
    const last = (b) => b.id.startsWith("consent_");
    const papers = {id: "papers", title: documents, fields: (svc.attachments || [])
      .filter((a) => a.how === "scan" && a.held_by === "applicant")
      .map((a) => ({...a, id: `file.${a.id}`, type: "file", reason: a.reason, why: "",
        help: {ro: "Puneți hârtia în scaner.", hu: "Tegye az iratot a szkennerbe.", en: "Put the paper in the scanner."}}))};
    return {...svc, blocks: [...blocks.filter((b) => !last(b)), own, papers, ...blocks.filter(last)],
      sign: svc.use.includes("sign")};
  }

  reset() {
    this.lang = "ro";
    this.answers = {};
    this.sources = {};
    this.errors = {};
    this.service = null;
    this.page = 0;
    this.step = "idle";
    this.idle = {warn: false, left_s: 90};
    this.card = {reader: "ready", present: false, phase: "insert", progress: 0, error: null, attempts: 0,
      identity: null, scan: "ready"};
    this.sign = {phase: "ready", samples: 0, error: null, title: "", hash: "3F9A 77C1 20BE 5D04"};
    this.filing = {phase: "saving"};
    this.done = null;
    this.scan = {field: "", phase: "ready", doing: "", page: 0, percent: 0, max: 20, feeder: true, flatbed: true,
      loaded: false, counter: true, chosen: false, pages: []};
    this.lastPage = 0;
    this.devices = {scan: {public: "ready"}, card: {public: "ready"}, print: {public: "ready"}, pad: {public: "ready"},
      register: {public: "online"}};
    this.notice = "";
    this.address = null; // what the card can do for the address question
    this.closed = {};
  }

  tr(text) {
    return text ? text[this.lang] || text.ro : "";
  }

  options(field) {
    const list = field.options || this.shared.option_sets[field.options_ref] || [];
    return list.map((o) => ({id: o.id, label: this.tr(o.label)}));
  }

  visible(block) {
    return block.fields.filter((f) => !skipped.includes(f.type) && condition(f.condition, this.answers));
  }

  pages() {
    const pages = [];
    for (const block of this.service.blocks) {
      let open = null;
      for (const field of this.visible(block)) {
        const note = open?.fields[0].type === "note";
        const joins = open && open.fields.length < 2 && (note || small.includes(field.type));
        if (joins) open.fields.push(field);
        else pages.push((open = {title: block.title, fields: [field]}));
        if (!small.includes(field.type) && field.type !== "note") open = null;
      }
    }
    return pages;
  }

  field(f) {
    return {id: f.id, type: f.type === "area" ? "long_text" : f.type, label: this.tr(f.label),
      help: this.tr(f.help),
      why: this.tr(f.reason || this.shared.reasons[f.why]), required: Boolean(f.required), options: this.options(f),
      value: this.answers[f.id] ?? (f.type === "multi" ? [] : ""), source: this.sources[f.id] || "",
        max: f.max || 200,
      error: this.errors[f.id] || "", keyboard: keyboards[f.type] || "text", tone: f.tone};
  }

  shown(f) {
    const value = this.answers[f.id];
    if (f.type === "file" && this.scan.pages.length) {
      return this.tr({ro: "atașat, 3 pagini", hu: "csatolva, 3 oldal", en: "attached, 3 pages"});
    }
    if (!value || !value.length) return "";
    if (f.type === "cnp") return last4(value);
    if (f.type === "date") return value.split("-").reverse().join(".");
    if (f.type === "bool") return this.tr({ro: "Da", hu: "Igen", en: "Yes"});
    const name = (id) => this.options(f).find((o) => o.id === id)?.label || id;
    return Array.isArray(value) ? value.map(name).join(", ") : name(value);
  }

  review() {
    const sections = this.service.blocks.map((block) => ({
      title: this.tr(block.title),
      rows: this.visible(block).filter((f) => f.type !== "note").map((f) => ({field: f.id,
        label: this.tr(f.label), value: this.shown(f)})),
    })).filter((s) => s.rows.length);
    return {sections, consents: [], sign: this.service.sign};
  }

  serviceFacts(s) {
    return {id: s.id, name: this.tr(s.name), legal_name: this.tr(s.legal_name), intro: this.tr(s.intro),
      minutes: s.minutes,
      before: s.before.map((b) => this.tr(b)), available: !this.closed[s.id],
        why_not: this.tr(this.closed[s.id]), fee: s.fee.kind === "none" ? "" : this.tr(s.fee.note)};
  }

  state(seq) {
    const out = {seq, step: this.step, lang: this.lang, idle: this.idle, devices: this.devices,
      notice: this.tr(this.notice),
      card: this.card};
    if (this.step === "service") out.services = this.services.map((s) => this.serviceFacts(s));
    if (this.service) {
      out.service = {id: this.service.id, name: this.tr(this.service.name),
        legal_name: this.tr(this.service.legal_name),
        minutes: this.service.minutes, after: this.tr(this.service.after), fee: this.tr(this.service.fee.note)};
    }
    if (this.step === "form") {
      const pages = this.pages();
      const page = pages[this.page];
      out.form = {page: this.page + 1, pages: pages.length, title: this.tr(page.title),
        fields: page.fields.map((f) => this.field(f))};
      const paper = page.fields.find((f) => f.type === "file");
      if (paper) out.scan = {...this.scan, field: paper.id};
      if (this.address && page.fields.some((f) => f.id === "who.address")) out.form.address = this.addressFacts();
    }
    if (this.step === "review") out.review = this.review();
    if (this.step === "sign") out.sign = {...this.sign, title: this.tr(this.service.name)};
    if (this.step === "filing") out.filing = this.filing;
    if (this.step === "mine") out.mine = this.mine;
    if (this.step === "done") {
      out.done = {...this.done, due_why: this.tr(this.done.due_why), after: this.tr(this.service.after),
        print: {...this.done.print, text: this.tr(this.done.print.text)}};
    }
    return out;
  }

  addressFacts() {
    const {code, tries, ...facts} = this.address;
    const error = code && {code, text: this.words[this.lang][`device.${code}`], tries_left: tries ?? -1};
    return {field: "who.address", progress: 0, attempts: 0, ...facts, ...(error && {error})};
  }

  // What became of the PIN: the mock's card knows 1357.
  pinTyped(pin) {
    const right = pin === "1357";
    this.address.tries = right ? 3 : (this.address.tries ?? 3) - 1;
    const last = this.address.tries < 2;
    Object.assign(this.address, {code: right ? "" : last ? "PIN_LAST" : "PIN_WRONG", phase: right ? "taken"
      : last ? "closed" : "offer"});
    if (!right) return;
    this.answers["who.address"] = "jud. Cluj, mun. Turda, str. Mihai Viteazul nr. 3, ap. 12";
    this.sources["who.address"] = "card";
  }

  start(lang) {
    this.lang = lang;
    this.step = "service";
  }

  choose(id) {
    this.service = this.services.find((s) => s.id === id);
    this.page = 0;
    this.step = this.service.identity.min === "card_read" ? "card" : "form";
  }

  identity() {
    const read = {"who.last_name": "POPESCU", "who.first_name": "ANA MARIA", "who.id_doc": "CJ123456",
      "who.cnp": "2900101123457",
      "act.last_name": "POPESCU", "act.first_name": "ANA MARIA", "act.birth_date": "1990-01-01"};
    Object.assign(this.answers, read);
    Object.keys(read).forEach((id) => (this.sources[id] = "card"));
  }

  toForm(page = 0) {
    this.step = "form";
    this.page = page;
  }

  // A few answers are judged here so that error pages can be seen; the real rules are in common/model.
  answer(values) {
    Object.assign(this.answers, values);
    const {fields} = this.pages()[this.page];
    const errors = [];
    for (const f of fields) {
      const value = this.answers[f.id];
      if (f.type === "file" && this.scan.pages.length) continue;
      const empty = !value || !value.length || (f.type === "bool" && value !== "true");
      let text = null;
      if (f.required && empty) {
        text = f.type === "bool" ? {ro: "Atingeți caseta, ca să putem continua.",
          hu: "Érintse meg a négyzetet a folytatáshoz.", en: "Touch the box so we can go on."}
          : {ro: "Completați, vă rugăm, acest răspuns.", hu: "Kérjük, töltse ki ezt a választ.",
            en: "Please fill in this answer."};
      }
      if (f.type === "cnp" && !empty && !/^\d{13}$/.test(value)) {
        text = {ro: `CNP-ul are 13 cifre. Ați scris ${value.length}.`,
          hu: `A CNP 13 számjegyű. Ön ${value.length} számjegyet írt.`,
          en: `The CNP has 13 digits. You wrote ${value.length}.`};
      }
      if (text) errors.push({field: f.id, text: this.tr(text)});
    }
    this.errors = Object.fromEntries(errors.map((e) => [e.field, e.text]));
    if (errors.length) return errors;
    if (this.page + 1 < this.pages().length) this.page += 1;
    else this.step = "review";
    return [];
  }

  goto(id) {
    const page = this.pages().findIndex((p) => p.fields.some((f) => f.id === id));
    if (page >= 0) this.toForm(page);
  }

  back() {
    this.errors = {};
    const card = this.service?.identity.min === "card_read";
    if (this.step === "service") return this.reset();
    if (this.step === "mine") return void (this.step = "service");
    if (this.step === "form" && this.page > 0) this.page -= 1;
    else if (this.step === "form") this.step = card ? "card" : "service";
    else if (this.step === "card") this.step = "service";
    else if (this.step === "sign") this.step = "review";
    else if (this.step === "review") this.toForm(this.pages().length - 1);
    return undefined;
  }

  finish(phase = "printing", provisional = false) {
    this.step = "done";
    this.done = {provisional, number: provisional ? "P-K07-0042" : "15/22.11.2026", date: "22.11.2026",
      time: "10:15",
      due: "22.12.2026", due_why: {ro: "30 de zile de la înregistrare, după OG 27/2002, articolul 8.",
        hu: "30 nap az iktatástól, az OG 27/2002 8. cikke szerint.",
        en: "30 days from registration, under OG 27/2002, article 8."},
      receipt_code: "7K4MQ2XW9D", pin: "4821", url: "http://127.0.0.1:7082/s/7K4MQ2XW9D", print: {phase,
        proof: "L2", text: ""}};
  }
}
