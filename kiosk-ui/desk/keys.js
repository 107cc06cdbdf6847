// All by keyboard. Single letters wait a moment: a barcode reader types faster than any hand, and what it types goes to search.
import {html, useEffect, useRef} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {copy, day, go, useDesk} from "./tools.js";
import {list} from "./memory.js";
import {setSearch} from "./search.js";

// Pages put here what a key does while they are open: keysOf.p = () => …
export const keysOf = {};
export function useKeysOf(map) {
  const now = useRef(map);
  now.current = map;
  useEffect(() => {
    const names = Object.keys(map);
    for (const name of names) keysOf[name] = (...a) => now.current[name]?.(...a);
    return () => names.forEach((name) => delete keysOf[name]);
  }, []);
}

export function step(by) {
  const next = list.ids[list.at + by];
  if (!next) return false;
  list.at += by;
  go(`#/case/${next}`);
  return true;
}

const typing = (el) => el?.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

// A row of keys, each within 35 ms of the one before, ended by Enter: that was a barcode reader. Counted is when a key
// was pressed, not when a busy page came to it: a hand's keys would look like a reader's there.
function wedge() {
  let text = "";
  let before = 0;
  return (e) => {
    if (e.timeStamp - before > 35) text = "";
    before = e.timeStamp;
    if (e.key === "Enter" && text.length >= 6) {
      const found = text;
      text = "";
      return found;
    }
    if (e.key.length === 1) text += e.key;
    else if (e.key !== "Shift") text = "";
    return "";
  };
}

// What the reader has typed into a field is taken out again.
function clean(el, text) {
  if (!typing(el) || el.matches("select") || !el.value.includes(text)) return;
  const at = el.value.lastIndexOf(text);
  el.setRangeText("", at, at + text.length, "end");
  el.dispatchEvent(new Event("input", {bubbles: true}));
}

export function useKeys(on) {
  const {prefs, can, news, t, lang} = useDesk();
  const now = useRef(null);
  now.current = {on, prefs, can, news, t, lang};
  useEffect(() => {
    const reader = wedge();
    let soon = 0;
    let last = 0;
    const letters = {
      "/": () => now.current.on.search(), "?": () => now.current.on.help(),
      n: () => now.current.can("register.enter") && go("#/new"), r: () => now.current.can("register.view") && go("#/register"),
      j: () => (keysOf.j ? keysOf.j() : step(1)), k: () => (keysOf.k ? keysOf.k() : step(-1)),
      s: () => (keysOf.s ? keysOf.s() : now.current.can("register.enter") && go("#/new")), p: () => keysOf.p?.(), x: () => keysOf.x?.(), a: () => keysOf.a?.(), e: () => keysOf.e?.(),
      z: () => {
        const waiting = now.current.news.items.filter((i) => i.kind === "wait" || i.undo).pop();
        if (waiting?.undo) now.current.news.close(waiting.id), waiting.undo();
        else if (waiting) now.current.news.back(waiting.id);
      },
    };
    for (const [key, what] of [["c", "number"], ["d", "date"], ["i", "cnp"]]) {
      letters[key] = async () => {
        const value = keysOf.copy?.()[what];
        const {news: n, t: words, lang: l} = now.current;
        if (!value) return;
        const text = what === "date" ? day(l, value) : value;
        n.say(await copy(text) ? words("copied", {what: words(`copy.${what}`)}) : words("copy.no"), "good");
      };
    }
    const save = () => {
      if (keysOf.save) return keysOf.save();
      const waiting = now.current.news.items.filter((i) => i.kind === "wait").pop();
      return waiting && now.current.news.send(waiting.id);
    };
    const down = (e) => {
      if (document.querySelector(".locked")) return;
      const scanned = reader(e);
      const {activeElement: el} = document;
      const fast = e.timeStamp - last < 35;
      last = e.timeStamp;
      if (scanned && el?.id !== "find") {
        e.preventDefault();
        e.stopPropagation();
        clearTimeout(soon);
        clean(el, scanned);
        return void setSearch(scanned);
      }
      if (fast && e.key.length === 1) clearTimeout(soon);
      if (e.key === "Escape") {
        if (now.current.on.escape() || keysOf.escape?.()) e.preventDefault();
        else if (typing(el)) el.blur();
        else if (location.hash.startsWith("#/case/")) go(list.from);
        return undefined;
      }
      if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) return save(), e.preventDefault();
      if (e.ctrlKey || e.metaKey || e.altKey || typing(el) || !now.current.prefs.letters) return undefined;
      const act = letters[e.key.toLowerCase()];
      if (!act || fast) return undefined;
      if (e.key === "/") e.preventDefault();
      soon = setTimeout(act, 40);
      return undefined;
    };
    addEventListener("keydown", down, true);
    return () => removeEventListener("keydown", down, true);
  }, []);
}

export function Keys({close}) {
  const {t, prefs, setPrefs} = useDesk();
  const all = ["/", "N", "S", "P", "R", "J", "K", "X", "A", "E", "Ctrl+Enter", "Z", "C", "D", "I", "?", "Esc"];
  const ref = useRef(null);
  useEffect(() => ref.current.focus(), []);
  return html`<section class="keys" aria-labelledby="keys-h"><h2 id="keys-h" tabindex="-1" ref=${ref}>${t("keys.title")}</h2>
    <button type="button" class="tool" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button>
    <dl>${all.map((k) => html`<div key=${k}><dt><kbd>${k}</kbd></dt><dd>${t(`key.${k === "/" ? "find" : k === "?" ? "help" : k.toLowerCase().replace("+", "")}`)}</dd></div>`)}</dl>
    <label class="tick"><input type="checkbox" checked=${prefs.letters} onChange=${(e) => setPrefs({...prefs, letters: e.target.checked})} />
      <span>${t("keys.letters")}</span></label></section>`;
}
