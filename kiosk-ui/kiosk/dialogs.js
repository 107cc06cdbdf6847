// Dialogs in the browser's top layer: they hold the focus by themselves and stand in reach in the lower mode
// too.
import {html, useEffect, useLayoutEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {translator} from "../shared/i18n.js";
import {useApp} from "./context.js";
import {Button} from "./screen.js";

function Dialog({title, children, onClose, kind = ""}) {
  const box = useRef(null);
  useLayoutEffect(() => {
    box.current.showModal();
    return () => box.current?.close();
  }, []);
  return html`<dialog class=${`dialog ${kind}`} ref=${box} aria-labelledby="dialog-title"
      onCancel=${(e) => (e.preventDefault(), onClose())}>
    <h2 id="dialog-title" tabindex="-1" autofocus>${title}</h2>${children}
  </dialog>`;
}

function Languages() {
  const {t, lang, hello, chooseLang, setDialog} = useApp();
  return html`<${Dialog} title=${t("lang.title")} onClose=${() => setDialog("")}>
    <div class="stack">${(hello?.langs || ["ro", "hu", "en"]).map((code) => html`<button type="button"
      key=${code} lang=${code}
      class=${code === lang ? "btn pick on" : "btn pick"} aria-pressed=${String(code === lang)}
        onClick=${() => chooseLang(code)}>
      <span>${translator(code)("lang.self")}</span>${code === lang && html`<${Icon} name="check"
        />`}</button>`)}</div>
    <div class="dialog-do"><${Button} kind="quiet" icon="close" label=${t("close")}
      onClick=${() => setDialog("")} /></div>
  </${Dialog}>`;
}

function Help() {
  const {t, client, setDialog} = useApp();
  const [phase, setPhase] = useState("ask");
  const ask = async () => {
    const reply = await client.post("/v1/help");
    setPhase(reply.ok && reply.body?.called ? "called" : "failed");
  };
  const close = () => setDialog("");
  return html`<${Dialog} title=${t(phase === "called" ? "help.called.title" : "help.title")} onClose=${close}>
    <p role="status">${t({ask: "help.text", called: "help.called.text", failed: "help.failed"}[phase])}</p>
    <p>${t("help.counter")}</p>
    <div class="dialog-do">
      <${Button} kind="quiet" icon="close" label=${t("close")} onClick=${close} />
      ${phase === "ask" && html`<${Button} kind="main" icon="help" label=${t("help.call")}
        onClick=${ask} />`}
    </div>
  </${Dialog}>`;
}

function Leave() {
  const {t, call, setDialog} = useApp();
  return html`<${Dialog} title=${t("leave.title")} onClose=${() => setDialog("")}>
    <p>${t("leave.text")}</p>
    <div class="dialog-do">
      <${Button} kind="quiet" icon="broom" label=${t("leave.yes")} onClick=${() => (setDialog(""),
        call("/v1/session/end"))} />
      <${Button} kind="main" icon="back" label=${t("leave.no")} onClick=${() => setDialog("")} />
    </div>
  </${Dialog}>`;
}

// kioskd ends the visit; the seconds here only show what it said, counted down in between.
function StillHere({left, card}) {
  const {t, client, call} = useApp();
  const [now, setNow] = useState(left);
  useEffect(() => {
    const until = Date.now() + left * 1000;
    setNow(left);
    const timer = setInterval(() => setNow(Math.max(0, Math.round((until - Date.now()) / 1000))), 500);
    return () => clearInterval(timer);
  }, [left]);
  const stay = () => client.post("/v1/session/touch");
  return html`<${Dialog} title=${t(card ? "idle.card" : "idle.title")} kind="idle" onClose=${stay}>
    <p class="idle-left" role="timer">${t.n("idle.left", now)}</p>
    <div class="dialog-do">
      <${Button} kind="quiet" icon="broom" label=${t("idle.end")} onClick=${() => call("/v1/session/end")} />
      <${Button} kind="main" icon="person" label=${t("idle.stay")} onClick=${stay} />
    </div>
  </${Dialog}>`;
}

// A short break of the connection is not worth a word; a longer one is.
function Lost() {
  const {t} = useApp();
  const [show, setShow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShow(true), 1500);
    return () => clearTimeout(timer);
  }, []);
  return show ? html`<div class="lost" role="status"><${Icon} name="info" /><span>${t("wait.lost")}</span>
    </div>` : null;
}

const shown = {lang: Languages, help: Help, leave: Leave};

export function Dialogs({link}) {
  const {dialog, state} = useApp();
  const warn = state && state.step !== "idle" && state.idle?.warn;
  const Shown = shown[dialog];
  return html`${Shown && html`<${Shown} key=${dialog} />`}
    ${warn && html`<${StillHere} key="idle" left=${state.idle.left_s}
      card=${state.idle.why === "card"} />`}
    ${link === "lost" && state && html`<${Lost} />`}`;
}
