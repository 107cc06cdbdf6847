// The register as a book: every entry in its order, the day's page with its hash, corrections as entries, the year opened and closed.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {query} from "./api.js";
import {day, Field, go, Head, Moment, moment, sentence, useDesk, useLoad, Waiting} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {Empty, Pager, usePages} from "./table.js";
import {Panel} from "./act.js";

function Correct({register, year, done, close}) {
  const {t, api} = useDesk();
  const [first] = useState(() => ({n: "", text: "", reason: "", key: crypto.randomUUID()})); // sent again, it is one correction
  const [v, set] = useKept("correct", first);
  const [errors, setErrors] = useState({});
  const put = (name) => (e) => set({...v, [name]: e.target.value});
  async function send() {
    const missing = Object.fromEntries(["n", "text", "reason"].filter((k) => !String(v[k]).trim()).map((k) => [k, t("entry.missing")]));
    setErrors(missing);
    if (Object.keys(missing).length) return;
    const reply = await api.post("register/correct", {register, year, n: Number(v.n), text: v.text.trim(), reason: v.reason.trim()}, {"Idempotency-Key": v.key});
    if (!reply.ok) return void setErrors({all: sentence(reply, t)});
    drop("correct");
    done(t("book.corrected", {n: v.n}));
  }
  return html`<${Panel} title=${t("book.correct")} lead=${t("book.correct_lead")} close=${close} onSend=${send} send=${t("book.correct_do")} hint="act.final">
    ${errors.all && html`<p class="notice bad" role="alert">${errors.all}</p>`}
    <div class="two"><${Field} label=${t("book.n")} error=${errors.n}>${(a) => html`<input ...${a} class="line num" inputmode="numeric" value=${v.n} onInput=${put("n")} />`}<//>
    <${Field} label=${t("book.text")} error=${errors.text}>${(a) => html`<input ...${a} class="line" maxlength="1000" value=${v.text} onInput=${put("text")} />`}<//></div>
    <${Field} label=${t("book.reason")} error=${errors.reason} wide>${(a) => html`<textarea ...${a} class="line" rows="2" maxlength="1000" value=${v.reason} onInput=${put("reason")} />`}<//><//>`;
}

function Year({register, year, open, done, close}) {
  const {t, api} = useDesk();
  const [bad, setBad] = useState("");
  const [typed, setTyped] = useState("");
  async function send() {
    if (typed.trim() !== String(year)) return setBad(t("book.year_type", {year}));
    const reply = await api.post("register/year", {register, year, act: open ? "close" : "open"});
    return reply.ok ? done(t(open ? "book.closed_now" : "book.opened_now", {year}), reply.body.protocol) : setBad(sentence(reply, t));
  }
  return html`<${Panel} title=${t(open ? "book.close" : "book.open", {year})} lead=${t("book.year_lead")} close=${close} onSend=${send} send=${t(open ? "book.close" : "book.open",
    {year})} hint="act.final"><${Field} label=${t("book.year_type", {year})} error=${bad}>${(a) => html`<input ...${a} class="line num" inputmode="numeric" value=${typed} onInput=${(e) =>
    setTyped(e.target.value)} />`}<//><//>`;
}

