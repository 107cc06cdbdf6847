// The table of cases: 32 px rows, sticky head and first column, columns that are remembered, J and K move through the rows.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {day, Due, go, State, useDesk, yearApart} from "./tools.js";
import {list} from "./memory.js";
import {useKeysOf} from "./keys.js";

// One flag is written out, the others are counted: a row has one line.
function flags(r, d) {
  const [one, ...more] = r.flags.filter((f) => f !== "late").map((f) => d.named("flag", f));
  return one && html`<span class="flag" title=${[one, ...more].join(", ")}>${one}${more.length ? ` +${more.length}` : ""}</span>`;
}

const columns = {
  due: {sort: "due", cell: (r, d) => html`<${Due} row=${r} today=${d.me.today} />`},
  person: {cell: (r, d) => html`<span class="clip" title=${r.person}>${r.sealed && html`<${Icon} name="eye" />`}${r.person ||
    (r.sealed ? d.t("seal.is") : "")}</span>`},
  service: {cell: (r, d) => html`<span class="clip" title=${d.named("service", r.service)}>${d.named("service", r.service)}</span>`},
  subject: {cell: (r) => html`<span class="clip" title=${r.subject}>${r.subject}</span>`},
  state: {cell: (r, d) => html`<${State} row=${r} />${flags(r, d)}`},
  assignee: {cell: (r, d) => r.assignee_name || html`<span class="quiet">${d.t("nobody")}</span>`},
  department: {cell: (r, d) => html`<span class="clip" title=${d.named("department", r.department)}>${d.named("department", r.department)}</span>`},
  registered: {sort: "registered", cell: (r, d) => html`<span class="num">${yearApart(day(d.lang, r.registered_at || r.filed_on))}</span>`},
  channel: {cell: (r, d) => d.t(`channel.${r.channel}`)},
};
const usual = ["due", "person", "service", "subject", "state", "assignee", "registered"];
// Where the list itself says whose a case is, that column goes; where there is little room, the subject, then the day it came.
function shownColumns(prefs, from) {
  const said = /queue\/(mine|unassigned)/.test(from);
  const room = innerWidth / (prefs.large ? 1.25 : 1);
  const least = {subject: said ? 1380 : 1500, registered: said ? 0 : 1280};
  return prefs.cols.queue || usual.filter((c) => (c === "assignee" ? !said : room < 720 || room >= (least[c] || 0)));
}

export function ColumnChoice() {
  const {t, prefs, setPrefs} = useDesk();
  const shown = shownColumns(prefs, location.hash);
  const ref = useRef(null);
  useEffect(() => {
    const out = (e) => ref.current?.open && !ref.current.contains(e.target) && (ref.current.open = false);
    addEventListener("pointerdown", out);
    return () => removeEventListener("pointerdown", out);
  }, []);
  const turn = (id) => setPrefs({...prefs, cols: {...prefs.cols, queue: Object.keys(columns).filter((c) => (c === id ? !shown.includes(c) :
    shown.includes(c)))}});
  return html`<details class="choose" ref=${ref}><summary class="btn">${t("cols")}</summary><div class="drop"><fieldset><legend class="sr">${t("cols")}</legend>
    ${Object.keys(columns).map((id) => html`<label class="tick" key=${id}><input type="checkbox" checked=${shown.includes(id)} onChange=${() => turn(id)} />
      <span>${t(`col.${id}`)}</span></label>`)}</fieldset>
    <label class="tick"><input type="checkbox" checked=${prefs.roomy} onChange=${(e) => setPrefs({...prefs, roomy: e.target.checked})} />
      <span>${t("set.roomy")}</span></label></div></details>`;
}

export function Sort({id, label, sort, onSort}) {
  const mine = sort?.by === id;
  const state = mine ? (sort.dir === "desc" ? "descending" : "ascending") : "none";
  return html`<th scope="col" role="columnheader" aria-sort=${state}><button type="button" class="sort" onClick=${() => onSort(id, mine && sort.dir !== "desc" ?
    "desc" : "asc")}>${label}<svg class="arrow" viewBox="0 0 10 12" aria-hidden="true"><path class=${mine && sort.dir !== "desc" ? "on" : ""} d="M5 1L9 5H1z" />
    <path class=${mine && sort.dir === "desc" ? "on" : ""} d="M5 11L1 7h8z" /></svg></button></th>`;
}

