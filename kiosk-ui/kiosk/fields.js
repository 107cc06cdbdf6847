// One field of a form, by type. Which fields there are, and what is right, kioskd says; here they only get a
// face.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {isTerminal} from "./keyboard.js";

export const domId = (id) => `f-${id}`;
const lines = {area: 4, long_text: 4, address: 2};
const asked = {geo: 0, sign: 0, route: 0, persons: 0, slot: 0, note: 0};
export const isAsked = (field) => asked[field.type] === undefined;
const boards = {cnp: "number", int: "number", decimal: "number", cui: "number", date: "date", phone: "phone",
  email: "email", plate: "plate"};
export const boardOf = (field) => field.keyboard || boards[field.type] || "text";
export const isTyped = (field) => isAsked(field) && !["choice", "multi", "bool", "file"].includes(field.type);
const modes = {number: "numeric", date: "numeric", phone: "tel", email: "email", plate: "text", regno: "text", text: "text"};
const mode = (board) => (isTerminal() ? "none" : modes[board] || "text");

// What comes from the card needs no word on how to type it.
const helpOf = (field) => (field.source === "card" && field.value ? "" : field.help);
const describedBy = (field, error) =>
  [helpOf(field) && `${domId(field.id)}-h`, error && `${domId(field.id)}-e`].filter(Boolean).join(" ")
    || undefined;

export function FieldError({id, text}) {
  return text ? html`<p class="field-error" id=${`${domId(id)}-e`}><${Icon} name="warn" /><span>${text}</span>
    </p>` : null;
}

function Help({field}) {
  const help = helpOf(field);
  return help ? html`<p class="help" id=${`${domId(field.id)}-h`}>${help}</p>` : null;
}

export function Why({field, first}) {
  const {t} = useApp();
  return field.why ? html`<p class=${first ? "why why-first" : "why"}><${Icon} name="info" /><span>
    <b>${t("why")}</b> ${field.why}</span></p>` : null;
}

function Tags({field}) {
  const {t} = useApp();
  return html`${field.source === "card" && field.value
    && html` <span class="tag read">${t("from_card")}</span>`}
    ${!field.required && field.type !== "note" && html` <span class="tag">${t("optional")}</span>`}`;
}

export function Line({id, value, onInput, board = "text", max, error, help, rows, label, name, secret}) {
  const common = {
    id, value, "data-kb": board, inputmode: mode(board), autocomplete: "off", autocapitalize: "off",
      spellcheck: false,
    autocorrect: "off", maxlength: max || undefined, "aria-invalid": error ? "true" : undefined,
      "aria-describedby": help,
    "aria-label": label, name: undefined, onInput: (e) => onInput(e.target.value), class: name || "line",
    onFocus: (e) => e.target.scrollIntoView({block: "nearest"}),
  };
  return rows ? html`<textarea rows=${rows} ...${common}></textarea>` : html`<input
    type=${secret ? "password" : "text"} ...${common} />`;
}

// Three parts in the order of the language; the value is YYYY-MM-DD as far as it is filled in.
export function DateParts({id, value, onInput, error, help}) {
  const {t, lang} = useApp();
  const parts = /^(\d{0,4})-(\d{0,2})-(\d{0,2})$/.exec(value || "") || ["", "", "", ""];
  const [now, set] = useState({y: parts[1], m: parts[2], d: parts[3]});
  const change = (name) => (text) => {
    const next = {...now, [name]: text.replace(/\D/g, "")};
    set(next);
    const two = (s) => (s.length === 1 ? `0${s}` : s);
    onInput(next.y || next.m || next.d ? `${next.y}-${two(next.m)}-${two(next.d)}` : "");
  };
  const order = lang === "hu" ? ["y", "m", "d"] : ["d", "m", "y"];
  const names = {y: "form.year", m: "form.month", d: "form.day"};
  return html`<div class="date">${order.map((name, i) => html`<div key=${name} class=${`date-${name}`}>
    <label class="sub" for=${i ? `${id}-${name}` : id}>${t(names[name])}</label>
    <${Line} id=${i ? `${id}-${name}` : id} value=${now[name]} board="date" max=${name === "y" ? 4 : 2}
      error=${error} help=${help} onInput=${change(name)} />
  </div>`)}</div>`;
}

