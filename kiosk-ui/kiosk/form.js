// One question per page. kioskd judges; errors come back as a summary on top and beside their field.
import {html, useEffect, useLayoutEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {draft, drop, remember} from "./memory.js";
import {Actions, Screen} from "./screen.js";
import {boardOf, domId, Field, isAsked, isTyped, Tags, Why} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {usePin} from "./pin.js";
import {Scan} from "./scan.js";

function valueOf(field) {
  const typed = draft(field.id);
  return typed !== undefined ? typed : field.value ?? (field.type === "multi" ? [] : "");
}

// The summary takes the focus; each line jumps to its field.
function Errors({list, count}) {
  const {t} = useApp();
  const box = useRef(null);
  useLayoutEffect(() => box.current?.focus(), [count]);
  if (!list.length) return null;
  const jump = (id) => () => document.getElementById(domId(id))?.focus();
  return html`<div class="errors" role="alert" tabindex="-1" ref=${box}>
    <h2><${Icon} name="warn" />${t.n("form.errors", list.length)}</h2>
    <ul>${list.map((e) => html`<li key=${e.field}>
      <button type="button" class="jump" onClick=${jump(e.field)}>${e.text}</button></li>`)}</ul>
  </div>`;
}

// Sends what stands on the page; answers [errors, count, send].
function useAnswers(fields, pageKey) {
  const {call} = useApp();
  const [bad, setBad] = useState({key: "", list: [], count: 0});
  const send = async () => {
    const mine = fields.filter(isAsked);
    const values = Object.fromEntries(mine.filter((f) => f.type !== "file").map((f) => [f.id, valueOf(f)]));
    const reply = await call("/v1/form/answer", {values}, [422]);
    if (!reply) return false;
    if (reply.ok) drop(mine.map((f) => f.id));
    const list = reply.status === 422 ? reply.body?.errors || [] : [];
    setBad((old) => ({key: pageKey, list, count: old.count + 1}));
    return reply.ok;
  };
  const fresh = bad.key === pageKey;
  return [fresh ? bad.list : [], fresh ? bad.count : 0, send];
}

function useDrafts() {
  const [, again] = useState(0);
  return (field) => (value) => {
    remember(field.id, value);
    again((n) => n + 1);
  };
}

export function Form() {
  const {t, state} = useApp();
  const {form} = state;
  const fields = form.fields.filter((f) => isAsked(f) || f.type === "note");
  const pageKey = `${form.page}:${fields.map((f) => f.id).join()}`;
  const [errors, count, send] = useAnswers(fields, pageKey);
  const change = useDrafts();
  const [active, setActive] = useState("");
  const card = usePin(form.address);
  const typed = fields.filter(isTyped);
  const real = fields.filter(isAsked);
  const single = real.length === 1 && real[0].type !== "bool";
  const title = single ? real[0].label : form.title || fields[0]?.label;

  const paper = fields.find((f) => f.type === "file");
  const focus = typed.length && typed[0] === real[0] ? domId(typed[0].id) : "";
  useEffect(() => {
    setActive(typed[0]?.id || "");
  }, [pageKey]);
  if (paper && state.scan) {
    const wrong = errors.find((e) => e.field === paper.id)?.text;
    return html`<${Scan} key=${paper.id} question=${paper} onNext=${send} wrong=${wrong} />`;
  }
  if (card.page) return card.page;
  const onFocus = (e) => {
    const hit = typed.find((f) => e.target.id === domId(f.id) || e.target.id?.startsWith(`${domId(f.id)}-`));
    if (hit) setActive(hit.id);
  };
  const errorOf = (field) => errors.find((e) => e.field === field.id)?.text || field.error || "";
  const shown = typed.find((f) => f.id === active) || typed[0];
  const whys = fields.filter((f, i) => f.why && f.type !== "note"
    && fields.findIndex((g) => g.why === f.why) === i);
  const tags = single && html`<${Tags} field=${real[0]} />`;
  return html`<${Screen} kind=${typed.length ? "form typing" : "form"} resetKey=${pageKey} focus=${focus}
      over=${html`${t("form.question", {n: form.page, m: form.pages})}${tags}`} title=${title}
        onSubmit=${send}
      after=${typed.length > 0 && html`<${Keyboard} layout=${boardOf(shown)} />`}
      actions=${html`<${Actions} second=${card.offer} next=${{label: t("next"), submit: true}} />`}>
    ${card.said}
    <${Errors} list=${errors} count=${count} />
    <div class="fields" onFocusIn=${onFocus}>
      ${fields.map((field) => html`<${Field} key=${field.id} field=${field} single=${single}
        value=${valueOf(field)}
        error=${errorOf(field)} onInput=${change(field)} />`)}
      ${whys.map((field, i) => html`<${Why} key=${field.id} field=${field} first=${i === 0} />`)}
    </div>
  </${Screen}>`;
}