export function Book({q}) {
  const {t, L, named, lang, can, me, news} = useDesk();
  const registers = useLoad("registers");
  const all = registers.body?.items || registers.body || [];
  const own = all.find((r) => r.register === q.register) || all[0];
  const year = Number(q.year) || Number(me.today?.slice(0, 4));
  const to = (more) => go(`#/register${query({...q, ...more})}`);
  const [panel, setPanel] = useState("");
  const [turn, setTurn] = useState(0);
  const [protocol, setProtocol] = useState(null);
  const key = own ? `register${query({institution: own.institution, register: own.register, year, day: q.day})}` : null;
  const pages = usePages(key);
  const load = useLoad(key && `${key}${pages.after ? `&after=${encodeURIComponent(pages.after)}` : ""}`, undefined, turn);
  const open = own?.years.find((y) => y.year === year)?.open;
  const done = (text, paper) => {
    setPanel("");
    setTurn(turn + 1);
    registers.load();
    if (paper) setProtocol(paper);
    news.say(text);
  };
  const d = load.body?.day;
  const gone = (e) => e.erased_at && t(e.erasure ? "book.erased_by" : "book.erased", {day: day(lang, e.erased_at), n: e.erasure});
  const content = (e) => [gone(e), e.corrects && t("book.corrects", {n: e.corrects}), e.subject, e.text].filter(Boolean).join(" · ");
  return html`<div class="page"><${Head} title=${own ? L(own.name) : t("nav.register")} lead=${t("book.lead")}>
      ${own && html`<p class="total"><strong class="num">${own.years.find((y) => y.year === year)?.last_n ?? 0}</strong><span>${t("book.last")}</span></p>`}<//>
    <div class="filters" role="group" aria-label=${t("filters")}>
      <label class="pick"><span class="sr">${t("entry.register")}</span><select value=${own?.register} onChange=${(e) => to({register: e.target.value})}>${all.map((r) => html`<option
        key=${r.register} value=${r.register}>${L(r.name)}</option>`)}</select></label>
      <label class="pick"><span class="sr">${t("book.year")}</span><select value=${year} onChange=${(e) => to({year: e.target.value, day: ""})}>${(own?.years || [{year}]).map((y) =>
        html`<option key=${y.year} value=${y.year}>${y.year} ${y.open === false ? t("book.is_closed") : ""}</option>`)}</select></label>
      <label class="pick"><span>${t("book.day")}</span> <input type="date" class="line slim" value=${q.day || ""} onChange=${(e) => to({day: e.target.value})} /></label>
      ${q.day ? html`<button type="button" class="link" onClick=${() => to({day: ""})}>${t("book.all_days")}</button>` : html`<button type="button" class="link" onClick=${() =>
        to({day: me.today})}>${t("due.today")}</button>`}
      <span class="grow ends">
      ${can("register.correct") && html`<button type="button" class="btn" aria-expanded=${panel === "correct"} onClick=${() => setPanel("correct")}>${t("book.correct")}…</button>`}
      ${can("register.year") && own && html`<button type="button" class="btn" aria-expanded=${panel === "year"} onClick=${() => setPanel("year")}>${t(open ? "book.close" : "book.open",
        {year})}…</button>`}</span></div>
    ${panel === "correct" && html`<${Correct} register=${own.register} year=${year} done=${done} close=${() => setPanel("")} />`}
    ${panel === "year" && html`<${Year} register=${own.register} year=${year} open=${open} done=${done} close=${() => setPanel("")} />`}
    ${protocol && html`<p class="notice good"><${Icon} name="check" /><a class="link" href=${`/api/documents/${protocol.id}`} target="_blank" rel="noopener">${protocol.title ||
      t("book.protocol")}</a></p>`}
    <${Waiting} of=${load} />
    ${d && html`<section class="daypage"><p><strong>${t("book.page", {day: day(lang, d.date)})}</strong> <span class="num">${d.first}–${d.last}</span> <span class="quiet">${d.sealed_at ?
      t("book.sealed", {at: moment(lang, d.sealed_at)}) : t("book.unsealed")}</span> <a class="link" href=${`/api/register/day.pdf${query({institution: own.institution, register: own.register,
      date: d.date})}`} target="_blank" rel="noopener">${t("book.pdf")}</a></p><p class="hash num">SHA-256 ${d.hash}</p></section>`}
    ${load.body && (load.body.entries.length ? html`<div class="table-box" role="region" tabindex="0" aria-label=${L(own.name)}><table class="table" role="table"><caption class="sr">${own ? L(own.name) : ""}</caption><thead role="rowgroup"><tr
      role="row">${["n", "at", "direction", "correspondent", "subject", "department", "by"].map((c) => html`<th scope="col" role="columnheader" key=${c}>${t(`book.${c}`)}</th>`)}</tr></thead>
      <tbody role="rowgroup">${load.body.entries.map((e) => html`<tr role="row" key=${e.n} class=${e.corrects ? "corrects" : ""}><th scope="row" role="rowheader">${e.case ? html`<a
      class="open num" href=${`#/case/${e.case}`}>${e.n}</a>` : html`<span class="num">${e.n}</span>`}</th><td role="cell" data-label=${t("book.at")}><${Moment} at=${e.at} /></td>
      <td role="cell" data-label=${t("book.direction")}>${t(`direction.${e.direction}`)}</td><td role="cell" data-label=${t("book.correspondent")}><span class="clip" title=${e.correspondent}>${
      e.correspondent}</span></td><td role="cell" data-label=${t("book.subject")}><span class="clip" title=${content(e)}>${content(e)}</span></td><td role="cell" data-label=${t("book.department")}><span class="clip" title=${
      named("department", e.department)}>${named("department", e.department)}</span></td>
      <td role="cell" data-label=${t("book.by")}>${e.by_name || e.by}</td></tr>`)}</tbody></table></div>
      <${Pager} n=${pages.n} next=${load.body.next} back=${pages.back} onBack=${pages.onBack} onNext=${() => pages.onNext(load.body.next)} />`
    : html`<${Empty} title=${t("empty.book")} />`)}</div>`;
}
