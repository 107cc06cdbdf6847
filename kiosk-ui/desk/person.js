// The data of one person: what is here, a copy to take home, and what may go. The CNP is typed and never stands in an address.
import {html, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {day, Field, Head, sentence, State, useDesk} from "./tools.js";

// picked: numbers that somebody chose of those that bear the name; or null, when a CNP says whose they are.
function List({rows, erase, picked, pick}) {
  const {t, L, named, lang} = useDesk();
  const head = ["col.number", "col.service", "col.state", "person.closed", erase ? "person.fate" : "person.in_copy"].map((k) => t(k));
  const parts = (r) => [r.signed && t("person.signed"), r.papers > 0 && t.n("person.papers", r.papers), t("person.rest")].filter(Boolean).join(", ");
  const number = (r) => html`<span class="num">${r.number || t("no_number")}</span>`;
  const contact = (r) => html`<span class="quiet">${[r.person, r.email, r.phone, t(r.cnp ? "person.with_cnp" : "person.without_cnp")].filter(Boolean).join(" · ")}</span>`;
  return html`<div class="table-box" role="region" tabindex="0" aria-label=${t("person.found")}><table class="table roomy-rows" role="table"><caption class="sr">${t("person.found")}</caption><thead
    role="rowgroup"><tr role="row">${head.map((h) => html`<th key=${h} scope="col" role="columnheader">${h}</th>`)}</tr></thead><tbody role="rowgroup">${rows.map((r) => html`<tr role="row" key=${r.id}><th
    scope="row" role="rowheader">${picked ? html`<label class="tick"><input type="checkbox" checked=${picked.includes(r.key)} onChange=${(e) => pick(r.key, e.target.checked)} /><span>${number(r)}<br />${
    contact(r)}</span></label>` : number(r)}</th><td role="cell" data-label=${head[1]}>${named("service", r.service) || r.subject}</td><td role="cell" data-label=${
    head[2]}><${State} row=${r} /></td><td role="cell" data-label=${head[3]} class="num">${day(lang, r.closed_at) || "–"}</td>${erase ? html`<td role="cell" data-label=${head[4]}>${r.kept ? html`<span
    class="state m-wait">${t("person.stays")}</span> ${L(r.why)}` : html`<span class="state m-bad">${t("person.goes")}</span>`}</td>` : html`<td role="cell" data-label=${head[4]}>${parts(r)}</td>`}</tr>`)}</tbody></table></div>`;
}

export function Person() {
  const {t, api, can} = useDesk();
  const ways = ["export", "erase"].filter((w) => can(`person.${w}`));
  const [v, set] = useState({way: ways[0], by: "cnp", cnp: "", name: "", mark: "", reason: ""});
  const [picked, setPicked] = useState([]);
  const [found, setFound] = useState(null);
  const [errors, setErrors] = useState({});
  const [sure, setSure] = useState(false);
  const [done, setDone] = useState(null);
  const busy = useRef(false);
  const fields = v.by === "cnp" ? ["cnp", "reason"] : ["name", "mark", "reason"];
  const body = {...Object.fromEntries(fields.map((n) => [n, v[n].trim()])), ...(v.by === "cnp" ? {cnp: v.cnp.replace(/\s/g, "")} : {})};
  const asked = found?.choose ? {name: body.name, numbers: picked, reason: body.reason} : body; // what was chosen, not what was looked for
  const due = found?.choose ? found.cases.filter((r) => !r.kept && picked.includes(r.key)).length : found?.due;
  const put = (more) => {
    set({...v, ...more});
    setFound(null);
    setPicked([]);
    setSure(false);
    setDone(null);
  };
  const refused = (reply) => setErrors(["cnp", "name", "mark", "reason"].includes(reply.path) ? {[reply.path]: sentence(reply, t)} : {all: sentence(reply, t)});
  async function run(work) {
    if (busy.current) return;
    busy.current = true;
    setErrors({});
    await work();
    busy.current = false;
  }
  const look = (e) => {
    e.preventDefault();
    const missing = Object.fromEntries(fields.filter((n) => !body[n]).map((n) => [n, t("entry.missing")]));
    if (Object.keys(missing).length) return setErrors(missing);
    return run(async () => {
      const reply = await api.post(`person/${v.way}/look`, body);
      setDone(null);
      setFound(reply.ok ? reply.body : null);
      setPicked([]);
      if (!reply.ok) refused(reply);
    });
  };
  const copy = () => run(async () => {
    const reply = await api.file("person/export", asked);
    if (!reply.ok) return refused(reply);
    const a = Object.assign(document.createElement("a"), {href: URL.createObjectURL(reply.blob), download: t("person.file")});
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
    return setDone({copy: true});
  });
  const erase = () => run(async () => {
    if (!sure) return setErrors({sure: t("person.sure_missing")});
    const reply = await api.post("person/erase", asked);
    if (!reply.ok) return refused(reply);
    setFound(null);
    setSure(false);
    return setDone(reply.body);
  });
  return html`<div class="page narrow"><${Head} title=${t("person.title")} lead=${t("person.lead")} />
    ${errors.all && html`<p class="notice bad" role="alert"><${Icon} name="warn" />${errors.all}</p>`}
    <form class="card stack" onSubmit=${look} novalidate>
      ${ways.length > 1 && html`<fieldset class="field"><legend>${t("person.way")}</legend><div class="ticks inline">${ways.map((w) => html`<label class="tick" key=${w}><input type="radio" name="person-way"
        checked=${v.way === w} onChange=${() => put({way: w})} /><span>${t(`person.${w}`)}</span></label>`)}</div></fieldset>`}
      <fieldset class="field"><legend>${t("person.by")}</legend><div class="ticks inline">${["cnp", "name"].map((w) => html`<label class="tick" key=${w}><input type="radio" name="person-by"
        checked=${v.by === w} onChange=${() => put({by: w})} /><span>${t(`person.by_${w}`)}</span></label>`)}</div></fieldset>
      <div class="stack narrow">${v.by === "cnp" ? html`<${Field} label="CNP" error=${errors.cnp} help=${t("person.cnp_help")}>${(a) => html`<input ...${a} class="line" name="person-cnp" inputmode="numeric" autocomplete="off" maxlength="17"
        value=${v.cnp} onInput=${(e) => put({cnp: e.target.value})} />`}<//>` : ["name", "mark"].map((n) => html`<${Field} key=${n} label=${t(`person.${n}`)} error=${errors[n]} help=${t(`person.${n}_help`)}>${(a) =>
        html`<input ...${a} class="line" name=${`person-${n}`} maxlength="200" autocomplete="off" value=${v[n]} onInput=${(e) => put({[n]: e.target.value})} />`}<//>`)}
      <${Field} label=${t("person.reason")} error=${errors.reason} help=${t("person.reason_help")}>${(a) => html`<input ...${a} class="line" name="person-reason" maxlength="500" autocomplete="off" value=${v.reason}
        onInput=${(e) => put({reason: e.target.value})} />`}<//></div>
      <div class="row-do"><button class="btn main" type="submit">${t("person.look")}</button><span class="quiet">${t("person.audit")}</span></div></form>
    ${done && html`<div class="notice good" role="status"><${Icon} name="check" /><div><p>${done.copy ? t("person.copied") : t.n("person.erased", done.cases)}</p>${(done.protocols || []).map((d) => html`<p
      key=${d.id}><a href=${`/api/documents/${d.id}`} target="_blank" rel="noopener">${d.title}</a></p>`)}</div></div>`}
    ${found && found.cases.length === 0 && html`<p class="notice" role="status"><${Icon} name="info" />${t("person.none")}</p>`}
    ${found?.cases.length > 0 && html`${found.choose && html`<p class="notice"><${Icon} name="info" />${t("person.choose")}</p>`}<${List} rows=${found.cases} erase=${v.way === "erase"} picked=${found.choose ? picked : null}
      pick=${(key, on) => setPicked(on ? [...picked, key] : picked.filter((k) => k !== key))} />${v.way === "export" ? html`<section class="card stack"><p>${t("person.copy_what")}</p><div class="row-do"><button
      type="button" class="btn main" disabled=${found.choose && !picked.length} onClick=${copy}>${t("person.copy_do")}</button>${found.choose && html`<span class="quiet" role="status">${
      t.n("person.chosen", picked.length)}</span>`}</div></section>` : due > 0 ? html`<section class="card stack"><p>${t("person.erase_what")}</p><label class="tick"><input type="checkbox" checked=${sure}
      aria-invalid=${errors.sure ? "true" : undefined} onChange=${(e) => setSure(e.target.checked)} /><span>${t("person.sure")}</span></label>${errors.sure && html`<p class="field-error" role="alert">${errors.sure}</p>`}<div
      class="row-do"><button type="button" class="btn main" onClick=${erase}>${t.n("person.erase_do", due)}</button><span class="quiet">${t("act.final")}</span></div></section>` : html`<p class="notice"><${Icon} name="info" />${
      t(found.choose && found.due > 0 ? "person.choose_due" : "person.nothing_due")}</p>`}`}</div>`;
}
