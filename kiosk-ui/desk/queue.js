// A list of work: what waits for somebody, sorted by the days that are left. Filters and order stand in the address.
import {html, useEffect} from "../shared/html.js";
import {query} from "./api.js";
import {go, Head, useDesk, useLoad, Waiting} from "./tools.js";
import {Cases, ColumnChoice, Empty, Pager, usePages} from "./table.js";

const known = ["register", "mine", "today", "late", "unassigned", "waiting", "opinions", "team", "all"];

export function Queue({id, q}) {
  const {t, L, me, counts, news, turn, can} = useDesk();
  const name = known.includes(id) ? id : "mine";
  const sort = {by: q.sort || (name === "all" ? "registered" : "due"), dir: q.dir || (name === "all" ? "desc" : "asc")};
  const to = (more) => go(`#/queue/${name}${query({...q, ...more})}`);
  const key = `queue${query({q: name, department: q.department, service: q.service, assignee: q.assignee, sort: sort.by, dir: sort.dir})}`;
  const pages = usePages(key);
  const load = useLoad(`${key}${pages.after ? `&after=${encodeURIComponent(pages.after)}` : ""}`, undefined, news.done + turn);
  const services = useLoad("services");
  useEffect(() => {
    document.title = `${t(`q.${name}`)} · Pridvor`;
  }, [name, t]);
  const n = counts?.[name];
  const from = `#/queue/${name}${query(q)}`;
  const filtered = q.department || q.service || q.assignee;
  const pick = (what, label, options) => html`<label class="pick"><span class="sr">${label}</span><select class=${q[what] ? "on" : ""} value=${q[what] || ""}
    onChange=${(e) => to({[what]: e.target.value})}><option value="">${label}</option>${options.map(([v, text]) => html`<option key=${v} value=${v}>${text}</option>`)}
    </select></label>`;
  return html`<div class="page">
    <${Head} key=${name} title=${t(`q.${name}`)} lead=${t(`q.${name}.lead`)}>
      ${n !== undefined && html`<p class="total"><strong class="num">${n}</strong><span>${t.n("q.n", n).replace(String(n), "").trim()}</span></p>`}<//>
    <div class="filters" role="group" aria-label=${t("filters")}>
      ${pick("department", t("filter.department"), (me.departments || []).map((d) => [d.id, L(d.name)]))}
      ${services.body && pick("service", t("filter.service"), (services.body.items || services.body).map((s) => [s.id, L(s.name)]))}
      ${name !== "mine" && can("case.list") && pick("assignee", t("filter.assignee"), [[me.account, t("filter.me")]])}
      ${filtered && html`<button type="button" class="link" onClick=${() => to({department: "", service: "", assignee: ""})}>${t("filter.none")}</button>`}
      <span class="grow"></span><${ColumnChoice} /></div>
    <${Waiting} of=${load} />
    ${load.body && (load.body.items.length ? html`<${Cases} rows=${load.body.items} sort=${sort} from=${from} caption=${t(`q.${name}`)}
        onSort=${(by, dir) => to({sort: by, dir})} />
      <${Pager} n=${pages.n} next=${load.body.next} back=${pages.back} onBack=${pages.onBack} onNext=${() => pages.onNext(load.body.next)} />`
    : html`<${Empty} title=${t(filtered ? "empty.filter" : `empty.${name}`)} />`)}
  </div>`;
}
