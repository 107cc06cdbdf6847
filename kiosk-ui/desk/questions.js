// The questions of a service as the register asks them: which ones, and what is wrong, it says; here they get a face.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Field, useDesk} from "./tools.js";
import {Drop, Uploads, useUploads} from "./docs.js";

const tall = {area: 4, route: 3, persons: 3};
const kinds = {date: "date", time: "time", email: "email", phone: "tel"};
const modes = {cnp: "numeric", cui: "numeric", int: "numeric", decimal: "decimal", phone: "tel", email: "email"};
export const domId = (id) => `q-${id}`;
const shown = (f) => f.type !== "geo"; // a map is for who stands before it; the address says the same

// Only what is asked now and was answered goes out.
export function given(fields, values, all = false) {
  const out = {};
  fields.filter((f) => shown(f) && f.type !== "note").forEach((f) => {
    const v = values[f.id];
    const empty = v === undefined || v === null || v === "" || v === false || (Array.isArray(v) && !v.length);
    if (!empty) out[f.id] = v;
    else if (all) out[f.id] = null;
  });
  return out;
}

function Options({field, value, set, about}) {
  const {L, t} = useDesk();
  const many = field.type === "multi";
  const on = many ? value || [] : value;
  if (!many && field.options.length > 6) {
    return html`<select id=${domId(field.id)} ...${about} value=${value || ""} onChange=${(e) => set(e.target.value)}><option value="">${t("choose")}</option>${field.options.map((o) => html`<option
      key=${o.id} value=${o.id}>${L(o.label)}</option>`)}</select>`;
  }
  const flip = (id) => set(many ? (on.includes(id) ? on.filter((x) => x !== id) : [...on, id]) : id);
  return html`<div class=${`ticks${field.options.length < 4 ? " inline" : ""}`}>${field.options.map((o, i) => html`<label class="tick" key=${o.id}><input type=${many ? "checkbox" : "radio"}
    id=${i ? undefined : domId(field.id)} name=${domId(field.id)} checked=${many ? on.includes(o.id) : on === o.id} onChange=${() => flip(o.id)} /><span>${L(o.label)}</span></label>`)}</div>`;
}

// A file that is an answer: the scan goes up at once, its hash is the answer.
function File({field, set}) {
  const hashes = useRef({});
  const tell = () => set(Object.values(hashes.current).map((h) => `sha256:${h}`));
  const uploads = useUploads("documents", (doc, key) => {
    hashes.current[key] = doc.sha256;
    tell();
  });
  const drop = (key) => {
    uploads.drop(key);
    delete hashes.current[key];
    tell();
  };
  return html`<${Drop} id=${domId(field.id)} small onFiles=${uploads.add} /><${Uploads} uploads=${{...uploads, drop}} />`;
}

