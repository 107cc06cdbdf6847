// The identity card: picture of the slot, the six digits, progress, and what to do when it does not work.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {DateParts, FieldError, Line} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {CardFront, CardInsert, Flatbed} from "./pictures.js";
import {Actions, Button, Notice, Screen} from "./screen.js";

const digits = /\D/g;

function useSkip() {
  const {t, call} = useApp();
  return {label: t("card.skip"), icon: "pen", onClick: () => call("/v1/card/skip")};
}

// A card without a chip: laid on the scanner with the lines of letters down.
function OldCard({back}) {
  const {t, call} = useApp();
  const skip = useSkip();
  return html`<${Screen} title=${t("card.old.title")} lead=${t("card.old.text")} resetKey="old" kind="show"
      actions=${html`<${Actions} second=${skip} onBack=${back} next=${{label: t("card.old.go"),
        onClick: () => call("/v1/card/scan")}} />`}>
    <${Flatbed} label=${t("card.old.pic")} card=${true} /></${Screen}>`;
}

function Insert() {
  const {t, state} = useApp();
  const skip = useSkip();
  const [old, setOld] = useState(false);
  const scan = state.card.scan === "ready" && {label: t("card.old"), icon: "id", onClick: () => setOld(true)};
  if (old && scan) return html`<${OldCard} back=${() => setOld(false)} />`;
  if (state.card.reader === "absent") {
    return html`<${Screen} title=${t("card.absent.title")} lead=${t("card.absent.text")} resetKey="absent"
        kind="show" actions=${html`<${Actions} second=${scan} next=${{...skip, icon: "next"}} />`}>
      <div class="big-sign"><${Icon} name="pen" /></div>
    </${Screen}>`;
  }
  return html`<${Screen} title=${t("card.insert.title")} lead=${t("card.insert.text")} resetKey="insert"
    kind="show"
      actions=${html`<${Actions} second=${scan ? [scan, skip] : skip} />`}>
    <${CardInsert} label=${t("card.insert.pic")} />
    <p class="waiting" role="status"><span class="dots"><i /><i /><i /></span>${t("card.insert.wait")}</p>
  </${Screen}>`;
}

function Tries({error}) {
  const {t} = useApp();
  return error?.tries_left > 0 ? html` ${t.n("card.tries", error.tries_left)}` : null;
}

function Can({error}) {
  const {t, call} = useApp();
  const skip = useSkip();
  const [can, setCan] = useState("");
  return html`<${Screen} title=${t("card.can.title")} lead=${t("card.can.text")} resetKey="can" focus="can"
    kind="form typing can"
      onSubmit=${() => call("/v1/card/read", {can})} after=${html`<${Keyboard} layout="number" />`}
      actions=${html`<${Actions} second=${skip} next=${{label: t("card.read"), submit: true}} />`}>
    <${CardFront} label=${t("card.can.pic")} />
    <div class="field">
      <label class="label" for="can">${t("card.can.label")}</label>
      ${error && html`<${FieldError} id="can" text=${html`${error.text}<${Tries} error=${error} />`} />`}
      <${Line} id="can" value=${can} onInput=${(v) => setCan(v.replace(digits, "").slice(0, 6))}
        board="number" max=${6}
        error=${error} help=${error ? "f-can-e" : undefined} name="line six" />
    </div>
    <p class="why"><${Icon} name="info" /><span><b>${t("why")}</b> ${t("card.can.why")}</span></p>
  </${Screen}>`;
}

