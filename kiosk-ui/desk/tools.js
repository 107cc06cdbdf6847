// Small things that many pages use: the context, words in three languages, dates, deadlines, waiting for an answer.
import {html, createContext, useContext, useState, useEffect, useRef} from "../shared/html.js";

export const Desk = createContext(null);
export const useDesk = () => useContext(Desk);

export const route = () => {
  const [path, q] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", id = "", sub = ""] = path.split("/").map(decodeURIComponent);
  return {page, id, sub, q: Object.fromEntries(new URLSearchParams(q || ""))};
};
export const go = (to) => {
  if (location.hash === to) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = to;
};

// As date_said() of the register: 22.11.2026, 2026. november 22., 22 November 2026. Its days are Romania's, wherever the
// clerk's computer thinks it is.
const months = {hu: "január február március április május június július augusztus szeptember október november december".split(" "),
  en: "January February March April May June July August September October November December".split(" ")};
const written = {
  ro: (p) => `${p.day}.${p.month}.${p.year}`,
  hu: (p) => `${p.year}. ${months.hu[p.month - 1]} ${Number(p.day)}.`,
  en: (p) => `${Number(p.day)} ${months.en[p.month - 1]} ${p.year}`,
};
// A day does not break at the end of a line. Sentences that were kept earlier say 2026. 11. 22.
const days = new RegExp(`\\d{4}\\. (\\d\\d|${months.hu.join("|")})\\.? \\d\\d?\\.?|\\d\\d? (${months.en.join("|")}) \\d{4}`, "g");
export const whole = (text) => text.replace(days, (said) => said.replaceAll(" ", "\u00a0"));
const clock = new Intl.DateTimeFormat("en-GB", {day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Bucharest"});
function say(iso, text) {
  const d = new Date(iso?.length === 10 ? `${iso}T12:00:00Z` : iso || NaN);
  return Number.isNaN(d.getTime()) ? iso || "" : whole(text(Object.fromEntries(clock.formatToParts(d).map((p) => [p.type, p.value]))));
}
export const day = (lang, iso) => say(iso, written[lang]);
export const moment = (lang, iso) => say(iso, (p) => `${written[lang](p)}\u00a0${p.hour}:${p.minute}`);
// In lists, where there is little room, the year may stand on its own, and the hour goes under the day.
export const yearApart = (said) => said.replace(/^(\d{4}\.)\u00a0|\u00a0(\d{4})$/, "$1 $2");
export const Moment = ({at}) => {
  const {t} = useDesk();
  const [, date, hour] = moment(t.lang, at).match(/^(.*)\s(\S+)$/) || [null, at, ""];
  return html`<span><span class="num">${yearApart(date)}</span> <span class="num">${hour}</span></span>`;
};
// The register counts to a thousand.
export const many = (n) => (n > 999 ? "999+" : String(n));
export const size = (n) => (n < 1e6 ? `${Math.max(1, Math.round(n / 1024))} KB` : `${(n / 1048576).toFixed(1)} MB`);

// The sentence for a refusal: what the server says, else our own by kind.
export function sentence(reply, t) {
  if (!reply) return "";
  const said = reply.say && (reply.say[t.lang] || reply.say.ro);
  if (said) return whole(said);
  if (reply.status === 0) return t("net.away");
  return t(reply.status === 403 || reply.status === 404 ? "err.none" : reply.status === 413 ? "err.big" : "err.server");
}

// A deadline in words, shape and colour.
const shapes = {late: "M6 1L11.500 11H.500z", today: "M6 .500L11.500 6L6 11.500L.500 6z", soon: "M1.500 1.500h9v9h-9z",
  far: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10"};
export function Shape({kind}) {
  return html`<svg class="shape" viewBox="0 0 12 12" aria-hidden="true" focusable="false"><path d=${shapes[kind]} /></svg>`;
}
const over = ["answered", "issued", "closed", "forwarded", "filed", "withdrawn"];
// Lists say it short; due.work is the same in full words.
export function Due({row, today, full, dated}) {
  const {t} = useDesk();
  if (row.due && over.includes(row.state)) return html`<span class="quiet num">${yearApart(day(t.lang, row.due))}</span>`;
  if (!row.due) return html`<span class="quiet">–</span>`;
  const n = row.days_left;
  const late = row.late;
  const kind = late ? "late" : n === 0 || row.due === today ? "today" : n > 0 && n <= 3 ? "soon" : "far";
  const text = late ? (n < 0 ? t.n("due.late", -n) : t("due.late0")) : kind === "today" ? t("due.today") : n < 0 ? t("due.past") : t.n(full ? "due.work" : "due.left", n);
  return html`<span class=${`due ${kind}`}><${Shape} kind=${kind} />${text}${dated && html` · ${day(t.lang, row.due)}`}</span>`;
}
export function State({row}) {
  const {named, t} = useDesk();
  const text = t.has(`state.${row.state}`) ? t(`state.${row.state}`) : named("state", row.state); // some labels speak to the citizen
  return html`<span class=${`state s-${row.state}`} title=${text}>${text}</span>`;
}

// true only after a second: quick answers never flicker.
export function useSlow(busy) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!busy) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), 1000);
    return () => clearTimeout(timer);
  }, [busy]);
  return busy && slow;
}