export function Cases({rows, sort, onSort, caption, from, chosen, onChoose}) {
  const desk = useDesk();
  const {t, prefs, news} = desk;
  const cols = shownColumns(prefs, from);
  const body = useRef(null);
  const [at, setAt] = useState(-1);
  const links = () => [...(body.current?.querySelectorAll("a.open") || [])];
  const move = (by) => {
    const all = links();
    const here = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max((here < 0 ? at : here) + by, 0), all.length - 1)];
    next?.focus();
    next?.closest("tr").scrollIntoView({block: "nearest"});
  };
  useKeysOf({j: () => move(1), k: () => move(-1), x: () => rows[at] && onChoose?.(rows[at].id), copy: () => {
    const row = rows[at];
    return row && {number: row.number, date: row.due};
  }});
  const remember = (i) => Object.assign(list, {ids: rows.map((r) => r.id), at: i, from});
  useEffect(() => {
    const i = rows.findIndex((r) => r.id === list.ids[list.at]);
    if (i >= 0 && list.from === from && desk.where.focus) links()[i]?.focus();
  }, [rows]);
  return html`<div class="table-box" role="region" tabindex="0" aria-label=${caption}><table class="table cases" role="table"><caption class="sr">${caption}</caption>
    <thead role="rowgroup"><tr role="row">
      ${onSort ? html`<${Sort} id="number" label=${t("col.number")} sort=${sort} onSort=${onSort} />` : html`<th scope="col" role="columnheader">${t("col.number")}</th>`}
      ${cols.map((id) => (columns[id].sort && onSort ? html`<${Sort} key=${id} id=${id} label=${t(`col.${id}`)} sort=${sort} onSort=${onSort} />` :
        html`<th key=${id} scope="col" role="columnheader">${t(`col.${id}`)}</th>`))}</tr></thead>
    <tbody role="rowgroup" ref=${body}>${rows.map((r, i) => html`<tr key=${r.id} role="row" class=${`${r.late ? "is-late" : ""}${news.waitingFor(r.id) ? " leaving" : ""}`}
      onClick=${(e) => !e.target.closest("a, button, label") && !String(getSelection()) && (remember(i), go(`#/case/${r.id}`))}>
      <th scope="row" role="rowheader">${onChoose && html`<label class="choose-row"><input type="checkbox" checked=${chosen.includes(r.id)} onChange=${() => onChoose(r.id)}
        aria-label=${t("choose_row", {what: r.number || t("no_number")})} /></label>`}<a class="open num" href=${`#/case/${r.id}`} onFocus=${() => setAt(i)} onClick=${() => remember(i)}>${r.number
        || t("no_number")}</a></th>
      ${cols.map((id) => html`<td key=${id} role="cell" class=${`c-${id}`} data-label=${t(`col.${id}`)}>${columns[id].cell(r, desk)}</td>`)}</tr>`)}
    </tbody></table></div>`;
}

export function Pager({n, next, back, onNext, onBack}) {
  const {t} = useDesk();
  if (!next && !back) return null;
  return html`<div class="pager"><button type="button" class="btn" disabled=${!back} onClick=${onBack}><${Icon} name="back" />${t("page.back")}</button>
    <span class="quiet num">${t("page.n", {n})}</span>
    <button type="button" class="btn" disabled=${!next} onClick=${onNext}>${t("page.next")}<${Icon} name="next" /></button></div>`;
}

// Cursors of the pages passed, so that one can go back; they belong to one list and start anew with another.
export function usePages(key) {
  const [state, set] = useState({key, stack: [""]});
  const stack = state.key === key ? state.stack : [""];
  return {after: stack[stack.length - 1], back: stack.length > 1, n: stack.length, onNext: (cursor) => set({key, stack: [...stack, cursor]}),
    onBack: () => set({key, stack: stack.slice(0, -1)})};
}

// What is ticked belongs to one list, too.
export function useChosen(key) {
  const [state, set] = useState({key, ids: []});
  const of = (s) => (s.key === key ? s.ids : []);
  return {ids: of(state), clear: () => set({key, ids: []}),
    turn: (id) => set((s) => ({key, ids: of(s).includes(id) ? of(s).filter((one) => one !== id) : [...of(s), id]}))};
}

export function Empty({title, text}) {
  return html`<div class="empty"><svg viewBox="0 0 160 110" aria-hidden="true"><path class="e-roof" d="M80 6L154 44H6z" /><path class="e-wall" d="M18 48h124v46H18z" />
    <path class="e-hole" d="M34 94V72a16 16 0 0 1 32 0v22zM94 94V72a16 16 0 0 1 32 0v22z" /><path class="e-step" d="M6 96h148v9H6z" /></svg>
    <p class="empty-h">${title}</p>${text && html`<p>${text}</p>`}</div>`;
}