// Older documents: number, birth date and expiry date open the chip. Two short pages, kept here until they
// are sent.
function Mrz({error}) {
  const {t, call} = useApp();
  const skip = useSkip();
  const [page, setPage] = useState(0);
  const [mrz, set] = useState({document_number: "", birth_date: "", expiry_date: ""});
  const [board, setBoard] = useState("date");
  const put = (name) => (value) => set((old) => ({...old, [name]: value}));
  const send = () => (page ? call("/v1/card/mrz", mrz) : setPage(1));
  const day = (id, name, label) => html`<div class="field" role="group" aria-labelledby=${`${id}-l`}>
    <p class="label" id=${`${id}-l`}>${label}</p>
    <${DateParts} id=${id} value=${mrz[name]} onInput=${put(name)} /></div>`;
  return html`<${Screen} title=${t("card.mrz.title")} lead=${t("card.mrz.text")} resetKey=${`mrz${page}`}
    focus=${page ? "mrz-birth" : "mrz-number"}
    kind="form typing"
      onSubmit=${send} after=${html`<${Keyboard} layout=${page ? board : "plate"} />`}
      actions=${html`<${Actions} second=${skip} next=${{label: t(page ? "card.read" : "next"), submit: true}}
        />`}>
    ${error && html`<${Notice} kind="bad" alert=${true}><p>${error.text}<${Tries} error=${error} /></p>
      </${Notice}>`}
    <div class="fields" onFocusIn=${() => setBoard("date")}>
      ${page === 0 ? html`<div class="field"><label class="label"
        for="mrz-number">${t("card.mrz.number")}</label>
          <${Line} id="mrz-number" value=${mrz.document_number} board="plate" max=${20}
            onInput=${(v) => put("document_number")(v.toUpperCase())} /></div>`
      : html`${day("mrz-birth", "birth_date", t("card.mrz.birth"))}${day("mrz-expiry", "expiry_date",
        t("card.mrz.expiry"))}`}
    </div>
  </${Screen}>`;
}

function Reading() {
  const {t, state} = useApp();
  const n = Math.min(Math.max(state.card.progress || 0, 0), 100);
  const flat = state.card.phase === "scanning"; // the printed lines, on the scanner's glass
  const words = flat ? ["card.old.running.title", "card.old.running"] : ["card.reading.title", "card.reading.text"];
  return html`<${Screen} title=${t(words[0])} lead=${t(words[1])} resetKey="reading" kind="show"
      actions=${html`<${Actions} back=${false} />`}>
    ${flat && html`<${Flatbed} label=${t("card.old.pic")} card=${true} />`}
    <div class="reading"><progress max="100" value=${n} aria-label=${t("card.reading.bar")}></progress>
      <p class="percent" aria-hidden="true">${n}%</p></div>
  </${Screen}>`;
}

// The way back from the first question leads here; what was read stays.
function Read() {
  const {t, call} = useApp();
  return html`<${Screen} title=${t("card.ok.title")} lead=${t("card.ok.text")} resetKey="ok" kind="show"
      actions=${html`<${Actions} next=${{label: t("next"), onClick: () => call("/v1/card/skip")}} />`}>
    <div class="big-sign good"><${Icon} name="check" /></div>
  </${Screen}>`;
}

// What to do next comes from kioskd as one sentence; after two failures a person is offered first.
function Failed({again}) {
  const {t, state, setDialog} = useApp();
  const {error, attempts} = state.card;
  const skip = useSkip();
  return html`<${Screen} title=${t("card.error.title")} resetKey="error" kind="card-failed"
      actions=${html`<${Actions} second=${skip} next=${{label: t("retry"), onClick: again}} />`}>
    <${Notice} kind="bad" alert=${true}><p>${error?.text}<${Tries} error=${error} /></p></${Notice}>
    ${attempts >= 2 && html`<div class="offer"><p>${t("help.text")}</p>
      <${Button} kind="quiet" icon="help" label=${t("help.call")} onClick=${() => setDialog("help")} />
        </div>`}
    <${CardInsert} label=${t("card.insert.pic")} />
  </${Screen}>`;
}

export function Card() {
  const {state} = useApp();
  const {phase, error, attempts, present} = state.card;
  const [again, setAgain] = useState(-1);
  const wrong = error?.code === "CAN_WRONG";
  if (phase === "error" && (again === attempts || wrong)) return error?.code === "PACE_UNSUPPORTED"
    ? html`<${Mrz} error=${error} />` : present === false ? html`<${Insert} />` : html`<${Can} key=${attempts}
      error=${wrong && error} />`;
  if (phase === "error") return html`<${Failed} again=${() => setAgain(attempts)} />`;
  if (phase === "can") return html`<${Can} error=${error} />`;
  if (phase === "mrz") return html`<${Mrz} error=${error} />`;
  if (phase === "reading" || phase === "scanning") return html`<${Reading} />`;
  if (phase === "ok") return html`<${Read} />`;
  return html`<${Insert} />`;
}
