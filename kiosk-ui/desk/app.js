// The frame: who is here, which page, what is still on its way to the server, what covers the page.
import {html, useCallback, useEffect, useMemo, useRef, useState} from "../shared/html.js";
import {Api} from "./api.js";
import {Desk, go, route, whole} from "./tools.js";
import {Login, Locked} from "./login.js";
import {anyKept, forget, prefs as readPrefs, savePrefs} from "./memory.js";
import {fetchWords, here as hasWords, translator} from "./words.js";
import {useNews} from "./news.js";
import {Shell} from "./shell.js";
import {later} from "./later.js";
import {Queue} from "./queue.js";
import {Case} from "./case.js";
import {Search} from "./search.js";
import {Book} from "./book.js";
import {Settings} from "./settings.js";

const pages = {queue: Queue, case: Case, search: Search, new: later(() => import("./entry.js"), "Entry"), register: Book, team: later(() => import("./team.js"), "Team"), admin: later(() => import("./admin.js"), "Admin"),
  person: later(() => import("./person.js"), "Person"), settings: Settings};

function useRoute() {
  const [at, set] = useState(route());
  const where = useRef({focus: false}).current;
  useEffect(() => {
    const moved = () => {
      where.focus = true;
      scrollTo(0, 0);
      set(route());
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return [at, where];
}

// Locks after the minutes the server names, counted from the last key or touch.
function useIdle(minutes, active, lock) {
  useEffect(() => {
    if (!active) return undefined;
    let last = Date.now();
    const touch = () => (last = Date.now());
    const timer = setInterval(() => Date.now() - last > minutes * 60000 && lock(), 5000);
    const kinds = ["keydown", "pointerdown", "wheel"];
    kinds.forEach((k) => addEventListener(k, touch, {capture: true, passive: true}));
    return () => {
      clearInterval(timer);
      kinds.forEach((k) => removeEventListener(k, touch, {capture: true}));
    };
  }, [minutes, active, lock]);
}

export function App() {
  const [me, setMe] = useState(undefined); // undefined: not known yet; null: nobody
  const [prefs, keepPrefs] = useState(readPrefs);
  const [away, setAway] = useState(false);
  const [cover, setCover] = useState("");
  const [counts, setCounts] = useState(null);
  const [turn, setTurn] = useState(0);
  const [at, where] = useRoute();
  const here = useRef(null);
  here.current = me;
  const api = useMemo(() => new Api({lost: () => setAway(true), back: () => setAway(false), out: () => setCover((c) => (here.current ? c || "ended" : c))}),
    []);
  const setPrefs = useCallback((p) => {
    savePrefs(p);
    keepPrefs(p);
  }, []);
  const wanted = prefs.lang || me?.lang || "ro";
  const [, arrived] = useState(0);
  const shown = useRef("ro");
  if (hasWords(wanted)) shown.current = wanted; // until the words of a language are here, the last one stays
  const lang = shown.current;
  useEffect(() => {
    if (!hasWords(wanted)) fetchWords(wanted).then(() => arrived((n) => n + 1), () => null);
  }, [wanted]);
  const t = useMemo(() => translator(lang), [lang]);
  const L = useCallback((o) => (o ? whole(typeof o === "string" ? o : o[lang] || o.ro || o.en || "") : ""), [lang]);
  const named = useCallback((kind, id) => L(me?.names?.[kind]?.[id]) || id || "", [me, L]); // what the ids of a case are called
  const news = useNews(api, t);
  const reach = useCallback(async () => {
    const reply = await api.get("me");
    if (reply.status !== 0) setMe(reply.ok ? reply.body : null);
    return reply.ok;
  }, []);
  const recount = useCallback(async () => {
    if (!here.current?.can?.includes("case.list")) return; // what is refused is written down: do not ask
    const reply = await api.get("counts");
    if (reply.ok) setCounts(reply.body);
  }, []);
  const leaving = useRef(null);
  const lock = useCallback(async () => {
    if (!here.current) return;
    setCover("locked");
    const saved = []; // drafts go out before the session does (a PIN only shuts it), and the session before the next one comes
    dispatchEvent(new CustomEvent("desk-save", {detail: saved}));
    const out = Promise.all([news.flush(), ...saved]).then(() => api.post(here.current.pin ? "lock" : "logout"));
    leaving.current = Promise.race([out, new Promise((done) => setTimeout(done, 4000))]);
  }, []);

  useEffect(() => void reach(), []);
  useEffect(() => {
    if (!me || cover) return undefined;
    recount();
    const timer = setInterval(recount, 60000);
    return () => clearInterval(timer);
  }, [me?.account, cover, news.done]);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = lang;
    root.className = [prefs.large && "large", prefs.contrast && "contrast", prefs.roomy && "roomy"].filter(Boolean).join(" ");
  }, [lang, prefs]);
  useEffect(() => {
    const ask = (e) => anyKept() && e.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  useIdle(me?.idle_minutes || 10, Boolean(me) && !cover, lock);
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => (here.current === undefined ? reach() : api.get("me")), 5000);
    return () => clearInterval(timer);
  }, [away]);

  const leave = useCallback(async () => {
    await news.flush();
    await api.post("logout");
    forget();
    location.hash = "";
    location.reload();
  }, []);
  const enter = (who) => {
    if (here.current && who.account && who.account !== here.current.account) { // another person: nothing of the first stays
      forget();
      location.hash = "";
      return location.reload();
    }
    setCover("");
    setTurn((n) => n + 1);
    if (who?.can) return setMe(who);
    return reach();
  };

  const renew = useCallback(() => setCover("password"), []); // a new password ends the session; it opens the next
  // The book is the whole house's: one office alone does not open it, though its people enter papers.
  const can = useCallback((right) => Boolean(me?.can?.includes(right)) &&
    (right !== "register.view" || me.roles.some((r) => r.reach !== "department")), [me]);
  const desk = {api, t, L, named, lang, me, can, reach, prefs, setPrefs, counts, recount, news, at, where, turn, leave, away, lock, renew};
  if (me === undefined || !hasWords(wanted) && !away) {
    return html`<${Desk.Provider} value=${desk}><div class="first">${away && html`<p class="notice bad" role="alert">${t("net.away")}</p>`}</div><//>`;
  }
  if (!me) return html`<${Desk.Provider} value=${desk}><${Login} done=${(who) => enter(who)} /><//>`;
  const page = pages[at.page] ? at.page : "";
  if (!page) setTimeout(() => go(can("case.list") ? "#/queue/mine" : can("audit.view") ? "#/admin/audit" : "#/admin/users"), 0);
  const Page = pages[page];
  return html`<${Desk.Provider} value=${desk}>
    <div class="under" inert=${Boolean(cover)} aria-hidden=${cover ? "true" : undefined}>
      <${Shell}>${Page && html`<${Page} key=${`${page}/${page === "queue" ? "" : at.id}`} ...${at} />`}<//></div>
    ${cover && html`<${Locked} why=${cover} account=${me.account} name=${me.full_name} done=${enter} leave=${leave}
      before=${() => leaving.current} />`}
  <//>`;
}
