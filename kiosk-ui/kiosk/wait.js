// Before there is a session to show: a calm page that says what we wait for.
import {html} from "../shared/html.js";
import {Mark} from "../shared/icons.js";
import {useApp} from "./context.js";

export function Wait({link}) {
  const {t} = useApp();
  const text = {busy: "wait.busy", refused: "wait.refused", lost: "wait.lost"}[link] || "wait.text";
  return html`<main class="main wait"><div class="wait-in" role="status">
    <${Mark} /><h1>${t("wait.title")}</h1><p class="lead">${t(text)}</p>
  </div></main>`;
}
