// The start page: whose porch this is, what one gets here, and one way in per language.
import {html} from "../shared/html.js";
import {Icon, Mark} from "../shared/icons.js";
import {translator} from "../shared/i18n.js";
import {useApp} from "./context.js";
import {Porch} from "./porch.js";
import {Receipt} from "./receipt.js";
import {Scroller, Trouble, Notice, institutionName} from "./screen.js";

export function Start() {
  const {t, lang, hello, call, flags, dialog, setDialog, state} = useApp();
  if (dialog === "receipt") return html`<${Receipt} />`;
  const langs = hello?.langs || ["ro", "hu", "en"];
  const order = [lang, ...langs.filter((code) => code !== lang)];
  const closed = state?.mode === "maintenance"; // a technician has the terminal
  return html`<header class="hero">
      <div class="who"><${Mark} /><span class="who-name">${institutionName(hello, lang)}</span></div>
      <${Porch} label=${t("start.porch")} />
    </header>
    <main class="main start" aria-busy=${flags.busy}><div class="page">
      <${Scroller} resetKey=${lang}>
        <h1 id="title">${t("start.hello")}</h1>
        <p class="lead">${t("start.lead").split(/(?<=\.) /).map((line) => html`<span key=${line}>${line}
          </span>`)}</p>
        ${!closed && html`<${Trouble} />`}
        ${flags.oops && html`<${Notice} kind="bad" alert=${true}><p>${flags.oops}</p></${Notice}>`}
        ${closed && html`<${Notice} kind="info" alert=${true}>${order.map((code) => html`<p key=${code}
          lang=${code}>${translator(code)("start.closed")}</p>`)}</${Notice}>`}
        ${!closed && html`<div class="doors">
          ${order.map((code, i) => {
            const own = translator(code);
            return html`<button type="button" key=${code} lang=${code} class=${i ? "door" : "door first"}
                onClick=${() => call("/v1/session/start", {lang: code})}>
              <span class="door-go">${own("start.go")}</span><span class="door-in">${own("start.in")}</span>
              <${Icon} name="next" /></button>`;
          })}
        </div>`}
        <button type="button" class="btn quiet look" onClick=${() => setDialog("receipt")}><${Icon} name="clock"
          /><span>${t("look.open")}</span></button>
        <ul class="promises">
          <li><${Icon} name="broom" /><span>${t("start.wipe")}</span></li>
          <li><${Icon} name="person" /><span>${t("start.counter")}</span></li>
        </ul>
      </${Scroller}>
    </div></main>`;
}
