// One case: the document beside the data, what can be done as buttons, what cannot with its reason.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Due, Field, go, Head, moment, State, useDesk, useLoad, Waiting} from "./tools.js";
import {drop, keep, keptAt, list} from "./memory.js";
import {step, useKeysOf} from "./keys.js";
import {Left} from "./news.js";
import {Act, Assign, Fact, Seal} from "./act.js";
import {later} from "./later.js";
import {Editor} from "./editor.js";
import {Documents} from "./docs.js";
import {Answers, Links, Messages, Notes, Opinions, Term, Timeline} from "./parts.js";

const Counter = later(() => import("./counter.js"), "Counter");

// What usually comes next stands first; the server decides what is allowed at all.
const next = ["register", "take", "sign_answer", "approve", "give_opinion", "draft_answer", "answer", "issue", "hand_over", "resolve", "check_in", "search",
  "visit", "plan", "prepare", "record_now", "second_presence", "opinions_done", "approvals_done", "ask_opinions", "review_yes", "confirm", "correct", "close"];
const rank = (a) => (next.indexOf(a.id) + 1 || 99);

function Ask({id, onReason}) {
  const {t} = useDesk();
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const box = useRef(null);
  useEffect(() => box.current.focus(), []);
  const send = (e) => {
    e.preventDefault();
    if (text.trim().length < 5) return setError(t("seal.short"));
    keep(`reason/${id}`, text.trim());
    return onReason(text.trim());
  };
  return html`<div class="page narrow"><${Head} title=${t("seal.title")} lead=${t("seal.lead")} /><form class="card stack" onSubmit=${send}>
    <${Field} label=${t("seal.reason")} help=${t("seal.help")} error=${error}>${(a) => html`<textarea ...${a} ref=${box} class="line" rows="3" value=${text}
      onInput=${(e) => setText(e.target.value)} />`}<//>
    <div class="row-do"><button class="btn main" type="submit">${t("seal.open")}</button><a class="link" href=${list.from}>${t("back")}</a></div></form></div>`;
}

function Others({who}) {
  const {t} = useDesk();
  if (!who?.length) return null;
  return html`<p class="others" role="status"><${Icon} name="eye" />${t("case.others", {who: who.map((o) => o.full_name).join(", ")})}</p>`;
}

