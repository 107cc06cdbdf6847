// Confirmation of a filing or of a correction: the number, what comes next and why by that date, how to follow it, and what became of the
// paper.
import {html, useEffect, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {Seal} from "./pictures.js";
import {Button, Notice, Screen} from "./screen.js";

// The picture needs the session's token, so it is fetched and shown from memory.
function Qr({code}) {
  const {t, client} = useApp();
  const [src, setSrc] = useState("");
  useEffect(() => {
    let url = "";
    let gone = false;
    client.blob("/v1/qr.svg").then((blob) => {
      if (!blob || gone) return;
      url = URL.createObjectURL(new Blob([blob], {type: "image/svg+xml"}));
      setSrc(url);
    }, () => {});
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [code]);
  return html`<div class="qr">${src && html`<img src=${src} alt=${t("done.qr")} width="300" height="300"
    />`}</div>`;
}

function Paper({print}) {
  const {t, call} = useApp();
  const {phase, text} = print;
  if (phase === "unknown") {
    return html`<section class="card ask" role="alert"><h2>${t("print.unknown")}</h2>
      <p>${t("print.unknown.text")}</p>
      <div class="pair">
        <${Button} icon="check" kind="main" label=${t("print.unknown.yes")}
          onClick=${() => call("/v1/print/resolve", {printed: true})} />
        <${Button} icon="close" kind="quiet" label=${t("print.unknown.no")}
          onClick=${() => call("/v1/print/resolve", {printed: false})} />
      </div></section>`;
  }
  const kind = {printed: "good", sent: "info", printing: "info"}[phase] || "warn";
  const known = ["printing", "printed", "sent", "failed", "absent"].includes(phase) ? phase : "failed";
  return html`<div class=${`notice ${kind} paper`} role="status"><${Icon} name=${phase === "printed" ? "check"
    : "print"} />
    <div><p>${t(`print.${known}`)}</p>${text && text !== t(`print.${known}`) && (kind === "warn" || phase === "sent")
      && html`<p class="fine">${text}</p>`}</div>
    ${phase === "sent" && html`<${Button} icon="close" kind="quiet" label=${t("print.unknown.no")}
      onClick=${() => call("/v1/print/resolve", {printed: false})} />`}
    ${phase === "failed" && html`<${Button} icon="print" kind="quiet" label=${t("print.again")}
      onClick=${() => call("/v1/print")} />`}
  </div>`;
}

export function Done() {
  const {t, state, call} = useApp();
  const d = state.done;
  const prov = d.provisional;
  const after = d.after || state.service?.after;
  return html`<${Screen} title=${t(prov ? "done.prov.title" : d.corrected ? "mine.sent" : "done.title")} kind="done" resetKey="done"
      over=${html`<${Seal} provisional=${prov} />`}
      actions=${html`<div class="actions"><${Button} kind="main" icon="check" label=${t("done.end")}
        onClick=${() => call("/v1/session/end")} /></div>`}>
    <section class=${prov ? "card number prov" : "card number"}>
      <h2>${t(prov ? "done.prov.number" : "done.number")}</h2>
      <p class="the-number">${d.number}</p>
      ${d.corrected && html`<p>${t("mine.corrected", {fields: d.corrected})}</p>`}
      <p class="when">${t("done.when", {date: d.date, time: d.time})}</p>
      ${prov && html`<${Notice} kind="warn"><p>${t("done.prov.text")}</p><p>${t("done.prov.day")}</p>
        </${Notice}>`}
    </section>
    ${d.print && html`<${Paper} print=${d.print} />`}
    ${d.papers && html`<${Notice} kind="warn"><p>${t("done.papers")}</p></${Notice}>`}
    <section class="card next">
      <h2>${t("done.next")}</h2>
      ${after && html`<p>${after}</p>`}
      ${d.due && html`<p class="due"><span>${t("done.due")}</span> <strong>${d.due}</strong></p>`}
      ${d.due && d.due_why && html`<p class="fine">${d.due_why}</p>`}
    </section>
    ${d.url && html`<section class="card follow">
      <${Qr} code=${d.url} />
      <div><h2>${t("done.follow")}</h2><p>${t(d.receipt_code ? "done.follow.text" : "done.follow.number")}</p>
        <dl class="codes">${d.receipt_code && html`<div><dt>${t("done.code")}</dt><dd>${d.receipt_code}</dd></div>`}
          ${d.pin && html`<div><dt>${t("done.pin")}</dt><dd>${d.pin}</dd></div>`}</dl>
        <p class="fine">${t("done.keep")}</p></div>
    </section>`}
    ${state.card?.present && html`<${Notice} kind="warn"><p>${t("done.card")}</p></${Notice}>`}
  </${Screen}>`;
}
