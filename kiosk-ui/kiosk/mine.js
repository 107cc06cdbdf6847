// "My request": code and PIN of a receipt, then what the register says of it; what came back is asked by the form's
// own pages.
import {html, useState} from "../shared/html.js";
import {useApp} from "./context.js";
import {FieldError, Line} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {Actions, Notice, Screen, institutionName} from "./screen.js";

// The QR of a receipt is an address that ends in the code; a reader types it as a keyboard would.
const codeOf = (text) => text.slice(text.lastIndexOf("/") + 1).replace(/[\s-]/g, "").toUpperCase();

// What is asked, on which keyboard; and the ways that lead from there.
const code = ["mine-code", "done.code", "plate"], pin = ["mine-pin", "done.pin", "number"];
const number = ["mine-number", "mine.number", "regno"], place = ["mine-house", "mine.house", "text"];
const ways = {
  code: {asks: [code, pin], others: ["number"]},
  number: {asks: [number, pin], others: ["house", "code"]},
  house: {asks: [number, pin, place], others: ["code"]},
};
const tidy = {"mine-code": codeOf, "mine-pin": (v) => v.replace(/\D/g, "")};

function Enter() {
  const {t, call, state, hello, lang} = useApp();
  const [way, setWay] = useState("code");
  const [typed, setTyped] = useState({"mine-house": institutionName(hello, lang)});
  const [board, setBoard] = useState("plate");
  const [gone, setGone] = useState(""); // what was said of another way
  const {asks, others} = ways[way];
  const first = asks[0][0];
  const problem = state.mine.problem === gone ? "" : state.mine.problem;
  const send = () => {
    const four = (typed["mine-pin"] || "").padEnd(4, "?").slice(0, 4);
    if (typed[first] && !typed["mine-pin"]) document.getElementById("mine-pin")?.focus();
    else if (way === "code") call("/v1/mine/look", {code: typed[first] || "?", pin: four});
    else call("/v1/mine/look", {number: typed[first] || "?", institution: typed["mine-house"] || "?", pin: four});
  };
  const go = (next) => () => {
    setGone(state.mine.problem);
    setWay(next);
  };
  return html`<${Screen} title=${t("mine.title")} lead=${t(way === "code" ? "mine.lead" : "mine.number_lead")}
      kind="form typing" resetKey=${`mine-${way}`} focus=${first} onSubmit=${send}
      after=${html`<${Keyboard} layout=${board} />`} actions=${html`<${Actions} next=${{label: t("mine.go"), submit: true}} />`}>
    <${FieldError} id="mine" text=${problem} />
    <div class="fields" onFocusIn=${(e) => setBoard(e.target.dataset.kb || "text")}>
      ${asks.map(([id, label, kb]) => html`<div class="field" key=${id}><label class="label" for=${id}>${t(label)}</label>
        <${Line} id=${id} value=${typed[id] || ""} board=${kb} error=${problem} max=${id === "mine-pin" ? 4 : 120}
          name=${kb === "text" ? "line" : "line wide-digits"}
          onInput=${(v) => setTyped((x) => ({...x, [id]: tidy[id] ? tidy[id](v) : v}))} /></div>`)}
    </div>
    <div class="other-ways">${others.map((next) => html`<button type="button" key=${next} class="btn quiet"
      onClick=${go(next)}>${t(`mine.by_${next}`)}</button>`)}</div>
  </${Screen}>`;
}

function Waiting({title}) {
  const {t, state} = useApp();
  return html`<${Screen} title=${title} lead=${state.mine.problem || t("mine.wait")} kind="show" resetKey=${title}>
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
      ${back.by && html`<p><b>${back.by}</b></p><p class="fine">${back.by_late || back.by_why}</p>`}
      ${!repairable && html`<p>${t("mine.elsewhere")}</p>`}</${Notice}>`}
    ${view.ready && html`<${Notice} kind="good"><p>${view.ready}</p>
      ${view.ready_by && html`<p><b>${view.ready_by}</b></p><p class="fine">${view.ready_why}</p>`}</${Notice}>`}
    <${Way} view=${view} />
    ${view.notes.length > 0 && html`<section class="card"><h2>${t("mine.notes")}</h2>
      ${view.notes.map((n, i) => html`<p key=${i} class="story-note"><span class="story-day">${n.day}</span>${n.text}</p>`)}
    </section>`}
  </${Screen}>`;
}

export function Mine() {
  const {t, state} = useApp();
  const {phase, view, repairable} = state.mine || {};
  if (phase === "asking") return html`<${Waiting} title=${t("mine.asking")} />`;
  if (phase === "sending") return html`<${Waiting} title=${t("mine.sending")} />`;
  return phase === "shown" && view ? html`<${Shown} view=${view} repairable=${repairable} />` : html`<${Enter} />`;
}