function One({field, value, set, error}) {
  const {L, t} = useDesk();
  const label = html`${L(field.label)}${field.required ? "" : html` <span class="tag">${t("q.optional")}</span>`}`;
  const help = L(field.help);
  const id = domId(field.id);
  const about = {"aria-describedby": [help && `${id}h`, error && `${id}e`].filter(Boolean).join(" ") || undefined, "aria-invalid": error ? "true" : undefined};
  const below = html`${error && html`<p class="field-error" id=${`${id}e`}>${error}</p>`}`;
  if (field.type === "note") return html`<p class=${`notice${field.tone === "urgent" ? " bad" : field.tone === "care" ? " warn" : ""}`}><${Icon} name="info" />${L(field.label)}</p>`;
  if (field.type === "bool") {
    return html`<div class="field wide"><label class="tick"><input type="checkbox" id=${id} ...${about} checked=${value === true || value === "true"} onChange=${(e) => set(e.target.checked)} />
      <span>${label}</span></label>${help && html`<p class="help" id=${`${id}h`}>${help}</p>`}${below}</div>`;
  }
  if (["choice", "multi"].includes(field.type)) {
    const body = html`${help && html`<p class="help" id=${`${id}h`}>${help}</p>`}<${Options} field=${field} value=${value} set=${set} about=${about} />${below}`;
    return field.type === "choice" && field.options.length > 6 ? html`<div class="field wide"><label for=${id}>${label}</label>${body}</div>` : html`<fieldset class="field wide"
      ...${about}><legend>${label}</legend>${body}</fieldset>`;
  }
  if (field.type === "file") {
    return html`<div class="field wide"><p class="label">${label}</p>${help && html`<p class="help" id=${`${id}h`}>${help}</p>`}<${File} field=${field} set=${set} />${below}</div>`;
  }
  const common = {id, ...about, class: "line", value: value || "", onInput: (e) => set(e.target.value), autocomplete: "off", maxlength: field.max || undefined};
  return html`<div class=${`field${tall[field.type] || ["address", "text"].includes(field.type) && (field.max || 200) > 100 ? " wide" : ""}`}><label for=${id}>${label}</label>${
    help && html`<p class="help" id=${`${id}h`}>${help}</p>`}${tall[field.type] ? html`<textarea ...${common} rows=${tall[field.type]} />` : html`<input ...${common}
    type=${kinds[field.type] || "text"} inputmode=${modes[field.type]} />`}${below}</div>`;
}

// errors: {field id: sentence}
export function Questions({fields, values, put, errors}) {
  const {L} = useDesk();
  const parts = [];
  fields.filter(shown).forEach((f) => {
    const title = L(f.section);
    if (!parts.length || (title && parts.at(-1).title !== title)) parts.push({title, fields: []});
    parts.at(-1).fields.push(f);
  });
  return html`${parts.map((p, i) => html`<section class="card stack" key=${p.title || i}>${p.title && html`<h2>${p.title}</h2>`}<div class="two asked">${p.fields.map((f) => html`<${One}
    key=${f.id} field=${f} value=${values[f.id]} set=${(v) => put(f.id, v)} error=${errors[f.id]} />`)}</div></section>`)}`;
}

// All that is wrong, on top; each line goes to its question.
export function Wrong({fields, errors}) {
  const {t, L} = useDesk();
  const box = useRef(null);
  const names = Object.keys(errors);
  useEffect(() => {
    if (names.length) box.current?.focus();
  }, [names.join()]);
  if (!names.length) return null;
  const label = (id) => L(fields.find((f) => f.id === id)?.label) || id;
  const to = (id) => (e) => {
    e.preventDefault();
    const at = document.getElementById(domId(id));
    at?.focus();
    at?.scrollIntoView({block: "center"});
  };
  return html`<div class="notice bad" role="alert" tabindex="-1" ref=${box}><${Icon} name="warn" /><div><p><strong>${t.n("q.wrong", names.length)}</strong></p><ul>${names.map((id) => html`<li
    key=${id}><a href="#" onClick=${to(id)}>${label(id)}</a>: ${errors[id]}</li>`)}</ul></div></div>`;
}
// What the register found, by field, in the page's language.
export const faults = (list, lang) => Object.fromEntries((list || []).map((x) => [x.field, x.say[lang] || x.say.ro]));

// The questions there are now: asked again whenever an answer may open or close one.
export function useForm(service, values) {
  const {api} = useDesk();
  const [form, set] = useState(null);
  const wanted = useRef("");
  const sent = JSON.stringify(values);
  useEffect(() => {
    if (!service) return set(null);
    wanted.current = service + sent;
    const timer = setTimeout(async () => {
      const asked = service + sent;
      const reply = await api.post("form", {service, answers: values});
      if (reply.status === 422 && Object.keys(values).length) return null; // half typed: the questions stay
      if (wanted.current === asked && (reply.ok || reply.status)) set({service, reply, fields: reply.ok ? reply.body.fields : []});
      return null;
    }, form?.service === service ? 250 : 0);
    return () => clearTimeout(timer);
  }, [service, sent]);
  return form?.service === service ? form : null;
}
