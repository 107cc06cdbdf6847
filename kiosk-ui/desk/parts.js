// The parts of a case: term with its calculation, answers, opinions, notes, messages, links, what happened.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {copy, day, Due, Field, moment, sentence, useDesk} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {taken as isTaken, useSure} from "./sure.js";

export function Term({data}) {
  const {t, L, me} = useDesk();
  if (!data.term) return null;
  const more = data.terms.filter((x) => !x.main), next = data.term.escalation;
  return html`<section class="card term"><h2>${t("term.title")}</h2><p class="term-main"><${Due} row=${data.case} today=${me.today} full /><strong class="num">${day(t.lang,
    data.term.due)}</strong><span class="quiet">${L(data.term.why)}</span></p>
    <p class="calc">${L(data.term.calc)}</p>
    <p class="quiet small">${[data.term.law, data.term.article].filter(Boolean).join(", ")}</p>
    ${(more.length > 0 || next) && html`<ul class="terms">${more.map((x) => html`<li key=${x.id}><span class="num">${day(t.lang, x.due)}</span><span>${x.notice && html`<strong>${
      t("term.notice")}</strong> `}${L(x.calc || x.why)}${x.ended_at && html` <span class="quiet">${t("term.ended")}</span>`}</span></li>`)}${next && html`<li key="late"><span
      class="num">${day(t.lang, next.day)}</span><span>${L(next.calc)}</span></li>`}</ul>`}</section>`;
}

export function Answers({data}) {
  const {t, L, news} = useDesk();
  const take = async (a) => news.say(await copy(a.text) ? t("copied", {what: L(a.label)}) : t("copy.no"));
  return html`<section class="card answers"><h2>${t("answers.title")}</h2>
    ${data.identity && html`<p class=${`identity${/card|chip|eid|seen/.test(data.identity.word) ? " sure" : ""}`}><${Icon} name="id" />${L(data.identity.say) || data.identity.word}</p>`}
    <dl>${data.answers.map((a) => html`<div key=${a.field} class=${a.type === "area" ? "tall" : ""}><dt>${L(a.label)}</dt><dd>${a.type === "area" ? html`<span class="area">${
      a.text}</span>` : html`${L(a.shown) || a.text}${a.shown && L(a.shown) !== a.text && html` <span class="quiet" lang="ro">(${a.text})</span>`}`}${a.from_card && html` <span class="tag">${t("answers.card")}</span>`}${["cnp", "email", "phone", "plate"].includes(a.type) && a.text &&
      html`<button type="button" class="tool mini" aria-label=${t("copy.do", {what: L(a.label)})} onClick=${() => take(a)}><svg class="icon" viewBox="0 0 24 24"
        aria-hidden="true"><path d="M9 9h11v11H9zM5 15H4V4h11v1" /></svg></button>`}</dd></div>`)}
    ${(data.case.contact?.email || data.case.contact?.phone) && html`<div><dt>${t("answers.contact")}</dt><dd>${[data.case.contact.email, data.case.contact.phone]
      .filter(Boolean).join(" · ")}</dd></div>`}</dl>
    ${data.returns.map((r, i) => html`<p class="notice warn" key=${i}>${t("returned", {at: moment(t.lang, r.at), reason: r.reason})}${r.answered_at ?
      ` ${t("returned.back", {at: moment(t.lang, r.answered_at)})}` : ""}</p>`)}</section>`;
}

const answers = {opinion: ["expert", "head", "officer", "county"], other: ["clerk", "head", "officer", "field", "registrar", "archivist"]};
// Opinions, visits, records: whoever was asked answers here.
export function Opinions({id, data, taken, headers}) {
  const {t, L, me} = useDesk();
  if (!data.tasks.length) return null;
  const place = (x) => L(me.departments?.find((d) => d.id === x.department)?.name) || x.department || "";
  const may = (x) => me.roles.some((r) => (answers[x.kind] || answers.other).includes(r.role));
  const mine = (x) => !x.done_at && !data.case.closed_at && may(x) && (x.assignee ? x.assignee === me.account : me.departments?.some((d) => d.id === x.department));
  return html`<section class="card"><h2>${t("opinions.title")}</h2><ul class="tasks">${data.tasks.map((x) => html`<li key=${x.id} class=${x.done_at ? "done" : ""}>
    <p><strong>${t.has(`task.${x.kind}`) && x.kind !== "opinion" ? `${t(`task.${x.kind}`)} · ` : ""}${place(x)}</strong> ${x.done_at ? html`<span class=${`state op-${x.result}`}>${
    t(`opinion.${x.result || "none"}`)}</span>` : html`<span class="state">${t("opinion.open", {due: day(t.lang, x.due)})}</span>`}</p>${!x.done_at && x.calc && html`<p class="quiet small">${L(x.calc)}</p>`}${x.text && html`<p class="area">${x.text}</p>`}
    ${mine(x) && html`<${Give} id=${id} task=${x} data=${data} taken=${taken} headers=${headers} />`}</li>`)}</ul></section>`;
}

