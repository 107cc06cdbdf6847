// Between "send" and the number: what is happening right now, in words that stay true.
import {html} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {Screen} from "./screen.js";

export function Filing() {
  const {t, state} = useApp();
  const phase = state.filing?.phase || "saving";
  const waits = phase === "queued";
  const lines = ["saving", waits ? "queued" : "sending"];
  const at = phase === "saving" ? 0 : 1;
  return html`<${Screen} title=${t(`filing.${lines[at]}`)} lead=${t(waits ? "filing.queued.text"
    : "filing.text")}
      resetKey="filing" kind="show">
    <ol class="filing">${lines.map((name, i) => html`<li key=${i} class=${i === at ? "now" : i < at ? "past"
      : ""}>
      <span class="filing-mark">${i < at || waits ? html`<${Icon} name="check" />`
        : i === at && html`<span class="dots"><i /><i /><i /></span>`}</span>
          <span>${t(`filing.${name}`)}</span></li>`)}
    </ol>
  </${Screen}>`;
}