function Options({field, value, onInput, error, many}) {
  const chosen = many ? value || [] : value;
  const pick = (id) => () => onInput(many ? (chosen.includes(id) ? chosen.filter((x) => x !== id)
    : [...chosen, id]) : id);
  return html`<div class="options">${field.options.map((option, i) => html`<label class="option"
    key=${option.id}>
    <input type=${many ? "checkbox" : "radio"} class="sr" name=${many ? undefined : domId(field.id)}
      id=${i ? undefined : domId(field.id)} checked=${many ? chosen.includes(option.id)
        : chosen === option.id}
      aria-describedby=${error ? `${domId(field.id)}-e` : undefined} onChange=${pick(option.id)} />
    <span class=${many ? "mark-box" : "mark-dot"}><${Icon} name="check" /></span>
    <span class="option-text">${option.label}</span></label>`)}</div>`;
}

function Tick({field, value, onInput, error}) {
  const on = value === true || value === "true";
  return html`<label class="option tick"><input type="checkbox" class="sr" id=${domId(field.id)} checked=${on}
      aria-invalid=${error ? "true" : undefined} aria-describedby=${describedBy(field, error)}
      onChange=${() => onInput(on ? "false" : "true")} />
    <span class="mark-box"><${Icon} name="check" /></span><span class="option-text">${field.label}</span>
      </label>`;
}

// Not a fieldset: its inside cannot grow with the page. A single question's name is the heading.
function Group({field, single, error, extra, children, role = "group"}) {
  const name = single ? "title" : `${domId(field.id)}-l`;
  return html`<div class="field" role=${role} aria-labelledby=${name} aria-describedby=${describedBy(field,
    error)}>
    ${!single && html`<p class="label" id=${name}>${field.label}<${Tags} field=${field} /></p>`}
    <${Help} field=${field} />${extra && html`<p class="help">${extra}</p>`}
    <${FieldError} id=${field.id} text=${error} />${children}</div>`;
}

const Many = (props) => {
  const {t} = useApp();
  return html`<${Group} ...${props} extra=${t("form.multi")}><${Options} ...${props} many=${true} />
    </${Group}>`;
};
const One = (props) => html`<${Group} ...${props} role="radiogroup"><${Options} ...${props} /></${Group}>`;
const Bool = (props) => html`<div class="field"><${FieldError} id=${props.field.id} text=${props.error} />
  <${Tick} ...${props} /><${Help} field=${props.field} /></div>`;
const Day = (props) => html`<${Group} ...${props}><${DateParts} id=${domId(props.field.id)}
  value=${props.value}
  error=${props.error} onInput=${props.onInput} help=${describedBy(props.field, props.error)} /></${Group}>`;

function Note({field}) {
  const {t} = useApp();
  const kind = {care: "warn", urgent: "bad"}[field.tone] || "info";
  return html`<div class=${`notice ${kind}`}><${Icon} name=${kind === "info" ? "info" : "warn"} />
    <div><p class="notice-title">${t("form.note")}</p><p>${field.label}</p></div></div>`;
}

function Text({field, single, value, error, onInput}) {
  const id = domId(field.id);
  return html`<div class="field">
    <label class=${single ? "sr" : "label"} for=${id}>${field.label}${!single && html`<${Tags} field=${field}
      />`}</label>
    <${Help} field=${field} />
    <${FieldError} id=${field.id} text=${error} />
    <${Line} id=${id} value=${value} onInput=${onInput} board=${boardOf(field)} max=${field.max}
      error=${error}
      help=${describedBy(field, error)} rows=${lines[field.type]} name=${field.type === "cnp"
        ? "line wide-digits" : "line"} />
  </div>`;
}

const faces = {choice: One, multi: Many, bool: Bool, date: Day, note: Note};

// single: the field's label is the page's heading, so it is not repeated.
export function Field(props) {
  const Face = faces[props.field.type] || Text;
  return html`<${Face} ...${props} />`;
}
export {Tags};
