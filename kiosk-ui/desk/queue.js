// A list of work: what waits for somebody, sorted by the days that are left. Filters and order stand in the address.
import {html, useEffect, useState} from "../shared/html.js";
import {query} from "./api.js";
import {go, Head, many, useDesk, useLoad, Waiting} from "./tools.js";
import {Cases, ColumnChoice, Empty, Pager, useChosen, usePages} from "./table.js";

const known = ["register", "mine", "today", "late", "unassigned", "waiting", "opinions", "team", "attention", "print", "all"];

// For heads: several cases go to one colleague at once; it can be taken back.
function Hand({rows, clear}) {
  const {t, api, news, recount} = useDesk();
  const team = useLoad("team");
  const [who, setWho] = useState("");
  const people = team.body?.items || team.body || [];
  const name = people.find((p) => p.account === who)?.full_name || "";
  async function send() {
    if (!who) return;
    const done = [];
    for (const r of rows) {
      const reply = await api.post(`cases/${r.id}/assign`, {assignee: who, version: r.version});
      if (reply.ok) done.push({before: r.assignee, now: reply.body.case});
    }
    const back = async () => {
      for (const d of done) await api.post(`cases/${d.now.id}/assign`, {assignee: d.before, version: d.now.version});
      news.touch();
    };
    if (done.length) news.say(t.n("hand.done", done.length, {who: name}), "good", done.every((d) => d.before) ? {undo: back} : {});
    if (done.length < rows.length) news.say(t.n("hand.missed", rows.length - done.length), "bad");
    clear();
    news.touch();
    recount();
  }
  return html`<div class="doing going hand" role="group" aria-label=${t("assign.do")}><strong>${t.n("hand.n", rows.length)}</strong>
    <label class="pick"><span class="sr">${t("assign.who")}</span><select value=${who} onChange=${(e) => setWho(e.target.value)}><option value="">${t("choose")}</option>${people.filter((p) => !p.gone).map((p) => html`<option
      key=${p.account} value=${p.account}>${p.full_name} · ${t.n("team.open", p.open)}${p.absent ? ` · ${t("team.away")}` : ""}</option>`)}</select></label>
    <button type="button" class="btn main" aria-disabled=${!who} onClick=${send}>${t("assign.do")}</button><button type="button" class="link" onClick=${clear}>${t("cancel")}</button></div>`;
}

export function Queue({id, q}) {
  const {t, L, me, counts, news, turn, can} = useDesk();
  const name = known.includes(id) ? id : "mine";
  const sort = {by: q.sort || (name === "all" ? "registered" : "due"), dir: q.dir || (name === "all" ? "desc" : "asc")};
  const to = (more) => go(`#/queue/${name}${query({...q, ...more})}`);
  const key = `queue${query({q: name, department: q.department, service: q.service, assignee: q.assignee, sort: sort.by, dir: sort.dir})}`;
  const pages = usePages(key);
  const load = useLoad(`${key}${pages.after ? `&after=${encodeURIComponent(pages.after)}` : ""}`, undefined, news.done + turn);
  const services = useLoad("services");
  const chosen = useChosen(key);
  const picked = (load.body?.items || []).filter((r) => chosen.ids.includes(r.id));
  const hands = can("case.assign") && can("team.view");
  useEffect(() => {
    document.title = `${t(`q.${name}`)} · Pridvor`;
  }, [name, t]);
  const n = counts?.[name];
  const from = `#/queue/${name}${query(q)}`;
  const colleague = q.assignee && q.assignee !== me.account ? // chosen on the team's page
    [[q.assignee, load.body?.items.find((r) => r.assignee === q.assignee)?.assignee_name || q.assignee]] : [];
  const filtered = q.department || q.service || q.assignee;
  const pick = (what, label, options) => html`<label class="pick"><span class="sr">${label}</span><select class=${q[what] ? "on" : ""} value=${q[what] || ""}
    onChange=${(e) => to({[what]: e.target.value})}><option value="">${label}</option>${options.map(([v, text]) => html`<option key=${v} value=${v}>${text}</option>`)}
    </select></label>`;
  return html`<div class="page">
    <${Head} key=${name} title=${t(`q.${name}`)} lead=${t(`q.${name}.lead`)}>
      ${n !== undefined && html`<p class="total"><strong class="num">${many(n)}</strong><span>${t.n("q.n", n).replace(String(n), "").trim()}</span></p>`}<//>
    <div class="filters" role="group" aria-label=${t("filters")}>
      ${pick("department", t("filter.department"), (me.departments || []).map((d) => [d.id, L(d.name)]))}
      ${services.body && pick("service", t("filter.service"), (services.body.items || services.body).map((s) => [s.id, L(s.name)]))}
      ${name !== "mine" && can("case.list") && pick("assignee", t("filter.assignee"), [[me.account, t("filter.me")], ...colleague])}
      ${filtered && html`<button type="button" class="link" onClick=${() => to({department: "", service: "", assignee: ""})}>${t("filter.none")}</button>`}
      <span class="grow ends"><${ColumnChoice} /></span></div>
    ${picked.length > 0 && html`<${Hand} rows=${picked} clear=${chosen.clear} />`}
    <${Waiting} of=${load} />
    ${load.body && (load.body.items.length ? html`<${Cases} rows=${load.body.items} sort=${sort} from=${from} caption=${t(`q.${name}`)}
        chosen=${chosen.ids} onChoose=${hands ? chosen.turn : null} onSort=${(by, dir) => to({sort: by, dir})} />
      <${Pager} n=${pages.n} next=${load.body.next} back=${pages.back} onBack=${pages.onBack} onNext=${() => pages.onNext(load.body.next)} />`
    : html`<${Empty} title=${t(filtered ? "empty.filter" : `empty.${name}`)} />`)}
  </div>`;
}
