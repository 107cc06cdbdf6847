// For heads of office: who carries what, who is away, who stands in. Every number opens its cases.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {day, Field, Head, sentence, useDesk, useLoad, Waiting} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {Empty} from "./table.js";
import {Panel} from "./act.js";

function Delegate({people, close, done}) {
  const {t, api, me} = useDesk();
  const [v, set] = useKept("delegate", {account: "", to_account: "", from: me.today, to: "", reason: ""});
  const [errors, setErrors] = useState({});
  const put = (name) => (e) => set({...v, [name]: e.target.value});
  async function send() {
    const missing = Object.fromEntries(["account", "to_account", "from", "to", "reason"].filter((k) => !v[k]).map((k) => [k, t("entry.missing")]));
    if (v.from && v.to && v.to < v.from) missing.to = t("team.order");
    if (v.account && v.account === v.to_account) missing.to_account = t("team.same");
    setErrors(missing);
    if (Object.keys(missing).length) return;
    const reply = await api.post("delegations", v);
    if (!reply.ok) return void setErrors({[reply.path in v ? reply.path : "all"]: sentence(reply, t)});
    drop("delegate");
    done();
  }
  const who = (name) => (a) => html`<select ...${a} value=${v[name]} onChange=${put(name)}><option value="">${t("choose")}</option>${people.filter((p) => !p.gone).map((p) => html`<option key=${p.account}
    value=${p.account}>${p.full_name}</option>`)}</select>`;
  const date = (name) => (a) => html`<input ...${a} type="date" class="line" value=${v[name]} onInput=${put(name)} />`;
  return html`<${Panel} title=${t("team.delegate")} lead=${t("team.delegate_lead")} close=${close} onSend=${send} send=${t("team.delegate_do")}
    hint="act.at_once">
    ${errors.all && html`<p class="notice bad" role="alert">${errors.all}</p>`}
    <div class="two even"><${Field} label=${t("team.who")} error=${errors.account}>${who("account")}<//><${Field} label=${t("team.instead")} error=${errors.to_account}>${who("to_account")}<//>
    <${Field} label=${t("team.from")} error=${errors.from}>${date("from")}<//><${Field} label=${t("team.to")} error=${errors.to}>${date("to")}<//></div>
    <${Field} label=${t("team.reason")} error=${errors.reason} wide>${(a) => html`<input ...${a} class="line" value=${v.reason} onInput=${put("reason")} />`}<//><//>`;
}

export function Team({q}) {
  const {t, L, lang, api, me, can, news} = useDesk();
  const [department, setDepartment] = useState(q.department || "");
  const team = useLoad(`team${department ? `?department=${encodeURIComponent(department)}` : ""}`);
  const gone = useLoad(`team/late${department ? `?department=${encodeURIComponent(department)}` : ""}`);
  const given = useLoad(can("team.delegate") ? "delegations" : null);
  const [panel, setPanel] = useState(false);
  const people = team.body?.items || team.body || [];
  const late = gone.body?.items || gone.body || [];
  const delegations = given.body?.items || given.body || [];
  const most = Math.max(1, ...people.map((p) => p.open));
  const total = people.reduce((n, p) => ({open: n.open + p.open, late: n.late + p.late}), {open: 0, late: 0});
  const end = async (d) => {
    const reply = await api.post(`delegations/${d.id}/end`);
    news.say(reply.ok ? t("team.ended") : sentence(reply, t), reply.ok ? "good" : "bad");
    given.load();
    team.load();
  };
  return html`<div class="page"><${Head} title=${t("nav.team")} lead=${people.length ? t("team.sum", {open: t.n("team.open", total.open), late: t.n("team.late", total.late)}) : t("team.lead")}><//>
    <div class="filters"><label class="pick"><span class="sr">${t("filter.department")}</span><select value=${department} onChange=${(e) => setDepartment(e.target.value)}><option value="">${
      t("filter.department")}</option>${(me.departments || []).map((d) => html`<option key=${d.id} value=${d.id}>${L(d.name)}</option>`)}</select></label>
      <a class="btn" href="#/queue/late">${t("q.late")}</a><a class="btn" href="#/queue/unassigned">${t("q.unassigned")}</a><span class="grow ends">
      ${can("team.delegate") && html`<button type="button" class="btn" aria-expanded=${panel} onClick=${() => setPanel(true)}>${t("team.delegate")}…</button>`}</span></div>
    ${panel && html`<${Delegate} people=${people} close=${() => setPanel(false)} done=${() => {
      setPanel(false);
      given.load();
      team.load();
      news.say(t("team.delegated"));
    }} />`}
    <${Waiting} of=${team} />
    ${team.body && (people.length ? html`<div class="table-box" role="region" tabindex="0" aria-label=${t("nav.team")}><table class="table roomy-rows" role="table"><caption class="sr">${t("nav.team")}</caption><thead role="rowgroup"><tr role="row">${["name",
      "load", "late_n", "week", "absent"].map((c) => html`<th key=${c} scope="col" role="columnheader">${t(`team.${c}`)}</th>`)}</tr></thead><tbody role="rowgroup">${people.map((p) =>
      html`<tr role="row" key=${p.account}><th scope="row" role="rowheader">${p.full_name}</th><td role="cell" data-label=${t("team.load")}><a class="load" href=${`#/queue/team?assignee=${
      encodeURIComponent(p.account)}`}><meter min="0" max=${most} value=${p.open} aria-hidden="true"></meter><span class="num">${p.open}</span></a></td><td role="cell" data-label=${
      t("team.late_n")}>${p.late ? html`<a class="due late" href=${`#/queue/late?assignee=${encodeURIComponent(p.account)}`}>${t.n("team.late", p.late)}</a>` : html`<span class="quiet">–</span>`}</td>
      <td role="cell" data-label=${t("team.week")} class="num">${p.due_week}</td><td role="cell" data-label=${t("team.absent")}>${p.gone ? html`<span class="state">${t("user.off")}</span>` : p.absent ? html`<span class="state">${t("team.away_until", {to:
      day(lang, p.absent.to), who: people.find((x) => x.account === p.absent.to_account)?.full_name || p.absent.to_account || t("nobody")})}</span>` : html`<span class="quiet">${t("team.here")}</span>`}</td>
      </tr>`)}</tbody></table></div>` : html`<${Empty} title=${t("empty.team")} />`)}
    ${late.length > 0 && html`<section class="card"><h2>${t("team.gone_late")}</h2><ul class="messages">${late.map((x) => html`<li key=${x.case}><a class="btn num" href=${`#/case/${
      x.case}`}>${x.number}</a><span>${t("team.gone_due", {due: day(lang, x.due)})}</span><span class="state m-bad">${t("team.gone_on", {on: day(lang, x.on)})}</span></li>`)}</ul></section>`}
    ${delegations.length > 0 && html`<section class="card"><h2>${t("team.delegations")}</h2><ul class="messages">${delegations.map((d) => html`<li key=${d.id}><strong>${d.full_name ||
      d.account}</strong><span><${Icon} name="next" />${d.to_name || d.to_full_name || d.to_account}</span><span class="num">${day(lang, d.from)} – ${day(lang, d.to)}</span><span class="quiet">${
      d.reason}</span>${can("team.delegate") && html`<button type="button" class="btn" onClick=${() => end(d)}>${t("team.end")}</button>`}</li>`)}</ul></section>`}</div>`;
}
