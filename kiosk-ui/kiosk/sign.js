// Signing on the pad: the person sees the ink here while it is written; the pad stays the source of the
// strokes.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";
import {submitKey} from "./memory.js";
import {PadPicture} from "./pictures.js";
import {Actions, Button, Notice, Screen} from "./screen.js";

function paint(canvas, points, state, width) {
  const ctx = canvas.getContext("2d");
  const scale = canvas.width / width;
  ctx.strokeStyle = getComputedStyle(canvas).color;
  ctx.lineCap = "round";
  for (const [x, y, pressure] of points) {
    if (pressure > 0 && state.last) {
      ctx.lineWidth = (2.2 + 5 * Math.min(pressure / 1023, 1)) * (canvas.width / 900);
      ctx.beginPath();
      ctx.moveTo(state.last[0] * scale, state.last[1] * scale);
      ctx.lineTo(x * scale, y * scale);
      ctx.stroke();
    }
    state.last = pressure > 0 ? [x, y] : null;
  }
}

// strokes come as device events: {event: "strokes", data: {points: [[x, y, pressure, ms], …], up}}
function Ink({label, wipes}) {
  const {onDevice, state} = useApp();
  const {width = 9600, height = 6000} = state.sign; // the pad's own units: the drawing keeps their proportion
  const canvas = useRef(null);
  const pen = useRef({last: null});
  useEffect(() => {
    const listen = (event) => {
      const data = event.data || event;
      if (!Array.isArray(data.points) || !canvas.current) return;
      paint(canvas.current, data.points, pen.current, width);
      if (data.up) pen.current.last = null;
    };
    onDevice.add(listen);
    return () => onDevice.delete(listen);
  }, [width]);
  useEffect(() => {
    canvas.current.getContext("2d").clearRect(0, 0, canvas.current.width, canvas.current.height);
    pen.current.last = null;
  }, [wipes]);
  return html`<div class="ink"><canvas ref=${canvas} width="1440" height=${Math.round((1440 * height) / width)} role="img"
    aria-label=${label}></canvas><span class="ink-x" aria-hidden="true">×</span></div>`;
}

function Capturing() {
  const {t, state, call} = useApp();
  const [wipes, setWipes] = useState(0);
  const clear = async () => {
    const reply = await call("/v1/sign/clear");
    if (reply?.ok) setWipes(wipes + 1);
  };
  return html`<${Screen} title=${t("sign.title")} lead=${t("sign.live")} resetKey="live" kind="show sign"
      actions=${html`<div class="actions">
        <${Button} kind="quiet side" icon="back" label=${t("back")} onClick=${() => call("/v1/sign/cancel")}
          />
        <${Button} kind="quiet side" icon="erase" label=${t("sign.clear")} onClick=${clear} />
        <${Button} kind="main" icon="check" label=${t("sign.finish")} onClick=${() => call("/v1/sign/finish")}
          /></div>`}>
    <${Ink} label=${t("sign.ink")} wipes=${wipes} />
    ${state.sign.error?.text && html`<${Notice} kind="bad" alert=${true}><p>${state.sign.error.text}</p>
      </${Notice}>`}
    ${state.sign.hash && html`<p class="fine">${t("sign.hash", {hash: state.sign.hash})}</p>`}
  </${Screen}>`;
}

export function Sign() {
  const {t, state, call} = useApp();
  const {phase, error, skipped} = state.sign;
  const skip = {label: t("sign.skip"), icon: "person", onClick: () => call("/v1/sign/skip")};
  if (phase === "capturing") return html`<${Capturing} />`;
  if (phase === "preparing") {
    return html`<${Screen} title=${t("sign.title")} lead=${t("sign.preparing")} resetKey="preparing"
      kind="show"
      actions=${html`<div class="actions"><${Button} kind="quiet side" icon="back" label=${t("back")}
        onClick=${() => call("/v1/sign/cancel")} /></div>`}><${PadPicture} label=${t("sign.pic")} />
          </${Screen}>`;
  }
  if (phase === "done") {
    return html`<${Screen} title=${t(skipped ? "sign.skipped.title" : "sign.done.title")}
      lead=${t("sign.done.text")} resetKey="done" kind="show"
        actions=${html`<${Actions} next=${{label: t("review.send"), icon: "check",
          onClick: () => call("/v1/submit", {key: submitKey()})}} />`}>
      <div class="big-sign good"><${Icon} name=${skipped ? "person" : "check"} /></div>
    </${Screen}>`;
  }
  if (phase === "absent") {
    return html`<${Screen} title=${t("sign.absent.title")} lead=${t("sign.absent.text")} resetKey="absent"
      kind="show"
        actions=${html`<${Actions} next=${{label: t("sign.skip"), onClick: skip.onClick}} />`}>
      <div class="big-sign"><${Icon} name="person" /></div>
    </${Screen}>`;
  }
  const failed = phase === "error";
  return html`<${Screen} title=${t(failed ? "sign.error.title" : "sign.title")} lead=${failed ? ""
    : t("sign.ready")}
      resetKey=${phase} kind="show" actions=${html`<${Actions} second=${skip} next=${{
        label: t(failed ? "retry" : "sign.start"), icon: "pen", onClick: () => call("/v1/sign/start")}} />`}>
    ${failed && html`<${Notice} kind="bad" alert=${true}><p>${error?.text}</p></${Notice}>`}
    <${PadPicture} label=${t("sign.pic")} />
  </${Screen}>`;
}
