// What an act asks for, in one panel beside the document: reason, fields, department, institution. Nothing is modal; what was typed
// stays when somebody else was quicker.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Field, moment, sentence, useDesk, useLoad} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {useKeysOf} from "./keys.js";

export function Changed({events}) {
  const {t, L} = useDesk();
  if (!events) return null;
  return html`<div class="notice warn changed" role="alert"><${Icon} name="again" /><div><p><strong>${t("stale.title")}</strong></p>
    <ul>${events.map((e, i) => html`<li key=${i}>${moment(t.lang, e.at)} · ${e.actor_name}: ${L(e.label)}${e.reason ? ` (${e.reason})` : ""}</li>`)}</ul>
    <p>${t("stale.kept")}</p></div></div>`;
}

export function Panel({title, lead, children, close, onSend, send, busy, hint = "act.undo"}) {
  const {t} = useDesk();
  const ref = useRef(null);
  useEffect(() => {
    const first = ref.current.querySelector("textarea.paper") || ref.current.querySelector("input, textarea, select, .btn.main");
    first?.focus({preventScroll: true});
    ref.current.scrollIntoView({block: "nearest"});
  }, []);
  useKeysOf({save: () => onSend(true)});
  return html`<form class="panel" ref=${ref} onSubmit=${(e) => (e.preventDefault(), onSend(false))}><div class="panel-h"><h2>${title}</h2>
      <button type="button" class="tool" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button></div>
    ${lead && html`<p class="quiet">${lead}</p>`}${children}
    <div class="row-do"><button type="submit" class="btn main" aria-disabled=${busy}>${send}</button>
      <button type="button" class="link" onClick=${close}>${t("cancel")}</button><span class="quiet hint">${t(hint)}</span></div></form>`;
}

function Need({need, value, set, data, error}) {
  const {t, L, me} = useDesk();
  const institutions = useLoad(need.id === "institution" ? "institutions" : null);
  const name = L(need.name);
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  if (need.id === "fields") {
    const chosen = value || [];
    const flip = (field) => set(chosen.includes(field) ? chosen.filter((f) => f !== field) : [...chosen, field]);
    return html`<fieldset class="field wide" aria-invalid=${error ? "true" : undefined}><legend>${label}</legend><p class="help">${t("act.fields_help")}</p>
      <div class="ticks">${data.returnable.map((f) => html`<label class="tick" key=${f.field}><input type="checkbox" checked=${chosen.includes(f.field)}
        onChange=${() => flip(f.field)} /><span>${L(f.label)}</span></label>`)}</div>${error && html`<p class="field-error">${error}</p>`}</fieldset>`;
  }
  const options = need.id === "department" ? (me.departments || []).map((d) => [d.id, L(d.name)]) : need.id === "institution" ?
    (institutions.body?.items || institutions.body || []).map((i) => [i.id, L(i.name)]) : need.id === "search_result" ? ["yes", "partial", "no"].map((w) => [w,
    t(`found.${w}`)]) : null;
  const typed = (e) => set(e.target.value);
  return html`<${Field} label=${label} error=${error} wide help=${need.id === "reason" ? t("act.reason_help") : undefined}>${(a) => (options ?
    html`<select ...${a} value=${value || ""} onChange=${typed}><option value="">${t("choose")}</option>${options.map(([v, text]) => html`<option key=${v}
      value=${v}>${text}</option>`)}</select>` : ["reason", "note", "legal_basis"].includes(need.id) ? html`<textarea ...${a} class="line" rows=${need.id ===
    "legal_basis" ? 2 : 3} value=${value || ""} onInput=${typed} />` : html`<input ...${a} class="line" value=${value || ""} onInput=${typed} autocomplete="off" />`)}<//>`;
}

export function Act({id, data, action, stale, act, close}) {
  const {t, L} = useDesk();
  const [given, set] = useKept(`act/${id}/${action.id}`, {});
  const [errors, setErrors] = useState({});
  const [bad, setBad] = useState(null);
  const [busy, setBusy] = useState(false);
  const needs = action.needs.filter((n) => n.id !== "document");
  async function send(andNext) {
    if (busy) return;
    const missing = Object.fromEntries(needs.filter((n) => !(Array.isArray(given[n.id]) ? given[n.id].length : String(given[n.id] || "").trim()))
      .map((n) => [n.id, t("act.missing", {what: L(n.name)})]));
    setErrors(missing);
    if (Object.keys(missing).length) return;
    setBusy(true);
    const reply = await act(action, given, {}, andNext);
    setBusy(false);
    if (reply && !reply.ok) {
      setBad(sentence(reply, t));
      if (reply.path) setErrors({[reply.path.replace(/^given\./, "")]: sentence(reply, t)});
    }
  }
  return html`<${Panel} title=${L(action.label)} lead=${action.why && L(action.why)} close=${close} onSend=${send} send=${L(action.label)} busy=${busy}
    hint=${action.id === "register" ? "act.final" : "act.undo"}><${Changed} events=${stale} />${action.warning && html`<p class="notice warn"><${Icon} name="info" />${L(action.warning)}</p>`}${bad && !stale && html`<p class="notice bad" role="alert">${bad}</p>`}
    ${needs.map((n) => html`<${Need} key=${n.id} need=${n} data=${data} value=${given[n.id]} error=${errors[n.id]} set=${(v) => set({...given, [n.id]: v})} />`)}<//>`;
}

