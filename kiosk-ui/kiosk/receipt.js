// "I have a provisional receipt": its code, typed, says what became of it. No visit begins, nothing is kept.
import {html, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {FieldError, Line} from "./fields.js";
import {Keyboard} from "./keyboard.js";
import {Actions, Screen} from "./screen.js";

export function Receipt() {
  const {t, call, setDialog} = useApp();
  const [code, setCode] = useState("");
  const [found, setFound] = useState(null);
  const back = () => (found ? setFound(null) : setDialog(""));
  const send = async () => {
    const reply = await call("/v1/receipt/look", {code}, [422]);
    setFound(reply?.ok ? reply.body : reply?.status === 422 ? {state: "bad"} : null);
  };
  const good = found && found.state !== "bad";
  if (good) {
    const known = found.state === "registered";
    return html`<${Screen} title=${t(`look.${found.state}`)} kind="show" resetKey=${found.state}
        actions=${html`<${Actions} leave=${false} onBack=${back} next=${{label: t("look.end"),
          onClick: () => setDialog("")}} />`}>
      ${known && html`<section class="card number"><h2>${t("done.number")}</h2>
        <p class="the-number">${found.number}</p><p class="when">${found.date}</p></section>`}
      ${known && found.due && html`<section class="card next"><p class="due"><span>${t("done.due")}</span>
        <strong> ${found.due}</strong></p></section>`}
      ${!known && html`<div class="big-sign"><${Icon} name=${found.state === "waiting" ? "clock" : "person"} /></div>
        <p class="lead">${t(`look.${found.state}.text`)}</p>`}
    </${Screen}>`;
  }
  return html`<${Screen} title=${t("look.title")} lead=${t("look.lead")} kind="form typing" resetKey="look"
      focus="look" onSubmit=${send} after=${html`<${Keyboard} layout="plate" />`}
      actions=${html`<${Actions} leave=${false} onBack=${back} next=${{label: t("look.go"), submit: true}} />`}>
    <div class="field"><label class="label" for="look">${t("done.code")}</label>
      ${found && html`<${FieldError} id="look" text=${t("look.bad")} />`}
      <${Line} id="look" value=${code} board="plate" max=${12} error=${found} name="line wide-digits"
        onInput=${(v) => setCode(v.toUpperCase())} /></div>
  </${Screen}>`;
}