function Give({id, task, data, taken, headers}) {
  const {t, api, news} = useDesk();
  const words = task.kind === "opinion" ? ["positive", "negative", "none"] : ["done"];
  const [v, set] = useKept(`opinion/${task.id}`, {result: words.length === 1 ? words[0] : "", text: ""});
  const [bad, setBad] = useState("");
  const send = async (e) => {
    e.preventDefault();
    if (!v.result) return setBad(t("opinion.choose"));
    const reply = await api.post(`cases/${id}/opinion`, {task: task.id, ...v, version: data.case.version}, headers);
    if (!reply.ok) return setBad(sentence(reply, t));
    drop(`opinion/${task.id}`);
    taken(reply.body);
    return news.say(t("opinion.given"));
  };
  return html`<form class="stack" onSubmit=${send}><fieldset class="field"><legend>${t(task.kind === "opinion" ? "opinion.give" : "opinion.report")}</legend><div class="ticks inline">${words
    .map((r) => html`<label class="tick" key=${r}><input type="radio" name=${`o${task.id}`} checked=${v.result === r} onChange=${() => set({...v, result: r})} /><span>${
      t(`opinion.${r}`)}</span></label>`)}</div>${bad && html`<p class="field-error" role="alert">${bad}</p>`}</fieldset>
    <${Field} label=${t("opinion.text")} wide>${(a) => html`<textarea ...${a} class="line" rows="2" value=${v.text} onInput=${(e) => set({...v, text: e.target.value})} />`}<//>
    <div class="row-do"><button class="btn" type="submit">${t(task.kind === "opinion" ? "opinion.send" : "opinion.report_do")}</button></div></form>`;
}

export function Notes({id, data, taken, headers}) {
  const {t, can} = useDesk();
  const [v, set] = useKept(`note/${id}`, {text: "", public: false});
  const [bad, setBad] = useState("");
  const sure = useSure(`cases/${id}/note`, headers, (reply) => {
    if (isTaken(reply)) sure.renew();
    if (!reply.ok) return setBad(sentence(reply, t));
    set({text: "", public: false});
    drop(`note/${id}`);
    setBad("");
    return taken(reply.body);
  });
  const send = (e) => {
    e.preventDefault();
    if (!v.text.trim()) return setBad(t("note.empty"));
    return sure.send({text: v.text.trim(), public: v.public});
  };
  return html`<section class="card notes"><h2>${t("notes.title")}</h2>
    <ul>${data.notes.map((n, i) => html`<li key=${i} class=${n.public ? "public" : "internal"}><p class="note-by"><strong>${n.author_name}</strong><span class="quiet num">${
      moment(t.lang, n.at)}</span><span class="tag">${t(n.public ? "note.public" : "note.internal")}</span></p><p class="area">${n.text}</p></li>`)}</ul>
    ${can("case.note") && html`<form class="stack" onSubmit=${send}>${sure.unsure && html`<p class="notice" role="status">${t("sure.wait")}</p>`}
      <fieldset class="stack whole" disabled=${sure.unsure}><${Field} label=${t("note.new")} error=${bad} wide>${(a) => html`<textarea ...${a} class="line" rows="2"
      value=${v.text} onInput=${(e) => set({...v, text: e.target.value})} />`}<//>
      <div class="row-do"><label class="tick"><input type="checkbox" checked=${v.public} onChange=${(e) => set({...v, public: e.target.checked})} /><span>${
      t("note.show")}</span></label><span class="grow"></span><button class="btn" type="submit">${t("note.add")}</button></div></fieldset></form>`}</section>`;
}

const tone = {delivered: "good", sent: "good", failed: "bad", dead: "bad", unknown: "bad", queued: "wait"};
export function MessageState({m}) {
  const {t} = useDesk();
  return html`<span class=${`state m-${m.attention ? "bad" : tone[m.state] || "wait"}`}>${t.has(`message.${m.state}`) ? t(`message.${m.state}`) : m.state}</span>`;
}

export function Messages({data, load}) {
  const {t, api, can, news} = useDesk();
  if (!data.messages.length) return null;
  const retry = async (m) => {
    const reply = await api.post(`messages/${m.id}/retry`);
    news.say(reply.ok ? t("message.again_done") : sentence(reply, t), reply.ok ? "good" : "bad");
    load.load();
  };
  return html`<section class="card"><h2>${t("messages.title")}</h2><ul class="messages">${data.messages.map((m) => html`<li key=${m.id}><span class="way">${
    t(`way.${m.way}`)}</span><span>${t.has(`letter.${m.message}`) ? t(`letter.${m.message}`) : m.message}</span><${MessageState} m=${m} />
    <span class="quiet num">${moment(t.lang, m.at)}</span>${m.detail && html`<span class="quiet">${m.detail}</span>`}${m.attention && can("message.retry") && html`<button
    type="button" class="btn" onClick=${() => retry(m)}>${t("message.again")}</button>`}</li>`)}</ul></section>`;
}

export function Links({data}) {
  const {t} = useDesk();
  if (!data.links.length) return null;
  return html`<section class="card"><h2>${t("links.title")}</h2><ul class="plain">${data.links.map((l) => html`<li key=${l.case}><a href=${`#/case/${l.case}`} class="num">${
    l.number || t("no_number_long")}</a> <span class="quiet">${t.has(`link.${l.kind}`) ? t(`link.${l.kind}`) : l.kind}</span></li>`)}</ul></section>`;
}

export function Timeline({data}) {
  const {t, L} = useDesk();
  const own = (e) => `act.${e.act.replaceAll(" ", "_")}`; // what the workflow has no word for
  const what = (e) => (t.has(own(e)) ? t(own(e)) : L(e.label) || e.act);
  return html`<section class="card"><h2>${t("timeline.title")}</h2><ol class="timeline">${[...data.events].reverse().map((e, i) => html`<li key=${i}><p><strong>${what(e)}</strong>${e.public && html` <span class="tag">${t("timeline.public")}</span>`}</p>${e.reason && html`<p class="area">${e.reason}</p>`}${e.given?.late_since && html`<p class="small"><span class="state m-bad">${t("timeline.late",
    {due: day(t.lang, e.given.late_since)})}</span></p>`}${e.given?.before && e.given.due && html`<p class="small num">${day(t.lang, e.given.before)} → ${day(t.lang, e.given.due)}</p>`}<p class="quiet small num">${
    moment(t.lang, e.at)} · ${e.actor_name || t("timeline.system")}</p></li>`)}</ol></section>`;
}
