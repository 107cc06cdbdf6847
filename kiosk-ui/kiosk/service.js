// Which service: everyday name, legal name below, minutes, what to have at hand. Trouble is said here, before
// the form.
import {html} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {Actions, Screen, Trouble} from "./screen.js";

const icons = {"cs.birth_certificate": "paper", "complaint.abandoned_vehicle": "car"};

function Tile({service}) {
  const {t, call} = useApp();
  const bring = service.before?.length > 0;
  const before = bring ? service.before : [t("service.nothing")];
  const id = `s-${service.id}`;
  return html`<button type="button" class="tile" disabled=${!service.available} aria-describedby=${id}
      onClick=${() => call("/v1/session/service", {service: service.id})}>
    <span class="tile-icon"><${Icon} name=${icons[service.id] || "paper"} /></span>
    <span class="tile-text">
      <span class="tile-name">${service.name}</span>
      <span class="tile-legal">${service.legal_name}</span>
      <span id=${id} class="tile-more">
        <span class="tile-intro">${service.intro}</span>
        ${service.available ? html`<span class="fact"><${Icon} name="clock" />${t.n("service.minutes",
          service.minutes)}</span>
          ${before.map((text) => html`<span class="fact" key=${text}><${Icon} name=${bring ? "id" : "check"}
            />${text}</span>`)}
          ${service.fee && html`<span class="fact"><${Icon} name="info" />${service.fee}</span>`}`
        : html`<span class="fact strong"><${Icon} name="warn" />${service.why_not
          || t("service.closed")}</span>`}
      </span>
    </span>
    ${service.available && html`<span class="tile-go"><${Icon} name="next" /></span>`}
  </button>`;
}

export function Service() {
  const {t, state, call} = useApp(); // nothing is written yet: the way back is the start page
  return html`<${Screen} title=${t("service.title")} kind="choose"
      actions=${html`<${Actions} leave=${false} onBack=${() => call("/v1/session/end")} />`}>
    <${Trouble} />
    <div class="tiles">${(state.services || []).map((s) => html`<${Tile} key=${s.id} service=${s} />`)}
      <button type="button" class="btn quiet" onClick=${() => call("/v1/mine/open")}><${Icon} name="clock" /><span>${
        t("mine.open")}</span></button></div>
  </${Screen}>`;
}
