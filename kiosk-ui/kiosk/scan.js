// A question for papers: how to lay them, the scan itself, and the tray of pages. kioskd holds the pages; the
// small pictures come with the session's token and live only in this document.
import {html, useEffect, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {Tags, Why} from "./fields.js";
import {Feeder, Flatbed} from "./pictures.js";
import {Actions, Button, Notice, Screen} from "./screen.js";

const hintIcon = {blank: "paper", blur: "eye", skew: "turn", cut_off: "cut", dark: "contrast", light: "contrast"};

function Thumb({id, turns, n}) {
  const {t, client} = useApp();
  const [src, setSrc] = useState("");
  useEffect(() => {
    let url = "";
    let gone = false;
    client.blob(`/v1/scan/thumb/${id}`).then((blob) => {
      if (!blob || gone) return;
      url = URL.createObjectURL(blob);
      setSrc(url);
    }, () => {});
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [id]);
  return html`<span class="thumb">${src && html`<img src=${src} class=${`turn${turns}`}
    alt=${t("scan.page", {n})} />`}</span>`;
}

// One way of laying the paper, as a picture that is a button.
function Way({source, Picture, loaded}) {
  const {t, state, call} = useApp();
  const start = () => call("/v1/scan/start", {field: state.scan.field, source});
  return html`<button type="button" class="tile way" onClick=${start}>
    <${Picture} label=${t(`scan.${source}.pic`)} />
    <span class="tile-text"><span class="tile-name">${t(`scan.${source}`)}</span>
      <span class="tile-intro">${t(`scan.${source}.text`)}</span>
      ${loaded && html`<span class="tag read">${t("scan.loaded")}</span>`}</span>
    <span class="tile-go"><${Icon} name="next" /></span>
  </button>`;
}

function Ways() {
  const {state} = useApp();
  const {feeder, flatbed, loaded} = state.scan;
  return html`<div class="ways">
    ${(feeder || !flatbed) && html`<${Way} source=${feeder ? "feeder" : "auto"} Picture=${Feeder}
      loaded=${loaded} />`}
    ${flatbed && html`<${Way} source="flatbed" Picture=${Flatbed} />`}
  </div>`;
}

function Running() {
  const {t, state, call} = useApp();
  const {doing, page, percent} = state.scan;
  const n = Math.min(Math.max(percent || 0, 0), 100);
  return html`<${Screen} title=${t("scan.running")} lead=${t("scan.running.text")} resetKey="running" kind="show"
      actions=${html`<div class="actions"><${Button} kind="quiet grow" icon="close" label=${t("scan.cancel")}
        onClick=${() => call("/v1/scan/cancel")} /></div>`}>
    <${Feeder} label=${t("scan.feeder.pic")} moving=${true} />
    <div class="reading"><p class="percent" role="status">${t(`scan.doing.${doing || "scanning"}`, {n: page || 1})}</p>
      <progress max="100" value=${n} aria-label=${t("scan.running")}></progress></div>
  </${Screen}>`;
}

// Why a page should be looked at, with the two things one can do about it.
function Hint({page, n}) {
  const {t, call} = useApp();
  const hints = page.hints.length ? page.hints : ["blur"];
  return html`<section class="card ask hint" role="alert">
    <h2><${Icon} name=${hintIcon[hints[0]] || "eye"} />${t("scan.poor", {n})}</h2>
    ${hints.map((h) => html`<p key=${h}>${t(`scan.hint.${h}`)}</p>`)}
    <div class="pair">
      <${Button} kind="quiet" icon="check" label=${t("scan.keep")}
        onClick=${() => call("/v1/scan/page/keep", {page: page.id})} />
      <${Button} kind="main" icon="again" label=${t("scan.again")}
        onClick=${() => call("/v1/scan/again", {page: page.id})} />
    </div></section>`;
}

function Tools({page, at, last}) {
  const {t, call} = useApp();
  const tool = (icon, name, path, body, off) => html`<button type="button" class="btn quiet tool" disabled=${off}
    onClick=${() => call(path, {page: page.id, ...body})}><${Icon} name=${icon} />
    <span>${t(`scan.${name}`)}</span></button>`;
  return html`<div class="tools" role="group" aria-label=${t("scan.tools", {n: at + 1})}>
    ${tool("back", "before", "/v1/scan/page/move", {to: at}, at === 0)}
    ${tool("next", "after", "/v1/scan/page/move", {to: at + 2}, at === last)}
    ${tool("turn", "rotate", "/v1/scan/page/rotate")}
    ${(!page.poor || page.kept) && tool("again", "anew", "/v1/scan/again")}
    ${tool("erase", "delete", "/v1/scan/page/delete")}
  </div>`;
}

function Tray() {
  const {t, state, call} = useApp();
  const {pages, max, feeder, flatbed, field} = state.scan;
  const [chosen, choose] = useState(0);
  const poor = pages.find((p) => p.poor && !p.kept);
  const page = pages.find((p) => p.id === chosen) || poor || pages[pages.length - 1];
  const at = pages.indexOf(page);
  const more = (source, icon, name) => html`<${Button} kind="quiet" icon=${icon} label=${t(name)}
    onClick=${() => call("/v1/scan/start", {field, source})} />`;
  return html`<div class=${pages.length < 4 ? "tray few" : "tray"} role="group" aria-label=${t("scan.tray")}>
      ${pages.map((p, i) => html`<button type="button" key=${p.id} class="sheet" aria-pressed=${String(p === page)}
          onClick=${() => choose(p.id)}>
        <${Thumb} id=${p.id} turns=${p.turns} n=${i + 1} />
        <span class="sheet-n">${p.poor && !p.kept ? html`<${Icon} name="warn" /><span class="sr">${
          t("scan.look")}</span>` : null}${i + 1}</span></button>`)}
    </div>
    ${page.poor && !page.kept && html`<${Hint} page=${page} n=${at + 1} />`}
    <${Tools} page=${page} at=${at} last=${pages.length - 1} />
    ${pages.length < max ? html`<div class="pair more">
      ${(feeder || !flatbed) && more(feeder ? "feeder" : "auto", "down", flatbed ? "scan.more.feeder" : "scan.more")}
      ${flatbed && more("flatbed", "paper", feeder ? "scan.more.flatbed" : "scan.more")}</div>`
      : html`<${Notice} kind="info"><p>${t.n("scan.full", max)}</p></${Notice}>`}`;
}

export function Scan({question, onNext, wrong}) {
  const {t, state, call} = useApp();
  const {phase, pages, error, counter, chosen, max} = state.scan;
  if (phase === "scanning") return html`<${Running} />`;
  const absent = phase === "absent" && !pages.length;
  const some = pages.length > 0;
  const bring = counter && {label: t("scan.bring"), icon: "person", onClick: () => call("/v1/scan/skip")};
  const next = some || (!question.required && !absent) ? {label: t("next"), onClick: onNext} : null;
  const lead = absent ? t("scan.absent") : some ? t.n("scan.count", pages.length) : question.help;
  return html`<${Screen} kind="papers" title=${question.label} resetKey=${`scan:${question.id}:${some}:${absent}`}
      over=${html`${t("form.question", {n: state.form.page, m: state.form.pages})}<${Tags} field=${question} />`}
      lead=${lead} actions=${html`<${Actions} second=${!some && bring && {...bring, kind: absent ? "main" : "quiet grow"}} next=${next} />`}>
    ${wrong && html`<div class="errors" role="alert"><h2><${Icon} name="warn" />${wrong}</h2></div>`}
    ${phase === "error" && html`<${Notice} kind="bad" alert=${true}><p>${error?.text}</p></${Notice}>`}
    ${chosen && !some && !absent && html`<${Notice} kind="info"><p>${t("scan.chosen")}</p></${Notice}>`}
    ${absent ? html`<div class="big-sign"><${Icon} name="person" /></div>
      <${Notice} kind="info"><p>${t("scan.absent.text")}</p></${Notice}>` : some ? html`<${Tray} />` : html`<${Ways} />`}
    ${!absent && !some && !chosen && html`<p class="fine">${t("scan.limit", {n: max})}</p>`}
    ${!some && html`<${Why} field=${question} first=${true} />`}
  </${Screen}>`;
}