export function Assign({id, data, taken, close, headers}) {
  const {t, api, news, can, me} = useDesk();
  const team = useLoad(can("team.view") ? "team" : null);
  const [who, setWho] = useState(data.case.assignee || "");
  const [bad, setBad] = useState("");
  const [stale, setStale] = useState(null);
  const before = data.case.assignee;
  const put = (assignee, version) => api.post(`cases/${id}/assign`, {assignee, version}, headers);
  async function send() {
    if (!who) return setBad(t("act.missing", {what: t("assign.who")}));
    const reply = await put(who, data.case.version);
    if (!reply.ok) return setStale(reply.status === 409 ? reply.body?.changed || [] : null), setBad(sentence(reply, t));
    taken(reply.body);
    close();
    return news.say(t("assign.done", {who: reply.body.case.assignee_name || who}), "good", before && {undo: async () => {
      const again = await put(before, reply.body.case.version);
      if (again.ok) taken(again.body);
    }} || {});
  }
  const people = team.body?.items || team.body || [{account: me.account, full_name: me.full_name}];
  return html`<${Panel} title=${t("assign.title")} close=${close} onSend=${send} send=${t("assign.do")}><${Changed} events=${stale} />
    ${bad && !stale && html`<p class="notice bad" role="alert">${bad}</p>`}
    <${Field} label=${t("assign.who")}>${(a) => html`<select ...${a} value=${who} onChange=${(e) => setWho(e.target.value)}><option value="">${t("choose")}</option>
      ${people.filter((p) => !p.gone).map((p) => html`<option key=${p.account} value=${p.account}>${p.full_name}${p.open !== undefined ? ` · ${t.n("team.open", p.open)}` : ""}${p.absent ?
      ` · ${t("team.away")}` : ""}</option>`)}</select>`}<//><//>`;
}

export function Seal({id, data, taken, close, headers}) {
  const {t, api, news} = useDesk();
  const [reason, setReason] = useKept(`sealing/${id}`, "");
  const [bad, setBad] = useState("");
  const sealed = !data.case.sealed;
  async function send() {
    if (reason.trim().length < 5) return setBad(t("seal.short"));
    const reply = await api.post(`cases/${id}/seal`, {sealed, reason: reason.trim(), version: data.case.version}, headers);
    if (!reply.ok) return setBad(sentence(reply, t));
    drop(`sealing/${id}`);
    taken(reply.body);
    close();
    return news.say(t(sealed ? "seal.done" : "seal.undone"));
  }
  return html`<${Panel} title=${t(sealed ? "seal.on" : "seal.off")} lead=${t("seal.why")} close=${close} onSend=${send} send=${t(sealed ? "seal.on" : "seal.off")}
    hint="act.at_once">
    <${Field} label=${t("seal.reason")} error=${bad} wide>${(a) => html`<textarea ...${a} class="line" rows="2" value=${reason} onInput=${(e) => setReason(
    e.target.value)} />`}<//><//>`;
}

// What a clerk has seen and the workflow asks for: both present, evidence, a free place, handed over.
const facts = ["case.both_present", "case.evidence", "case.approvals_open", "case.place_free", "case.delivered"];

export function Fact({id, data, taken, close, headers}) {
  const {t, api, news} = useDesk();
  const [v, set] = useState({path: facts[0], value: "true"});
  const [bad, setBad] = useState("");
  const [stale, setStale] = useState(null);
  async function send() {
    const reply = await api.post(`cases/${id}/fact`, {...v, version: data.case.version}, headers);
    if (!reply.ok) return setStale(reply.status === 409 ? reply.body?.changed || [] : null), setBad(sentence(reply, t));
    taken(reply.body);
    close();
    return news.say(t("news.done", {what: t(`fact.${v.path.slice(5)}`)}));
  }
  return html`<${Panel} title=${t("fact.title")} lead=${t("fact.lead")} close=${close} onSend=${send} send=${t("fact.do")} hint="act.at_once"><${Changed} events=${stale} />
    ${bad && !stale && html`<p class="notice bad" role="alert">${bad}</p>`}<div class="two"><${Field} label=${t("fact.what")}>${(a) => html`<select ...${a} value=${v.path}
    onChange=${(e) => set({...v, path: e.target.value})}>${facts.map((f) => html`<option key=${f} value=${f}>${t(`fact.${f.slice(5)}`)}</option>`)}</select>`}<//>
    <fieldset class="field"><legend>${t("fact.is")}</legend><div class="ticks inline">${["true", "false"].map((b) => html`<label class="tick" key=${b}><input type="radio"
    name="fact" checked=${v.value === b} onChange=${() => set({...v, value: b})} /><span>${t(`fact.${b}`)}</span></label>`)}</div></fieldset></div><//>`;
}
