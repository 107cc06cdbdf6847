// Paper over the counter: the service's own questions, or, for a letter that has none, only who and what about. The number
// is given at once and for ever, and the page says so.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Field, Head, sentence, useDesk, useLoad, Waiting} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {taken as isTaken, useSure} from "./sure.js";
import {useKeysOf} from "./keys.js";
import {Drop, Uploads, useUploads} from "./docs.js";
import {faults, given, Questions, useForm, Wrong} from "./questions.js";

export const limits = {correspondent: 300, subject: 1000, number_on_paper: 60}; // characters, as backend/book.h
const none = {way: "service", bare: false, register: "", direction: "in", subject: "", correspondent: "", service: "", department: "", lang: "ro", email: "", phone: "", date_on_paper: "",
  number_on_paper: "", cnp: "", answers: {}};

function Made({made, again}) {
  const {t} = useDesk();
  return html`<div class="page narrow"><${Head} key="made" title=${t("entry.done")} /><section class="card given"><svg class="seal" viewBox="0 0 100 100" aria-hidden="true">
    <circle cx="50" cy="50" r="46" /><path d="M28 52l16 16l30-34" /></svg><p class="the-number num">${made.number}</p><p class="quiet">${t("entry.final")}</p>
    <div class="row-do"><button type="button" class="btn main" onClick=${again}>${t("entry.next")}</button>${made.case && html`<a class="btn" href=${`#/case/${made.case}`}>${t("entry.open")}</a>`}</div></section></div>`;
}