function usePresence(id, on) {
  const {api} = useDesk();
  const [others, set] = useState(null);
  useEffect(() => {
    if (!on) return undefined;
    let gone = false;
    const tell = async () => {
      const reply = await api.post(`cases/${id}/presence`);
      if (!gone && reply.ok) set(reply.body.others);
    };
    tell();
    const timer = setInterval(tell, 20000);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [id, on]);
  return others;
}

export function Case({id}) {
  const {t, news, turn} = useDesk();
  const [reason, setReason] = useState(keptAt(`reason/${id}`) || "");
  const headers = reason ? {"X-Reason": encodeURIComponent(reason)} : undefined;
  const load = useLoad(`cases/${id}`, headers, `${turn} ${news.done} ${reason}`);
  const at = list.ids.indexOf(id);
  if (at >= 0) list.at = at;
  if (load.reply?.key === "err.reason_needed") return html`<${Ask} id=${id} onReason=${setReason} />`;
  if (!load.body) {
    return html`<div class="page"><${Head} title=${t("case.title")} /><${Waiting} of=${load} />${load.reply && html`<a class="link" href=${list.from}>${
      t("back")}</a>`}</div>`;
  }
  return html`<${Open} key=${id} id=${id} data=${load.body} load=${load} headers=${headers} />`;
}

function Top({row, data, copyNumber}) {
  const {t, named, me} = useDesk();
  return html`<div class="case-top"><div class="case-name"><a class="tool back" href=${list.from} aria-label=${t("back_list")}><${Icon} name="back" /></a>
      <h1 tabindex="-1" id="case-h" class="num">${row.number || t("no_number_long")}</h1>
      ${row.number && html`<button type="button" class="tool" aria-label=${t("copy.number_do")} onClick=${copyNumber}><svg class="icon" viewBox="0 0 24 24"
        aria-hidden="true"><path d="M9 9h11v11H9zM5 15H4V4h11v1" /></svg></button>`}
      <${State} row=${row} />${row.due && html`<${Due} row=${row} today=${me.today} full dated />`}
      ${row.flags.filter((f) => f !== "late").map((f) => html`<span class="flag" key=${f}>${named("flag", f)}</span>`)}
      ${row.sealed && html`<span class="flag sealed"><${Icon} name="eye" />${t("seal.is")}</span>`}
      ${list.ids.length > 1 && list.at >= 0 && html`<div class="case-way"><span class="quiet num">${t("case.nth", {n: list.at + 1, of: list.ids.length})}</span>
        <button type="button" class="tool" disabled=${list.at < 1} aria-label=${t("key.k")} onClick=${() => step(-1)}><${Icon} name="up" /></button>
        <button type="button" class="tool" disabled=${list.at >= list.ids.length - 1} aria-label=${t("key.j")} onClick=${() => step(1)}><${Icon} name="down" /></button></div>`}</div>
    <p class="case-who"><strong>${row.person}</strong><span>${named("service", row.service)}</span>${row.subject && html`<span class="quiet">${row.subject}</span>`}</p>
    ${row.attention && html`<p class="notice warn">${t.has(`attention.${row.attention}`) ? t(`attention.${row.attention}`) : t("attention.other")}</p>`}
    <p class="case-by"><span>${named("department", row.department)}</span><span>${row.assignee_name || t("nobody_long")}</span><span class="num">${t("case.since",
      {at: moment(t.lang, row.registered_at)})}</span><span>${t(`channel.${row.channel}`)}</span>${data.case.cnp_masked && html`<span class="num">CNP ${
      data.case.cnp_masked}</span>`}</p></div>`;
}

function Doing({data, headers, waiting, onAct, panel, onPanel}) {
  const {t, L, me, can, news} = useDesk();
  const asked = data.returns.some((r) => !r.answered_at) && can("case.return_fields");
  const allowed = data.actions.filter((a) => a.allowed).sort((a, b) => rank(a) - rank(b));
  if (waiting) {
    return html`<div class="doing going" key="going"><${Icon} name="clock" /><p role="status">${t("news.soon", {what: waiting.text})}</p>
      ${waiting.kind === "wait" && html`<${Left} until=${waiting.until} />`}<button type="button" class="btn" onClick=${() => news.back(waiting.id)}>${t("news.back")}</button>
      <button type="button" class="link" onClick=${() => news.send(waiting.id)}>${t("news.now")}</button></div>`;
  }
  const on = (kind) => panel?.kind === kind || panel?.action?.id === kind;
  return html`<div class="doing" key="doing" role="group" aria-label=${t("case.doing")}>
    ${allowed.map((a, i) => html`<button type="button" key=${a.id} class=${`btn${i === 0 && rank(a) < 99 ? " main" : ""}`} aria-expanded=${a.needs.length ? on(a.id) :
      undefined} onClick=${() => onAct(a)}>${L(a.label)}${a.needs.length ? "…" : ""}</button>`)}
    ${asked && html`<button type="button" class=${`btn${allowed.some((a) => rank(a) < 99) ? "" : " main"}`} aria-expanded=${on("counter")} onClick=${() => onPanel({kind: "counter"})}>${t("counter.do")}…</button>`}
    ${can("case.assign") && html`<button type="button" class="btn" aria-expanded=${on("assign")} onClick=${() => onPanel({kind: "assign"})}>${t("assign.do")}…</button>`}
    ${(data.case.sealed ? can("case.unseal") : can("case.seal")) && html`<button type="button" class="btn" aria-expanded=${on("seal")}
      onClick=${() => onPanel({kind: "seal"})}>${t(data.case.sealed ? "seal.off" : "seal.on")}…</button>`}
    ${!data.case.closed_at && can("case.note") && data.case.state !== "submitted" && html`<button type="button" class="btn" aria-expanded=${on("fact")}
      onClick=${() => onPanel({kind: "fact"})}>${t("fact.title")}…</button>`}
    ${!allowed.length && html`<p class="quiet">${t("case.nothing")}</p>`}
    <${Refused} row=${data.case} headers=${headers} first=${data.actions.filter((a) => !a.allowed)} /></div>`;
}

// What cannot be done and why: the steps at hand are known, the rest is asked for when somebody wonders.
function Refused({row, headers, first}) {
  const {t, L} = useDesk();
  const [open, setOpen] = useState(false);
  const load = useLoad(open ? `cases/${row.id}/refused` : null, headers, row.version);
  const all = load.body || first.map((a) => ({...a, why: a.why_not}));
  return html`<details class="denied" onToggle=${(e) => setOpen(e.target.open)}><summary>${t("case.refused")}</summary><dl>${all.map((a) => html`<div key=${a.id}>
    <dt>${a.label ? L(a.label) : t(`right.${a.id}`)}</dt><dd>${L(a.why)}</dd></div>`)}</dl></details>`;
}

function Open({id, data, load, headers}) {
  const {t, L, api, news, can, me, where, recount} = useDesk();
  const [panel, setPanel] = useState(null);
  const [stale, setStale] = useState(keptAt(`stale/${id}`) || null);
  const row = data.case;
  const others = usePresence(id, true) || data.others;
  const waiting = news.waitingFor(id);
  const box = useRef(null);
  useEffect(() => {
    document.title = `${row.number || t("case.title")} · Pridvor`;
  }, [row.number]);
  useEffect(() => {
    if (where.focus) document.getElementById("case-h")?.focus({preventScroll: true});
    const missed = keptAt(`missed/${id}`);
    if (missed) openPanel(data.actions.find((a) => a.id === missed));
  }, []);
  useEffect(() => {
    const missed = async (e) => {
      if (e.detail.id !== id) return;
      const fresh = load.load();
      if (e.detail.changed) await fresh; // what is sent next is about what stands there by then
      setStale(e.detail.changed || null);
      openPanel(data.actions.find((a) => a.id === e.detail.action));
    };
    addEventListener("desk-missed", missed);
    return () => removeEventListener("desk-missed", missed);
  });

  useEffect(() => {
    if (waiting?.kind === "wait" && document.activeElement.matches("body, h1, main")) box.current?.querySelector(".going .btn")?.focus();
    if (!waiting && document.activeElement === document.body) document.getElementById("case-h")?.focus({preventScroll: true});
  }, [waiting?.id]);
  function openPanel(action) {
    if (!action) return;
    setPanel(action.needs.some((n) => n.id === "document") ? {kind: "editor", action} : {kind: "act", action});
  }
  const close = () => {
    setPanel(null);
    setStale(null);
    drop(`stale/${id}`);
    drop(`missed/${id}`);
    box.current?.querySelector(".doing .btn")?.focus();
  };
  const taken = (body) => {
    load.set(body);
    recount();
  };
  const flat = (given) => Object.fromEntries(Object.entries(given).map(([need, v]) => [need, Array.isArray(v) ? v.join(",") : String(v).trim()]));
  const send = (action, given, more, keepalive) => api.call("POST", `cases/${id}/act`, {action: action.id, version: row.version, given: flat(given), ...more},
    headers, keepalive ? {keepalive: true} : {});
  // A number is given at once and for ever; taking a case harms nobody. Everything else can be taken back for ten seconds.
  async function act(action, given = {}, more = {}, andNext = false) {
    const place = `act/${id}/${action.id}`;
    const clear = () => {
      [place, `stale/${id}`, `missed/${id}`].forEach(drop);
      setStale(null);
    };
    const missed = (reply) => {
      keep(place, given);
      keep(`missed/${id}`, action.id);
      if (reply.status === 409) keep(`stale/${id}`, reply.body?.changed || []);
      dispatchEvent(new CustomEvent("desk-missed", {detail: {id, action: action.id, changed: reply.status === 409 ? reply.body?.changed || [] : null}}));
    };
    if (action.id === "register" || (row.state === "registered" && action.to === "in_work" && !action.needs.length)) {
      const reply = await send(action, given, more);
      if (!reply.ok) return missed(reply), reply;
      clear();
      setPanel(null);
      taken(reply.body);
      news.say(action.id === "register" ? t("case.numbered", {number: reply.body.case.number}) : t("news.done", {what: L(action.label)}));
      return reply;
    }
    keep(place, given);
    news.later({what: id, text: `${L(action.label)} · ${row.number || row.person}`, run: (alive) => send(action, given, more, alive),
      good: clear, failed: missed, taken: () => action.needs.length && dispatchEvent(new CustomEvent("desk-missed", {detail: {id, action: action.id}}))});
    setPanel(null);
    if (andNext && !step(1)) go(list.from);
    return {ok: true};
  }
  const choose = (action) => (action.needs.length || stale ? openPanel(action) : act(action));
  const main = data.actions.filter((a) => a.allowed).sort((a, b) => rank(a) - rank(b))[0];
  const cnp = data.answers.find((a) => a.type === "cnp")?.text;
  const mayDraft = can("answer.draft") && ["in_work", "decided"].includes(row.state) && !data.fixed; // what waits for its signature is not written in
  useKeysOf({
    a: () => main && !waiting && choose(main), e: () => mayDraft && setPanel({kind: "editor"}),
    escape: () => panel && (close(), true), copy: () => ({number: row.number, date: row.due, cnp}),
  });
  const copyNumber = async () => {
    await navigator.clipboard?.writeText(row.number);
    news.say(t("copied", {what: t("copy.number")}));
  };
  const common = {id, data, load, headers, taken};
  const editing = panel?.kind === "editor";
  return html`<div class=${`case${editing ? " editing" : ""}`} ref=${box}>
    <header class="case-head"><${Top} row=${row} data=${data} copyNumber=${copyNumber} /><${Others} who=${others} />
      <${Doing} data=${data} headers=${headers} waiting=${waiting} panel=${panel} onAct=${choose} onPanel=${setPanel} /></header>
    <div class="case-data">
      ${load.reply && !load.reply.ok && html`<${Waiting} of=${{...load, body: null}} />`}
      ${panel?.kind === "act" && html`<${Act} key=${panel.action.id} ...${common} action=${panel.action} stale=${stale} act=${act} close=${close} />`}
      ${panel?.kind === "assign" && html`<${Assign} ...${common} close=${close} />`}
      ${panel?.kind === "seal" && html`<${Seal} ...${common} close=${close} />`}
      ${panel?.kind === "fact" && html`<${Fact} ...${common} close=${close} />`}
      ${panel?.kind === "counter" && html`<${Counter} ...${common} close=${close} />`}
      ${editing && html`<${Editor} ...${common} action=${panel.action || data.actions.find((a) => a.allowed && a.needs.some((n) => n.id === "document"))}
        stale=${stale} act=${act} close=${close} />`}
      <${Term} ...${common} />
      <${Answers} ...${common} />
      ${mayDraft && !editing && html`<section class="card draft-card"><h2>${t("draft.title")}</h2><p>${data.draft ? t("draft.saved", {who: data.draft.author === me.account ?
        t("draft.you") : data.draft.author, at: moment(t.lang, data.draft.at)}) : t("draft.none")}</p><button type="button" class="btn"
        onClick=${() => setPanel({kind: "editor"})}><${Icon} name="pen" />${t(data.draft ? "draft.go" : "draft.start")}</button></section>`}
    </div>
    <div class="case-docs"><${Documents} ...${common} editing=${editing} /></div>
    <div class="case-more"><${Opinions} ...${common} /><${Notes} ...${common} /><${Messages} ...${common} /><${Links} ...${common} /><${Timeline} ...${common} /></div>
  </div>`;
}
