// What is on its way: an act waits ten seconds, in which it can be taken back or sent now; then it goes. Leaving the page sends
// it. Also the short messages that something was done.
import {html, useEffect, useMemo, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {sentence, useDesk} from "./tools.js";

export const undoSeconds = 10;
let last = 0;

export function useNews(api, t) {
  const [items, set] = useState([]);
  const [done, setDone] = useState(0);
  const news = useMemo(() => {
    const live = new Map();
    const show = () => set([...live.values()]);
    const self = {
      words: t,
      say(text, kind = "good", more = {}) {
        const id = (last += 1);
        live.set(id, {id, text, kind, ...more});
        show();
        if (kind === "good") setTimeout(() => self.close(id), more.undo ? undoSeconds * 1000 : 6000);
        return id;
      },
      touch: () => setDone((n) => n + 1), // lists load again
      close(id) {
        live.delete(id);
        show();
      },
      // run(keepalive) → reply. What to do with a refusal is the caller's: failed(reply).
      later({what, text, run, good, failed, taken}) {
        const id = (last += 1);
        live.set(id, {id, kind: "wait", what, text, until: Date.now() + undoSeconds * 1000, run, good, failed, taken});
        live.get(id).timer = setTimeout(() => self.send(id), undoSeconds * 1000);
        show();
      },
      async send(id) {
        const item = live.get(id);
        if (!item || item.kind !== "wait") return;
        clearTimeout(item.timer);
        live.set(id, {...item, kind: "going"});
        show();
        const reply = await item.run(false);
        live.delete(id);
        if (reply.ok) {
          setDone((n) => n + 1);
          item.good?.(reply);
          self.say(self.words("news.done", {what: item.text}));
        } else {
          item.failed?.(reply);
          self.say(`${item.text}: ${sentence(reply, self.words)}`, "bad", {to: item.what && `#/case/${item.what}`});
        }
        show();
      },
      back(id) {
        const item = live.get(id);
        if (!item) return;
        clearTimeout(item.timer);
        live.delete(id);
        show();
        item.taken?.();
      },
      waitingFor: (what) => [...live.values()].find((i) => i.what === what && (i.kind === "wait" || i.kind === "going")),
      flush: () => Promise.all([...live.values()].filter((i) => i.kind === "wait").map((i) => self.send(i.id))),
      gone: () => [...live.values()].filter((i) => i.kind === "wait").forEach((i) => {
        clearTimeout(i.timer);
        i.run(true);
      }),
    };
    return self;
  }, []);
  news.words = t;
  news.items = items;
  news.done = done;
  useEffect(() => {
    addEventListener("pagehide", news.gone);
    return () => removeEventListener("pagehide", news.gone);
  }, []);
  return news;
}

export function Left({until}) {
  const [, turn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => turn((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="left" aria-hidden="true">${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s</span>`;
}

export function News() {
  const {news, t, at} = useDesk();
  const here = (i) => at.page === "case" && i.what === at.id && (i.kind === "wait" || i.kind === "going"); // the case says it itself
  return html`<section class="news" aria-label=${t("news.name")} aria-live="polite">
    ${news.items.filter((i) => !here(i)).map((i) => html`<div key=${i.id} class=${`piece ${i.kind}`}>
      <${Icon} name=${i.kind === "bad" ? "warn" : i.kind === "good" ? "check" : "clock"} />
      <p>${i.kind === "wait" ? t("news.soon", {what: i.text}) : i.text}</p>
      ${i.kind === "wait" && html`<${Left} until=${i.until} />
        <button type="button" class="btn" onClick=${() => news.back(i.id)}>${t("news.back")}</button>
        <button type="button" class="link" onClick=${() => news.send(i.id)}>${t("news.now")}</button>`}
      ${i.undo && html`<button type="button" class="btn" onClick=${() => (news.close(i.id), i.undo())}>${t("news.back")}</button>`}
      ${i.to && html`<a class="link" href=${i.to} onClick=${() => news.close(i.id)}>${t("news.open")}</a>`}
      ${(i.kind === "bad" || i.kind === "good") && html`<button type="button" class="tool" aria-label=${t("close")} onClick=${() => news.close(i.id)}>
        <${Icon} name="close" /></button>`}
    </div>`)}</section>`;
}
