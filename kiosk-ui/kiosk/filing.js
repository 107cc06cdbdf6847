// Between "send" and the number: what is happening right now, in words that stay true.
import {html} from "../shared/html.js";
import {useApp} from "./context.js";
import {Screen} from "./screen.js";

export function Filing() {
  const {t, state} = useApp();
  const phase = state.filing?.phase || "saving";
  const known = {saving: "saving", sending: "sending", queued: "queued"}[phase] || "sending";
  return html`<${Screen} title=${t(`filing.${known}`)} lead=${t(known === "queued" ? "filing.queued.text" : "filing.text")}
      resetKey="filing" kind="show">
    <div class="filing" role="status"><span class="dots large"><i /><i /><i /></span></div>
  </${Screen}>`;
}
