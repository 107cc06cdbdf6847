// Check answers: every line can be changed. One press goes on: to the signature, or straight to the register.
import {html} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {submitKey} from "./memory.js";
import {Actions, Screen} from "./screen.js";

function Row({row}) {
  const {t, call} = useApp();
  return html`<div class="row">
    <dt>${row.label}</dt>
    <dd class=${row.value ? "" : "none"}>${row.value || t("review.empty")}</dd>
    <dd class="row-do"><button type="button" class="btn quiet small"
      aria-label=${`${t("review.change")}: ${row.label}`} onClick=${() => call("/v1/form/goto",
        {field: row.field})}>
      <${Icon} name="pen" /><span>${t("review.change")}</span></button></dd>
  </div>`;
}

export function Review() {
  const {t, state, call} = useApp();
  const {sections, sign} = state.review;
  // kioskd knows whether a signature comes next; the same key goes with the one act of sending, whenever it
  // comes.
  const next = {...(sign ? {label: t("next")} : {label: t("review.send"), icon: "check"}),
    onClick: () => call("/v1/submit", {key: submitKey()})};
  return html`<${Screen} title=${t("review.title")} lead=${t("review.text")} kind="review" resetKey="review"
      actions=${html`<${Actions} next=${next} />`}>
    ${state.service?.fee && html`<p class="fact"><${Icon} name="info" />${state.service.fee}</p>`}
    ${sections.map((section) => html`<section class="card" key=${section.title}>
      <h2>${section.title}</h2>
      <dl class="rows">${section.rows.map((row) => html`<${Row} key=${row.field} row=${row} />`)}</dl>
    </section>`)}
  </${Screen}>`;
}
