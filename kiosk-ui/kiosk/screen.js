// The bones of every page: header with the town hall, heading, a body that never scrolls without visible
// buttons, and Back left / Continue right at a fixed height.
import {html, useEffect, useLayoutEffect, useRef, useState} from "../shared/html.js";
import {Icon, Mark} from "../shared/icons.js";
import {useApp} from "./context.js";

const stages = ["start", "form", "review", "done"];
const stageOf = {service: 0, card: 0, form: 1, review: 2, sign: 2, filing: 3};

// Names come as {"ro": …} or {"name": {"ro": …}}; a plain string serves all languages.
export function institutionName(hello, lang) {
  const inst = hello?.institution;
  const name = inst?.name ?? inst;
  return (typeof name === "string" ? name : name?.[lang] || name?.ro) || "";
}

export function Header() {
  const {t, lang, state, hello} = useApp();
  const at = stageOf[state?.step];
  return html`<header class="header">
    <div class="who"><${Mark} /><span class="who-name">${institutionName(hello, lang)}</span></div>
    ${at !== undefined && html`<div class="stages" role="img"
        aria-label=${`${t("step.of", {n: at + 1, m: stages.length})}: ${t(`step.${stages[at]}`)}`}>
      ${stages.map((name, i) => html`<span key=${name} class=${i < at ? "stage past" : i === at ? "stage now"
        : "stage"}>
        <span class="stage-dot">${i < at ? html`<${Icon} name="check" />` : i + 1}</span>
        <span class="stage-name">${t(`step.${name}`)}</span></span>`)}
    </div>`}
  </header>`;
}

// Body with visible "see the rest" buttons when it does not fit. resetKey: a new question starts at the top.
export function Scroller({children, resetKey}) {
  const {t} = useApp();
  const view = useRef(null);
  const [room, setRoom] = useState({over: false, top: true, end: false});
  const measure = () => {
    const el = view.current;
    if (!el) return;
    // The buttons take room themselves: once there, they stay until all fits without them.
    const extra = el.nextSibling ? el.nextSibling.offsetHeight : 0;
    const over = el.scrollHeight > el.clientHeight + extra + 2
      && getComputedStyle(el).overflowY !== "visible";
    const next = {over, top: el.scrollTop <= 2, end: el.scrollTop + el.clientHeight >= el.scrollHeight - 2};
    setRoom((old) => (old.over === next.over && old.top === next.top && old.end === next.end ? old : next));
  };
  useEffect(() => {
    // Room that came or went must not hide what is being typed into.
    const watch = new ResizeObserver(() => {
      measure();
      const at = document.activeElement;
      if (at.matches("input, textarea") && view.current?.contains(at)) at.scrollIntoView({block: "nearest"});
    });
    watch.observe(view.current);
    watch.observe(view.current.firstChild);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    view.current.scrollTop = 0;
    measure();
  }, [resetKey]);
  const by = (sign) => () => {
    view.current.scrollBy({top: sign * view.current.clientHeight * 0.8});
  };
  return html`<div class="scroll">
    <div class="scroll-view" ref=${view} onScroll=${measure} data-over=${room.over || undefined}
      ...${room.over ? {tabindex: 0, role: "region", "aria-labelledby": "title"} : {}}>
      <div class="scroll-in">${children}</div>
    </div>
    ${room.over && html`<div class="scroll-keys">
      <button type="button" class="btn quiet" disabled=${room.top} onClick=${by(-1)}><${Icon} name="up"
        />${t("less")}</button>
      <button type="button" class="btn quiet strong" disabled=${room.end} onClick=${by(1)}><${Icon}
        name="down" />${t("more")}</button>
    </div>`}
  </div>`;
}

export function Button({icon, kind = "", label, onClick, submit, disabled, end}) {
  return html`<button type=${submit ? "submit" : "button"} class=${`btn ${kind}`} onClick=${onClick}
    disabled=${disabled}>
    ${icon && !end && html`<${Icon} name=${icon} />`}<span>${label}</span>${icon && end && html`<${Icon}
      name=${icon} />`}
  </button>`;
}

// back: false hides it. next: {label, icon, onClick, submit}. leave: the way out in the middle.
export function Actions({back = true, leave = true, next, second, onBack}) {
  const {t, call, setDialog} = useApp();
  const others = [].concat(second || []);
  return html`${others.length > 0 && html`<div class="actions above">${others.map((one) => html`<${Button}
    key=${one.label} kind="quiet grow" ...${one} />`)}</div>`}
  <div class="actions">
    ${back && html`<${Button} kind="quiet side" icon="back" label=${t("back")} onClick=${onBack
      || (() => call("/v1/session/back"))} />`}
    ${leave && html`<${Button} kind="quiet plain" label=${t("leave")} onClick=${() => setDialog("leave")} />`}
    ${next && html`<${Button} kind="main" icon="next" end=${true} ...${next} />`}
  </div>`;
}

export function Notice({kind = "warn", title, children, alert}) {
  const icon = {warn: "warn", info: "info", good: "check", bad: "warn"}[kind];
  return html`<div class=${`notice ${kind}`} role=${alert ? "alert" : undefined}>
    <${Icon} name=${icon} /><div>${title && html`<p class="notice-title">${title}</p>`}${children}</div>
  </div>`;
}

// Which devices the person should know about before starting.
export function Trouble({only}) {
  const {t, state} = useApp();
  const d = state.devices || {};
  const well = ["ready", "busy", "needs-citizen", "online", undefined];
  const bad = ["register", "print", "card", "pad", "scan"].filter((name) =>
    (!only || only.includes(name)) && !well.includes(d[name]?.public));
  if (!bad.length) return null;
  return html`<${Notice} kind="warn" title=${t("trouble.title")}>
    ${bad.map((name) => html`<p key=${name}>${t(`trouble.${name}`)}</p>`)}
  </${Notice}>`;
}

// A page. When the question changes, the focus goes to its first field (focus: its id) or to the heading, so
// that readers hear it. One layout effect does both: effects after paint may change their order under load.
export function Screen({title, lead, over, children, actions, after, resetKey, kind = "", onSubmit, focus}) {
  const {flags, state} = useApp();
  const heading = useRef(null);
  const first = useRef(true);
  useLayoutEffect(() => {
    const field = focus && document.getElementById(focus);
    const free = !document.activeElement || document.activeElement === document.body;
    if (field) field.focus();
    else if (!first.current || free) heading.current?.focus({preventScroll: true});
    first.current = false;
  }, [resetKey]);
  const inside = html`
    <div class="head">
      ${over && html`<p class="over">${over}</p>`}
      <h1 id="title" tabindex="-1" ref=${heading}>${title}</h1>
      ${lead && html`<p class="lead">${lead}</p>`}
    </div>
    <${Scroller} resetKey=${resetKey}>
      ${state?.notice && html`<${Notice} kind="info" alert=${true}><p>${state.notice}</p></${Notice}>`}
      ${flags.oops && html`<${Notice} kind="bad" alert=${true}><p>${flags.oops}</p></${Notice}>`}
      ${children}
    </${Scroller}>
    ${after}
    ${actions}`;
  return html`<${Header} />
    <main class=${`main ${kind}`} aria-busy=${flags.busy}>
      ${onSubmit ? html`<form class="page" novalidate autocomplete="off"
        onSubmit=${(e) => (e.preventDefault(), onSubmit())}>${inside}</form>`
        : html`<div class="page">${inside}</div>`}
    </main>`;
}