// Loads path and reloads when it, or turn, changes. What is shown stays until the next answer is here.
export function useLoad(path, headers, turn = 0) {
  const {api} = useDesk();
  const [now, set] = useState({path: null, body: null, reply: null, busy: true});
  const wanted = useRef(null);
  const load = async () => {
    if (!path) return;
    wanted.current = path;
    set((old) => ({...old, busy: true}));
    const reply = await api.get(path, headers);
    if (wanted.current !== path) return;
    set((old) => ({path, body: reply.ok ? reply.body : old.path === path ? old.body : null, reply, busy: false}));
  };
  useEffect(() => {
    load();
    return () => (wanted.current = null);
  }, [path, turn]);
  const fresh = now.path === path;
  return {body: fresh ? now.body : null, reply: fresh ? now.reply : null, busy: now.busy || !fresh, load, set: (body) => set((old) => ({...old, body}))};
}

// Loading, refused, away: one look for all pages.
export function Waiting({of}) {
  const {t} = useDesk();
  const slow = useSlow(of.busy);
  if (of.busy && !of.body) {
    return slow ? html`<div class="waiting" role="status"><progress aria-label=${t("wait")}></progress><p>${t("wait")}</p></div>` :
      html`<div class="waiting"></div>`;
  }
  if (of.reply && !of.reply.ok) {
    return html`<div class="notice bad" role="alert"><p>${sentence(of.reply, t)}</p>
      <button type="button" class="btn" onClick=${of.load}>${t("again")}</button></div>`;
  }
  return null;
}

export function Head({title, children, lead}) {
  const ref = useRef(null);
  const {t, where} = useDesk();
  useEffect(() => {
    document.title = `${title} · Pridvor`;
  }, [title]);
  useEffect(() => {
    if (where.focus) ref.current?.focus({preventScroll: true});
  }, []);
  return html`<header class="head"><div class="head-text"><h1 tabindex="-1" ref=${ref}>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
    ${children}</header>`;
}

let last = 0;
export function Field({label, help, error, children, wide}) {
  const [id] = useState(() => `f${(last += 1)}`);
  const about = [help && `${id}h`, error && `${id}e`].filter(Boolean).join(" ") || undefined;
  return html`<div class=${`field${wide ? " wide" : ""}`}><label for=${id}>${label}</label>
    ${help && html`<p class="help" id=${`${id}h`}>${help}</p>`}
    ${children({id, "aria-describedby": about, "aria-invalid": error ? "true" : undefined})}
    ${error && html`<p class="field-error" id=${`${id}e`}>${error}</p>`}</div>`;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
