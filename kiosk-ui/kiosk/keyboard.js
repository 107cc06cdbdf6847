// Our own keyboard in the page: Romanian QWERTY, Hungarian QWERTZ, digits. It writes where the cursor stands,
// through ordinary input events, so the fields need not know who typed. Real keyboards work beside it; its
// keys therefore stay out of the tab order.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {useApp} from "./context.js";

const letters = {
  qwerty: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
  qwertz: ["qwertzuiop", "asdfghjkl", "yxcvbnm"],
};
const accents = {ro: "ăâîșț", hu: "áéíóöőúüű"};
const signs = {text: [",", ".", "-", "/"], email: ["@", ".", "-", "_"], plate: ["-"], regno: ["/", "."]};
const bare = ["plate", "regno"]; // capitals and digits, no accents
const pads = {number: ["123", "456", "789"], date: ["123", "456", "789"], phone: ["123", "456", "789"]};

// On the terminal the page brings its own keyboard; elsewhere the device's.
export const isTerminal = () => innerWidth >= 800 && innerHeight >= 1300;

function type(el, text) {
  if (!el || !el.isConnected) return;
  el.focus();
  const from = el.selectionStart ?? el.value.length;
  const to = el.selectionEnd ?? from;
  if (text === "erase") {
    if (from === to && from === 0) return;
    el.setRangeText("", from === to ? from - 1 : from, to, "end");
  } else {
    if (el.maxLength > 0 && el.value.length - (to - from) >= el.maxLength) return;
    el.setRangeText(text, from, to, "end");
  }
  el.dispatchEvent(new Event("input", {bubbles: true}));
}

// The field that gets the letters, and whether it is empty (then the next letter is a capital).
function useTarget() {
  const target = useRef(null);
  const [empty, setEmpty] = useState(true);
  useEffect(() => {
    const look = (event) => {
      if (!event.target.matches?.("input[data-kb],textarea[data-kb]")) return;
      target.current = event.target;
      setEmpty(event.target.value === "");
    };
    const now = document.activeElement;
    if (now) look({target: now});
    document.addEventListener("focusin", look);
    document.addEventListener("input", look);
    return () => {
      document.removeEventListener("focusin", look);
      document.removeEventListener("input", look);
    };
  }, []);
  return [target, empty];
}

function nextField(el) {
  const all = [...document.querySelectorAll("input[data-kb],textarea[data-kb]")];
  all[(all.indexOf(el) + 1) % all.length]?.focus();
}

export function Keyboard({layout}) {
  const {t, lang} = useApp();
  const [target, empty] = useTarget();
  const [shift, setShift] = useState(false);
  const [accent, setAccent] = useState(lang === "hu" ? "hu" : "ro");
  useEffect(() => setAccent(lang === "hu" ? "hu" : "ro"), [lang]);
  if (!isTerminal()) return null;
  const press = (text) => () => {
    type(target.current, text);
    if (shift && text !== "erase") setShift(false);
  };
  const key = (text, face, name, kind = "", onClick) => html`<button type="button" tabindex="-1" key=${text}
    class=${`key ${kind}`} aria-label=${name} onPointerDown=${(e) => e.preventDefault()}
    onClick=${onClick || press(text)}>${face ?? text}</button>`;
  const erase = key("erase", html`<${Icon} name="erase" />`, t("kb.erase"), "wide tool");
  if (pads[layout]) {
    const left = layout === "phone" ? key("+") : layout === "date"
      ? key("next", html`<${Icon} name="next" />`, t("kb.next"), "tool", () => nextField(target.current))
        : html`<span class="key gap" />`;
    return html`<div class="kb pad" role="group" aria-label=${t("kb.name")}>
      ${pads[layout].map((row) => html`<div class="kb-row" key=${row}>${[...row].map((c) => key(c))}</div>`)}
      <div class="kb-row">${left}${key("0")}${erase}</div>
    </div>`;
  }
  const small = layout === "email";
  const upper = bare.includes(layout) || shift || (!small && empty);
  const shown = (c) => (upper ? c.toUpperCase() : c);
  const rows = letters[lang === "hu" ? "qwertz" : "qwerty"];
  const line = (text) => [...text].map((c) => key(shown(c)));
  const tools = signs[small ? "email" : bare.includes(layout) ? layout : "text"];
  const other = accent === "hu" ? "ro" : "hu";
  const more = shown(accents[other].slice(0, 3));
  return html`<div class="kb" role="group" aria-label=${t("kb.name")}>
    <div class="kb-row">${[..."1234567890"].map((c) => key(c))}</div>
    ${!small && !bare.includes(layout) && html`<div class="kb-row accents">
      ${line(accents[accent])}
      ${key("accents", more, `${more}: ${t("kb.accents")}`, "wide tool", () => setAccent(other))}</div>`}
    <div class="kb-row">${line(rows[0])}</div>
    <div class="kb-row">${line(rows[1])}</div>
    <div class="kb-row">${key("shift", html`<${Icon} name="shift" />`, t("kb.shift"), upper ? "wide tool on"
      : "wide tool",
      () => setShift(!shift))}${line(rows[2])}${erase}</div>
    <div class="kb-row">${tools.slice(0, 2).map((c) => key(c))}${key(" ", t("kb.space"), t("kb.space"),
      "space")}${
      tools.slice(2).map((c) => key(c))}</div>
  </div>`;
}
