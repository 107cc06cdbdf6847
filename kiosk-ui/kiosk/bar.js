// The bottom bar: the same five things in the same order on every screen.
import {html} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";

export function Bar() {
  const {t, prefs, setPrefs, setDialog} = useApp();
  const toggle = (name) => () => setPrefs({...prefs, [name]: !prefs[name]});
  const item = (icon, label, onClick, more) => html`<button type="button" class="bar-item" onClick=${onClick}
    ...${more}>
    <${Icon} name=${icon} /><span class="bar-label">${label}</span>
  </button>`;
  const setting = (name, icon) => item(icon, t(`bar.${name}`), toggle(name),
    {"aria-pressed": String(prefs[name])});
  return html`<footer class="bar" aria-label=${t("bar.name")}>
    ${item("globe", t("bar.lang"), () => setDialog("lang"), {"aria-haspopup": "dialog"})}
    ${setting("large", "text")}
    ${setting("contrast", "contrast")}
    ${setting("lower", "lower")}
    ${item("help", t("bar.help"), () => setDialog("help"), {"aria-haspopup": "dialog"})}
  </footer>`;
}