export function Entry() {
  const {t, L, me, lang, recount} = useDesk();
  const registers = useLoad("registers");
  const services = useLoad("services");
  const [v, set] = useKept("entry", none);
  const [files, setFiles] = useState({});
  const [errors, setErrors] = useState({});
  const [wrong, setWrong] = useState({});
  const [bad, setBad] = useState("");
  const [made, setMade] = useState(null);
  const [taken, setTaken] = useState(false);
  const uploads = useUploads("documents", (doc, key) => setFiles((all) => ({...all, [key]: doc.sha256})));
  const year = Number(me.today?.slice(0, 4)); // its first number opens it; only a closed one takes none
  const own = (registers.body?.items || registers.body || []).filter((r) => r.directions.includes(v.direction) && !r.years.some((y) => y.year === year && !y.open));
  const register = (own.find((r) => r.register === v.register) || own[0])?.register || "";
  const put = (name) => (e) => set({...v, [name]: e.target.value});
  const asks = v.way === "service" && !v.bare;
  const wide = me.roles.some((r) => r.reach !== "department" && ["clerk", "registrar"].includes(r.role)); // else only what is of the own office
  const form = useForm(v.way === "service" && !v.bare ? v.service : "", v.answers);
  const needed = v.way === "service" ? ["service", ...(v.bare ? ["correspondent"] : [])] : ["correspondent", "subject"];

  function body() {
    const {date_on_paper, number_on_paper, department, service, subject, correspondent, cnp, email, phone, direction} = v;
    const some = v.way === "service" ? {direction: "in", service, department, date_on_paper, number_on_paper, lang: v.lang, ...(v.bare ? {correspondent, subject, cnp} : {})} :
      {register, direction, correspondent, subject, department: department || (wide ? "" : me.departments?.[0]?.id), date_on_paper, number_on_paper, lang: v.lang};
    const out = Object.fromEntries(Object.entries(some).filter(([, value]) => value));
    if (v.way === "service" && v.bare && (email || phone)) out.contact = Object.fromEntries(Object.entries({email, phone}).filter(([, value]) => value));
    if (asks) out.answers = given(form?.fields || [], v.answers);
    const documents = uploads.files.filter((f) => f.state === "done").map((f) => files[f.key]);
    if (documents.length) out.documents = documents;
    return out;
  }
  async function send() {
    if (sure.unsure) return sure.send();
    if (asks && v.service && !form) return;
    const missing = Object.fromEntries(needed.filter((n) => !v[n].trim()).map((n) => [n, t("entry.missing")]));
    if (uploads.files.some((f) => f.state === "going")) missing.files = t("entry.wait");
    setErrors(missing);
    if (Object.keys(missing).length) return void document.querySelector(`[name=${Object.keys(missing)[0]}]`)?.focus();
    return sure.send(body());
  }
  const sure = useSure("register/entries", {}, (reply) => {
    if (!reply.ok) {
      setTaken(isTaken(reply));
      const found = faults(reply.body?.fields, lang);
      setWrong(found);
      setBad(reply.body?.fields ? "" : sentence(reply, t));
      return setErrors(reply.path ? {[reply.path]: sentence(reply, t)} : {});
    }
    drop("entry");
    setBad("");
    setWrong({});
    recount();
    return setMade(reply.body);
  });
  const next = () => {
    sure.renew();
    set(none);
    setFiles({});
    uploads.files.forEach((f) => uploads.drop(f.key));
    setMade(null);
    setBad("");
    setErrors({});
    setTaken(false);
  };
  useKeysOf({save: send, s: () => document.getElementById("entry-file")?.click()});
  if (made) {
    return html`<${Made} made=${made} again=${next} />`;
  }
  const box = (name, more = {}) => (a) => html`<input ...${a} class="line" name=${name} value=${v[name]} onInput=${put(name)} autocomplete="off" ...${more} />`;
  const pick = (name, options, first) => (a) => html`<select ...${a} name=${name} value=${name === "register" ? register : v[name]} onChange=${put(name)}>${first !== undefined &&
    html`<option value="">${first}</option>`}${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`;
  const offered = (services.body?.items || services.body || []).filter((s) => s.enter).map((s) => [s.id, L(s.name)]).sort((a, b) => a[1].localeCompare(b[1], lang));
  const ways = [["service", "entry.way_service", "entry.way_service_help"], ["plain", "entry.way_plain", "entry.way_plain_help"]];
  return html`<div class="page narrow"><${Head} title=${t("entry.title")} lead=${t("entry.lead")} />
    <form class="stack" onSubmit=${(e) => (e.preventDefault(), send())} novalidate>
      ${bad && !sure.unsure && html`<p class="notice bad" role="alert"><${Icon} name="warn" />${bad}${taken && html` <button type="button" class="link" onClick=${next}>${t("entry.next")}</button>`}</p>`}
      ${sure.unsure && html`<p class="notice" role="status">${t("sure.wait")}</p>`}
      <fieldset class="stack whole" disabled=${sure.unsure}>
      <${Wrong} fields=${form?.fields || []} errors=${wrong} />
      <section class="card stack"><fieldset class="field"><legend>${t("entry.way")}</legend><div class="two">${ways.map(([id, name, help]) => html`<label class="tick big" key=${id}><input type="radio"
        name="way" checked=${v.way === id} onChange=${() => set({...v, way: id})} /><span><strong>${t(name)}</strong><span class="quiet">${t(help)}</span></span></label>`)}</div></fieldset>
      ${v.way === "service" ? html`<${Field} label=${t("entry.service")} error=${errors.service} wide>${(a) => html`<select ...${a} name="service" value=${v.service} onChange=${(e) =>
        (setWrong({}), set({...v, service: e.target.value, answers: {}}))}><option value="">${t("choose")}</option>${offered.map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}</select>`}<//>
        ${v.service && html`<label class="tick"><input type="checkbox" checked=${v.bare} onChange=${(e) => set({...v, bare: e.target.checked})} /><span>${t("entry.bare")}</span></label>`}` : html`<div class="two"><${Field}
        label=${t("entry.register")}>${pick("register", own.map((r) => [r.register, L(r.name)]))}<//>
        <fieldset class="field"><legend>${t("entry.direction")}</legend><div class="ticks inline">${["in", "out", "internal"].map((d) => html`<label class="tick" key=${d}>
        <input type="radio" name="direction" checked=${v.direction === d} onChange=${() => set({...v, direction: d})} /><span>${t(`direction.${d}`)}</span></label>`)}</div></fieldset></div>`}
      ${(v.way === "plain" || (v.bare && v.service)) && html`<${Field} label=${t(v.way === "plain" && v.direction === "out" ? "entry.to" : "entry.from")} error=${errors.correspondent} wide>${box("correspondent",
        {maxlength: limits.correspondent})}<//><${Field} label=${t("entry.subject")} error=${errors.subject} wide>${box("subject", {maxlength: limits.subject})}<//>`}
      ${v.way === "service" && v.bare && v.service && html`<div class="two three"><${Field} label="CNP" error=${errors.cnp}>${box("cnp", {inputmode: "numeric", maxlength: 13})}<//>
        <${Field} label=${t("entry.email")} error=${errors["contact.email"]}>${box("email", {type: "email", inputmode: "email"})}<//>
        <${Field} label=${t("entry.phone")} error=${errors["contact.phone"]}>${box("phone", {type: "tel", inputmode: "tel"})}<//></div>`}</section>
      <section class="card stack"><h2>${t("entry.scan")}</h2><${Drop} id="entry-file" onFiles=${uploads.add} /><${Uploads} uploads=${uploads} />
        ${errors.files && html`<p class="field-error">${errors.files}</p>`}</section>
      ${form && !form.reply.ok && html`<${Waiting} of=${{reply: form.reply, body: null, busy: false, load: () => set({...v})}} />`}
      ${asks && form && html`<${Questions} fields=${form.fields} values=${v.answers} errors=${wrong} put=${(id, value) => set((now) => ({...now, answers: {...now.answers, [id]: value}}))} />`}
      <details class="card more"><summary>${t("entry.more")}</summary><div class="two">
        <${Field} label=${t("entry.date")} error=${errors.date_on_paper || errors.paper_on}>${box("date_on_paper", {type: "date"})}<//>
        <${Field} label=${t("entry.number")} error=${errors.number_on_paper || errors.paper_number}>${box("number_on_paper", {maxlength: limits.number_on_paper})}<//>
        <${Field} label=${t("entry.department")} error=${errors.department}>${pick("department", (me.departments || []).map((d) => [d.id, L(d.name)]), wide || v.way === "service" ? t("entry.by_service") : undefined)}<//>
        <${Field} label=${t("entry.lang")}>${pick("lang", [["ro", "Română"], ["hu", "Magyar"], ["en", "English"]])}<//></div></details></fieldset>
      <div class="row-do end"><button type="submit" class="btn main tall">${t(v.sent ? "again" : "entry.send")}</button><span class="quiet">${t("act.final")}</span></div></form></div>`;
}
