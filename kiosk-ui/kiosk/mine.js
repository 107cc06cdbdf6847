// "My request": code and PIN of a receipt, then what the register says of it; what came back is asked by the form's
// own pages.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {FieldError, Line} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {Actions, Notice, Screen} from "./screen.js";

// The QR of a receipt is an address that ends in the code; a reader types it as a keyboard would.
const codeOf = (text) => text.slice(text.lastIndexOf("/") + 1).replace(/[\s-]/g, "").toUpperCase();

function Enter() {
  const {t, call, state} = useApp();
  const [code, setCode] = useState("");
  const [pin, setPin] = useState("");
  const [board, setBoard] = useState("plate");
  const send = () => {
    if (code && !pin) document.getElementById("mine-pin")?.focus();
    else call("/v1/mine/look", {code: code || "?", pin: pin.padEnd(4, "?").slice(0, 4)});
  };
  const {problem} = state.mine;
  return html`<${Screen} title=${t("mine.title")} lead=${t("mine.lead")} kind="form typing" resetKey="mine" focus="mine-code"
      onSubmit=${send} after=${html`<${Keyboard} layout=${board} />`}
      actions=${html`<${Actions} next=${{label: t("mine.go"), submit: true}} />`}>
    <${FieldError} id="mine" text=${problem} />
    <div class="fields" onFocusIn=${(e) => setBoard(e.target.id === "mine-pin" ? "number" : "plate")}>
      <div class="field"><label class="label" for="mine-code">${t("done.code")}</label>
        <${Line} id="mine-code" value=${code} board="plate" error=${problem} name="line wide-digits"
          onInput=${(v) => setCode(codeOf(v))} /></div>
      <div class="field"><label class="label" for="mine-pin">${t("done.pin")}</label>
        <${Line} id="mine-pin" value=${pin} board="number" max=${4} error=${problem} name="line wide-digits"
          onInput=${(v) => setPin(v.replace(/\D/g, ""))} /></div>
    </div>
  </${Screen}>`;
}

function Waiting({title}) {
  const {t} = useApp();
  return html`<${Screen} title=${title} lead=${t("mine.wait")} kind="show" resetKey=${title}>
    <div class="big-sign"><span class="dots"><i /><i /><i /></span></div></${Screen}>`;
}

function Way({view}) {
  const {t} = useApp();
  return html`<section class="card"><h2>${t("mine.happened")}</h2><ol class="story">
    ${view.events.map((e, i) => html`<li key=${i}><span class="story-day">${e.day}</span><b>${e.text}</b>
      ${e.more && html`<span class="story-more">${e.more}</span>`}</li>`)}
    ${view.due && html`<li class="coming"><span class="story-day">${t("mine.next")}</span><b>${view.due}</b>
      <b class=${view.late ? "late" : "left"}>${view.left}</b><span class="story-more">${view.why}</span></li>`}
  </ol></section>`;
}

function Shown({view, repairable}) {
  const {t, call, state} = useApp();
  const back = view.returned;
  const next = back && repairable ? {label: t("mine.repair"), icon: "pen", onClick: () => call("/v1/mine/repair")}
    : {label: t("mine.end"), icon: "check", onClick: () => call("/v1/session/end")};
  return html`<${Screen} title=${view.says} over=${`${view.number} · ${view.service}`} kind="show mine" resetKey="shown"
      actions=${html`<${Actions} next=${next} leave=${Boolean(back && repairable)} />`}>
    ${state.mine.problem && html`<${Notice} kind="bad" alert=${true}><p>${state.mine.problem}</p></${Notice}>`}
    ${back && html`<${Notice} kind="warn" title=${t("mine.returned")}><p>${back.reason}</p>
      ${!repairable && html`<p>${t("mine.elsewhere")}</p>`}</${Notice}>`}
    <${Way} view=${view} />
    ${view.notes.length > 0 && html`<section class="card"><h2>${t("mine.notes")}</h2>
      ${view.notes.map((n, i) => html`<p key=${i} class="story-note"><span class="story-day">${n.day}</span>${n.text}</p>`)}
    </section>`}
  </${Screen}>`;
}

export function Mine() {
  const {t, state, call} = useApp();
  const {phase, view, repairable} = state.mine || {};
  if (phase === "asking") return html`<${Waiting} title=${t("mine.asking")} />`;
  if (phase === "sending") return html`<${Waiting} title=${t("mine.sending")} />`;
  if (phase === "sent") {
    return html`<${Screen} title=${t("mine.sent")} lead=${t("mine.sent.text")} kind="show" resetKey="sent"
        actions=${html`<${Actions} back=${false} leave=${false} next=${{label: t("mine.end"), icon: "check",
          onClick: () => call("/v1/session/end")}} />`}>
      <div class="big-sign good"><${Icon} name="check" /></div></${Screen}>`;
  }
  return phase === "shown" && view ? html`<${Shown} view=${view} repairable=${repairable} />` : html`<${Enter} />`;
}
