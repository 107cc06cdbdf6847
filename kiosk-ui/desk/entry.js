// Paper over the counter: who, what about, the scan; the number is given at once and for ever, and the page says so.
import {html, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Field, Head, sentence, useDesk, useLoad} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {useKeysOf} from "./keys.js";
import {Drop, Uploads, useUploads} from "./docs.js";

const none = {register: "", direction: "in", subject: "", correspondent: "", service: "", department: "", lang: "ro", email: "", phone: "", date_on_paper: "", number_on_paper: "", cnp: ""};

export function Entry() {
  const {t, L, api, me, recount} = useDesk();
  const registers = useLoad("registers");
  const services = useLoad("services");
  const [v, set] = useKept("entry", none);
  const [files, setFiles] = useState({});
  const [errors, setErrors] = useState({});
  const [bad, setBad] = useState("");
  const [made, setMade] = useState(null);
  const busy = useRef(false);
  const uploads = useUploads("documents", (doc, key) => setFiles((all) => ({...all, [key]: doc.sha256})));
  const own = (registers.body?.items || registers.body || []).filter((r) => r.years.some((y) => y.open));
  const register = v.register || own[0]?.register || "";
  const put = (name) => (e) => set({...v, [name]: e.target.value});
  async function send() {
    if (busy.current) return;
    const missing = Object.fromEntries(["correspondent", "subject"].filter((n) => !v[n].trim()).map((n) => [n, t("entry.missing")]));
    if (uploads.files.some((f) => f.state === "going")) missing.files = t("entry.wait");
    setErrors(missing);
    if (Object.keys(missing).length) return void document.querySelector(`[name=${Object.keys(missing)[0]}]`)?.focus();
    busy.current = true;
    const {email, phone, ...rest} = v;
    const body = Object.fromEntries(Object.entries({...rest, register}).filter(([, value]) => value));
    if (email || phone) body.contact = Object.fromEntries(Object.entries({email, phone}).filter(([, value]) => value));
    const documents = uploads.files.filter((f) => f.state === "done").map((f) => files[f.key]);
    if (documents.length) body.documents = documents;
    const reply = await api.post("register/entries", body);
    busy.current = false;
    if (!reply.ok) {
      setBad(sentence(reply, t));
      return setErrors(reply.path ? {[reply.path]: sentence(reply, t)} : {});
    }
    drop("entry");
    setBad("");
    recount();
    return setMade(reply.body);
  }
  useKeysOf({save: send, s: () => document.getElementById("entry-file")?.click()});
  if (made) {
    return html`<div class="page narrow"><${Head} key="made" title=${t("entry.done")} /><section class="card given"><svg class="seal" viewBox="0 0 100 100" aria-hidden="true">
      <circle cx="50" cy="50" r="46" /><path d="M28 52l16 16l30-34" /></svg><p class="the-number num">${made.number}</p><p class="quiet">${t("entry.final")}</p>
      <div class="row-do"><button type="button" class="btn main" onClick=${() => {
      set(none);
      setFiles({});
      uploads.files.forEach((f) => uploads.drop(f.key));
      setMade(null);
    }}>${t("entry.next")}</button>${made.case && html`<a class="btn" href=${`#/case/${made.case}`}>${t("entry.open")}</a>`}</div></section></div>`;
  }
  const box = (name, more = {}) => (a) => html`<input ...${a} class="line" name=${name} value=${v[name]} onInput=${put(name)} autocomplete="off" ...${more} />`;
  const pick = (name, options, first) => (a) => html`<select ...${a} name=${name} value=${name === "register" ? register : v[name]} onChange=${put(name)}>${first !== undefined &&
    html`<option value="">${first}</option>`}${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`;
  return html`<div class="page narrow"><${Head} title=${t("entry.title")} lead=${t("entry.lead")} />
    <form class="stack" onSubmit=${(e) => (e.preventDefault(), send())} novalidate>
      ${bad && html`<p class="notice bad" role="alert"><${Icon} name="warn" />${bad}</p>`}
      <section class="card stack"><div class="two"><${Field} label=${t("entry.register")}>${pick("register", own.map((r) => [r.register, L(r.name)]))}<//>
        <fieldset class="field"><legend>${t("entry.direction")}</legend><div class="ticks inline">${["in", "out", "internal"].map((d) => html`<label class="tick" key=${d}>
        <input type="radio" name="direction" checked=${v.direction === d} onChange=${() => set({...v, direction: d})} /><span>${t(`direction.${d}`)}</span></label>`)}</div></fieldset></div>
        <${Field} label=${t(v.direction === "out" ? "entry.to" : "entry.from")} error=${errors.correspondent} wide>${box("correspondent", {maxlength: 200})}<//>
        <${Field} label=${t("entry.subject")} error=${errors.subject} wide>${box("subject", {maxlength: 200})}<//></section>
      <section class="card stack"><div class="two"><${Field} label=${t("entry.service")} error=${errors.service}>${pick("service", (services.body?.items || services.body || []).map((s) =>
        [s.id, L(s.name)]), t("entry.no_service"))}<//>
        <${Field} label=${t("entry.department")} error=${errors.department}>${pick("department", (me.departments || []).map((d) => [d.id, L(d.name)]), t("entry.by_service"))}<//>
        <${Field} label=${t("entry.date")} error=${errors.date_on_paper}>${box("date_on_paper", {type: "date"})}<//>
        <${Field} label=${t("entry.number")} error=${errors.number_on_paper}>${box("number_on_paper", {maxlength: 64})}<//>
        <${Field} label="CNP" error=${errors.cnp}>${box("cnp", {inputmode: "numeric", maxlength: 13})}<//>
        <${Field} label=${t("entry.lang")}>${pick("lang", [["ro", "Română"], ["hu", "Magyar"], ["en", "English"]])}<//>
        <${Field} label=${t("entry.email")} error=${errors["contact.email"]}>${box("email", {type: "email", inputmode: "email"})}<//>
        <${Field} label=${t("entry.phone")} error=${errors["contact.phone"]}>${box("phone", {type: "tel", inputmode: "tel"})}<//></div></section>
      <section class="card stack"><h2>${t("entry.scan")}</h2><${Drop} id="entry-file" onFiles=${uploads.add} /><${Uploads} uploads=${uploads} />
        ${errors.files && html`<p class="field-error">${errors.files}</p>`}</section>
      <div class="row-do end"><button type="submit" class="btn main tall">${t("entry.send")}</button><span class="quiet">${t("act.final")}</span></div></form></div>`;
}
