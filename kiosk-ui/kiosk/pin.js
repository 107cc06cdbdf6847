// The address from the card: an offer beside its question, the PIN, the reading. Typing stays possible on every
// page. The PIN lives in its field only and is gone from there before the answer comes.
import {html, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {FieldError, Line} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {drop} from "./memory.js";
import {CardInsert} from "./pictures.js";
import {Actions, Notice, Screen} from "./screen.js";

function Pin({error, type}) {
  const {t, call} = useApp();
  const [pin, setPin] = useState("");
  const [short, setShort] = useState(false);
  const send = () => {
    const typed = pin;
    setPin("");
    setShort(typed.length !== 4);
    if (typed.length === 4) call("/v1/card/address", {pin: typed});
  };
  const tries = error?.tries_left > 0 ? t.n("card.tries", error.tries_left) : "";
  const wrong = short ? t("pin.four") : error && `${error.text} ${tries}`;
  return html`<${Screen} title=${t("pin.title")} lead=${t("pin.text")} resetKey="pin" focus="pin"
    kind="form typing can pin" onSubmit=${send} after=${html`<${Keyboard} layout="number" />`}
      actions=${html`<${Actions} second=${type} onBack=${type.onClick} next=${{label: t("pin.go"),
        submit: true}} />`}>
    <div class="field">
      <label class="label" for="pin">${t("pin.label")}</label>
      ${wrong && html`<${FieldError} id="pin" text=${wrong} />`}
      <${Line} id="pin" value=${pin} onInput=${(v) => setPin(v.replace(/\D/g, "").slice(0, 4))}
        board="number" max=${4} secret=${true} error=${wrong} help=${wrong ? "f-pin-e" : undefined}
        name="line six" />
    </div>
    <p class="why"><${Icon} name="info" /><span><b>${t("why")}</b> ${t("pin.why")}</span></p>
  </${Screen}>`;
}

function Insert({type}) {
  const {t} = useApp();
  return html`<${Screen} title=${t("pin.insert")} lead=${t("card.insert.text")} resetKey="pin-insert" kind="show"
      actions=${html`<${Actions} onBack=${type.onClick} next=${{...type, end: false}} />`}>
    <${CardInsert} label=${t("card.insert.pic")} />
    <p class="waiting" role="status"><span class="dots"><i /><i /><i /></span>${t("card.insert.wait")}</p>
  </${Screen}>`;
}

function Reading({n}) {
  const {t, call} = useApp();
  return html`<${Screen} title=${t("pin.reading")} lead=${t("card.reading.text")} resetKey="pin-reading" kind="show"
      actions=${html`<${Actions} back=${false} second=${{label: t("pin.type"), icon: "pen",
        onClick: () => call("/v1/card/address/cancel")}} />`}>
    <div class="reading"><progress max="100" value=${n} aria-label=${t("card.reading.bar")}></progress>
      <p class="percent" aria-hidden="true">${n}%</p></div>
  </${Screen}>`;
}

// For the address question: the page that stands in its place now, the button that leads there, what to say.
export function usePin(address) {
  const {t, state} = useApp();
  const [open, setOpen] = useState(-1);
  const [shut, setShut] = useState(-1);
  const was = useRef("");
  const phase = address?.phase;
  if (was.current === "reading" && phase === "taken") drop([address.field]); // the card's word is shown
  was.current = phase;
  if (!address || phase === "taken") return {};
  if (phase === "reading") return {page: html`<${Reading} n=${address.progress} />`};
  const {error, attempts} = address;
  const said = error && html`<${Notice} kind="warn" alert=${true}><p>${error.text}</p></${Notice}>`;
  if (phase !== "offer") return {said};
  const wrong = error?.code === "PIN_WRONG" && shut !== attempts;
  const type = {label: t("pin.type"), icon: "pen", onClick: () => (setOpen(-1), setShut(attempts))};
  const page = (open === attempts || wrong) && (state.card.present === false ? html`<${Insert} type=${type} />`
    : html`<${Pin} key=${attempts} error=${wrong && error} type=${type} />`);
  return {page, said, offer: {label: t("pin.offer"), icon: "id", onClick: () => setOpen(attempts)}};
}
