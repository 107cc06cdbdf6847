// The administrator's house: people and roles, holidays, services, messages that need somebody, the audit, why somebody may not.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {day, Field, Head, Moment, sentence, useDesk, useLoad, Waiting} from "./tools.js";
import {Empty, Pager, usePages} from "./table.js";
import {MessageState} from "./parts.js";
import {Panel} from "./act.js";

const items = (body) => body?.items || body || [];
const roleIds = ["clerk", "registrar", "head", "officer", "expert", "field", "approver", "archivist", "county", "administrator", "auditor", "technician"];

function Table({caption, head, rows}) {
  return html`<div class="table-box" role="region" tabindex="0" aria-label=${caption}><table class="table roomy-rows" role="table"><caption class="sr">${caption}</caption><thead role="rowgroup"><tr role="row">${head.map((h) => html`<th key=${h}
    scope="col" role="columnheader">${h}</th>`)}</tr></thead><tbody role="rowgroup">${rows.map(([key, first, ...cells]) => html`<tr role="row" key=${key}><th scope="row" role="rowheader">${first}</th>${
    cells.map((c, i) => html`<td key=${i} role="cell" data-label=${head[i + 1]}>${c}</td>`)}</tr>`)}</tbody></table></div>`;
}

function Person({user, done}) {
  const {t, L, api, me} = useDesk();
  const [role, setRole] = useState({role: "clerk", reach: "institution", department: ""});
  const [shown, setShown] = useState(null);
  const [bad, setBad] = useState("");
  const name = encodeURIComponent(user.account);
  async function act(path, body) {
    const reply = await api.post(path, body);
    setBad(reply.ok ? "" : sentence(reply, t));
    if (reply.ok && (reply.body?.code || reply.body?.uri)) setShown(reply.body);
    done();
  }
  const grant = (kind, r) => act("roles", {act: kind, account: user.account, role: r.role, reach: r.reach, institution: r.institution || me.institution.id,
    ...(r.reach === "department" ? {department: r.department} : {})});
  if (user.account === me.account) {
    return html`<section class="panel"><h2>${user.full_name} <span class="quiet">${user.account}</span></h2><p class="notice"><${Icon} name="info" />${t("user.self")}</p><div class="row-do"><a class="link"
      href="#/settings">${t("nav.settings")}</a></div></section>`;
  }
  return html`<section class="panel"><h2>${user.full_name} <span class="quiet">${user.account}</span></h2>${bad && html`<p class="notice bad" role="alert">${bad}</p>`}
    ${shown && html`<div class="notice good" role="status"><div>${shown.code && html`<p>${t("user.code")}</p><p class="secret num">${shown.code}</p>`}${shown.uri && html`<p>${t("user.uri")}</p>
      <p class="hash">${shown.uri}</p>`}<p>${t("user.once")}</p></div></div>`}
    <ul class="messages">${(user.roles || []).map((r, i) => html`<li key=${i}><strong>${L(r.name) || r.role}</strong><span>${t(`reach.${r.reach}`)}${r.department ? ` · ${L((me.departments || []).find((d) =>
      d.id === r.department)?.name) || r.department}` : ""}</span><button type="button" class="btn" onClick=${() => grant("revoke", r)}>${t("user.revoke")}</button></li>`)}</ul>
    <div class="two three"><${Field} label=${t("user.role")}>${(a) => html`<select ...${a} value=${role.role} onChange=${(e) => setRole({...role, role: e.target.value})}>${roleIds.map((r) => html`<option
      key=${r} value=${r}>${t(`role.${r}`)}</option>`)}</select>`}<//><${Field} label=${t("user.reach")}>${(a) => html`<select ...${a} value=${role.reach} onChange=${(e) => setRole({...role, reach:
      e.target.value})}>${["department", "institution", "below"].map((r) => html`<option key=${r} value=${r}>${t(`reach.${r}`)}</option>`)}</select>`}<//>${role.reach === "department" && html`<${Field}
      label=${t("entry.department")}>${(a) => html`<select ...${a} value=${role.department} onChange=${(e) => setRole({...role, department: e.target.value})}><option value="">${t("choose")}</option>${
      (me.departments || []).map((d) => html`<option key=${d.id} value=${d.id}>${L(d.name)}</option>`)}</select>`}<//>`}</div>
    <div class="row-do"><button type="button" class="btn main" onClick=${() => grant("grant", role)}>${t("user.grant")}</button>
      <button type="button" class="btn" onClick=${() => act(`users/${name}`, {act: "reset"})}>${t("user.reset")}</button>
      <button type="button" class="btn" onClick=${() => act(`users/${name}`, {act: "totp"})}>${t("user.totp")}</button>
      ${user.totp && html`<button type="button" class="btn" onClick=${() => act(`users/${name}`, {act: "totp_off"})}>${t("user.totp_off")}</button>`}
      <button type="button" class="btn" onClick=${() => act(`users/${name}`, {act: user.active === false ? "enable" : "disable"})}>${t(user.active === false ? "user.enable" : "user.disable")}</button>
    </div></section>`;
}

function Users() {
  const {t, L, api, me, can} = useDesk();
  const load = useLoad("users");
  const [who, setWho] = useState("");
  const [fresh, setFresh] = useState(null);
  const [made, setMade] = useState(null);
  const [bad, setBad] = useState("");
  const all = items(load.body);
  async function add() {
    const reply = await api.post("users", {...fresh, institution: me.institution.id});
    if (!reply.ok) return setBad(sentence(reply, t));
    setMade(reply.body);
    setFresh(null);
    setBad("");
    return load.load();
  }
  const manage = can("user.manage");
  const chosen = all.find((u) => u.account === who);
  const put = (name) => (e) => setFresh({...fresh, [name]: e.target.value});
  return html`${manage && html`<div class="filters"><span class="grow"></span><button type="button" class="btn" onClick=${() => setFresh({name: "", full_name: ""})}>${t("user.new")}…</button></div>`}
    ${made?.code && html`<div class="notice good" role="status"><div><p>${t("user.code")}</p><p class="secret num">${made.code}</p><p>${t("user.once")}</p></div></div>`}
    ${fresh && html`<${Panel} title=${t("user.new")} close=${() => setFresh(null)} onSend=${add} send=${t("user.add")} hint="act.at_once">${bad && html`<p class="notice bad" role="alert">${bad}</p>`}<div class="two"><${Field}
      label=${t("user.full")}>${(a) => html`<input ...${a} class="line" value=${fresh.full_name} onInput=${put("full_name")} />`}<//><${Field} label=${t("login.account")} help=${t("user.name_help")}>${(a) =>
      html`<input ...${a} class="line" value=${fresh.name} autocapitalize="none" onInput=${put("name")} />`}<//></div><//>`}
    ${chosen && manage && html`<${Person} key=${who} user=${chosen} done=${load.load} />`}<${Waiting} of=${load} />
    ${all.length > 0 && html`<${Table} caption=${t("admin.users")} head=${[t("user.full"), t("login.account"), t("user.roles"), t("user.state"), t("col.do")]} rows=${all.map((u) => [u.account, u.full_name, u.account,
      (u.roles || []).map((r) => L(r.name) || r.role).join(", ") || "–", html`<span class=${`state ${u.active === false ? "m-bad" : "m-good"}`}>${t(u.active === false ? "user.off" : "user.on")}</span>${u.totp ?
      html` <span class="tag">TOTP</span>` : ""}`, manage ? html`<button type="button" class="btn" aria-expanded=${who === u.account} onClick=${() => setWho(who === u.account ? "" : u.account)}>${
      t("user.change")}<span class="sr"> ${u.full_name}</span></button>` : ""])} />`}`;
}

function Holidays() {
  const {t, L, lang, api, me, can, news} = useDesk();
  const load = useLoad("holidays");
  const [year, setYear] = useState(me.today.slice(0, 4));
  const [v, set] = useState(null);
  const [back, setBack] = useState(null);
  const [bad, setBad] = useState("");
  async function send(path, body, done) {
    const reply = await api.post(path, body);
    if (!reply.ok) return setBad(sentence(reply, t));
    set(null);
    setBack(null);
    setBad("");
    news.say(t(done));
    return load.load();
  }
  const add = () => send("holidays", {...v, kind: "declared"}, "holiday.done");
  const withdraw = () => send("holidays/withdraw", {day: back.day}, "holiday.back_done");
  const all = items(load.body).slice().sort((x, y) => (x.day < y.day ? -1 : 1));
  const years = [...new Set([me.today, ...all.map((h) => h.day)].map((d) => d.slice(0, 4)))].sort();
  const rows = all.filter((h) => h.day.startsWith(year));
  const weekday = (d) => new Intl.DateTimeFormat(lang, {weekday: "long"}).format(new Date(`${d}T12:00:00`));
  return html`<div class="filters"><label class="pick"><span>${t("book.year")}</span><select value=${year} onChange=${(e) => setYear(e.target.value)}>${years.map((y) => html`<option key=${y} value=${y}>${y}</option>`)}</select></label>
    <span class="grow"></span>${can("holiday.manage") && html`<button type="button" class="btn" onClick=${() => (setBack(null), set({day: "", name: ""}))}>${t("holiday.new")}…</button>`}</div>
    ${v && html`<${Panel} title=${t("holiday.new")} lead=${t("holiday.lead")} close=${() => set(null)} onSend=${add} send=${t("holiday.add")} hint="act.at_once">${bad && html`<p class="notice bad" role="alert">${bad}</p>`}
      <div class="two"><${Field} label=${t("holiday.day")}>${(a) => html`<input ...${a} type="date" class="line" value=${v.day} onInput=${(e) => set({...v, day: e.target.value})} />`}<//><${Field}
      label=${t("holiday.name")}>${(a) => html`<input ...${a} class="line" value=${v.name} onInput=${(e) => set({...v, name: e.target.value})} />`}<//></div><//>`}
    ${back && html`<${Panel} title=${t("holiday.back")} lead=${t("holiday.back_lead", {day: day(lang, back.day), name: L(back.name)})} close=${() => setBack(null)} onSend=${withdraw} send=${t("holiday.back")}
      hint="act.at_once">${bad && html`<p class="notice bad" role="alert">${bad}</p>`}<//>`}<${Waiting} of=${load} />
    ${load.body && !rows.length && html`<${Empty} title=${t("empty.holidays")} text=${t("empty.holidays_help")} />`}
    ${rows.length > 0 && html`<p class="quiet">${t("holiday.weekend")}</p><${Table} caption=${t("admin.holidays")} head=${[t("holiday.day"), t("holiday.weekday"), t("holiday.name"), t("holiday.kind")]} rows=${rows.map((h, i) => [`${h.day} ${i}`, html`<span
      class="num">${day(lang, h.day)}</span>`, weekday(h.day), L(h.name), h.kind === "declared" ? html`<span class="tag">${t("holiday.k.declared")}</span>${can("holiday.manage") &&
      html` <button type="button" class="btn" onClick=${() => (set(null), setBack(h))}>${t("holiday.back")}…</button>`}` : t(`holiday.k.${h.kind}`)])} />`}`;
}

function Services() {
  const {t, L, me} = useDesk();
  const load = useLoad("services");
  return html`<${Waiting} of=${load} />${load.body && html`<${Table} caption=${t("admin.services")} head=${[t("service.name"), t("service.id"), t("service.version"), t("entry.department"), t("service.term"),
    t("service.flow")]} rows=${items(load.body).map((s) => [s.id, L(s.name), s.id, html`<span class="num">${s.version}${s.versions?.length > 1 || s.versions > 1 ? ` (${t("service.of", {n: s.versions.length ||
    s.versions})})` : ""}</span>`, L((me.departments || []).find((d) => d.id === s.department)?.name) || s.department, s.term, s.workflow])} />`}`;
}

function Letters() {
  const {t, api, news, can} = useDesk();
  const load = useLoad("messages");
  const retry = async (m) => {
    const reply = await api.post(`messages/${m.id}/retry`);
    news.say(reply.ok ? t("message.again_done") : sentence(reply, t), reply.ok ? "good" : "bad");
    load.load();
  };
  const all = items(load.body);
  return html`<${Waiting} of=${load} />${load.body && (all.length ? html`<${Table} caption=${t("admin.messages")} head=${[t("col.number"), t("message.way"), t("message.what"), t("col.state"), t("message.when"),
    t("message.detail"), t("col.do")]} rows=${all.map((m) => [m.id, m.case ? html`<a class="open num" href=${`#/case/${m.case}`}>${m.number || t("no_number")}</a>` : m.number || "–", t(`way.${m.way}`), t.has(`letter.${m.message}`) ?
    t(`letter.${m.message}`) : m.message, html`<${MessageState} m=${m} />`, html`<${Moment} at=${m.at} />`, m.detail, can("message.retry") ? html`<button type="button" class="btn"
    onClick=${() => retry(m)}>${t("message.again")}</button>` : ""])} />` : html`<${Empty} title=${t("empty.messages")} />`)}`;
}

function Audit() {
  const {t} = useDesk();
  const pages = usePages("audit");
  const load = useLoad(`audit${pages.after ? `?after=${encodeURIComponent(pages.after)}` : ""}`);
  const all = items(load.body);
  return html`<${Waiting} of=${load} />${load.body && (all.length ? html`<${Table} caption=${t("admin.audit")} head=${[t("audit.at"), t("audit.who"), t("audit.act"), t("audit.result"), t("audit.case")]}
    rows=${all.map((a, i) => [a.id ?? i, html`<${Moment} at=${a.at} />`, a.actor_name || a.actor || "–", a.act, html`<span class="clip detail" title=${a.result || a.detail || ""}>${a.result || a.detail || ""}</span>`, a.case ? html`<a href=${`#/case/${a.case}`}>${
    t("case.title")}</a>` : ""])} /><${Pager} n=${pages.n} next=${load.body.next} back=${pages.back} onBack=${pages.onBack} onNext=${() => pages.onNext(load.body.next)} />` : html`<${Empty}
    title=${t("empty.audit")} />`)}`;
}

const rights = ["case.list", "case.view", "case.search", "case.search_cnp", "case.assign", "case.note", "case.reroute", "case.return_fields", "case.seal", "case.unseal", "register.view", "register.enter",
  "register.correct", "register.year", "document.view", "document.add", "document.certify", "answer.draft", "answer.sign", "message.view", "message.retry", "team.view", "team.delegate", "audit.view",
  "user.view", "user.manage", "role.grant", "service.manage", "holiday.manage"];

function Why() {
  const {t, L, api} = useDesk();
  const [action, setAction] = useState("case.view");
  const [found, set] = useState(null);
  const ask = async (e) => {
    e.preventDefault();
    set(await api.get(`why?action=${action}`));
  };
  return html`<form class="card stack" onSubmit=${ask}><p class="quiet">${t("why.lead")}</p><div class="two"><${Field} label=${t("why.what")}>${(a) => html`<select ...${a} value=${action} onChange=${(e) =>
    setAction(e.target.value)}>${rights.map((r) => html`<option key=${r} value=${r}>${t(`right.${r}`)}</option>`)}</select>`}<//></div><div class="row-do"><button class="btn main" type="submit">${t("why.ask")}
    </button></div>${found && html`<p class=${`notice ${found.ok && found.body.allowed !== false ? "good" : "warn"}`} role="status"><${Icon} name=${found.ok && found.body.allowed !== false ? "check" : "info"} />${
    found.ok ? L(found.body.why || found.body.say || found.body.text) : sentence(found, t)}</p>`}</form>`;
}

export function Admin({id}) {
  const {t, can} = useDesk();
  const tabs = [["users", can("user.view"), Users], ["holidays", can("holiday.manage"), Holidays], ["services", can("service.manage") || can("case.list"), Services], ["messages", can("message.view"), Letters],
    ["audit", can("audit.view"), Audit], ["why", true, Why]].filter(([, may]) => may);
  const [name, , Part] = tabs.find(([x]) => x === id) || tabs[0];
  return html`<div class="page"><${Head} key=${name} title=${t(name === "messages" ? "admin.messages" : "nav.admin")} lead=${t(`admin.${name}_lead`)} /><nav class="tabs" aria-label=${t("nav.admin")}>${tabs.map(([x]) => html`<a key=${x} href=${`#/admin/${x}`}
    aria-current=${x === name ? "page" : undefined}>${t(`admin.${x}`)}</a>`)}</nav><${Part} key=${name} /></div>`;
}
