// The frame around the steps: which page stands for which state, settings, dialogs, one command at a time.
import {html, useState, useEffect, useLayoutEffect, useRef, useCallback} from "../shared/html.js";
import {translator} from "../shared/i18n.js";
import {App} from "./context.js";
import {Start} from "./start.js";
import {Service} from "./service.js";
import {Card} from "./card.js";
import {Form} from "./form.js";
import {Review} from "./review.js";
import {Sign} from "./sign.js";
import {Filing} from "./filing.js";
import {Done} from "./done.js";
import {Mine} from "./mine.js";
import {Wait} from "./wait.js";
import {Bar} from "./bar.js";
import {Dialogs} from "./dialogs.js";

const steps = {idle: Start, service: Service, card: Card, form: Form, review: Review, sign: Sign,
  filing: Filing,
  done: Done, mine: Mine};
const noPrefs = {large: false, contrast: false, lower: false};

// Settings are classes of the document, so that dialogs in the top layer follow too.
function usePrefs() {
  const [prefs, set] = useState(noPrefs);
  useLayoutEffect(() => {
    Object.keys(noPrefs).forEach((name) => document.documentElement.classList.toggle(name, prefs[name]));
  }, [prefs]);
  return [prefs, set];
}

// Touch, keys and pen tell kioskd that somebody is here; at most one note every five seconds.
function useTouch(client, active, onTouch) {
  const last = useRef(0);
  useEffect(() => {
    const touched = () => {
      onTouch();
      const now = Date.now();
      if (!active || now - last.current < 5000) return;
      last.current = now;
      client.post("/v1/session/touch");
    };
    const names = ["pointerdown", "keydown"];
    names.forEach((name) => addEventListener(name, touched, {passive: true}));
    return () => names.forEach((name) => removeEventListener(name, touched));
  }, [active]);
}

// One command at a time. A refusal becomes one sentence on the page, unless the caller wants the answer
// itself.
function useCall(client, t) {
  const busy = useRef(false);
  const [flags, set] = useState({busy: false, oops: ""});
  const call = useCallback(async (path, body, own) => {
    if (busy.current) return null;
    busy.current = true;
    set({busy: true, oops: ""});
    const reply = await client.post(path, body);
    busy.current = false;
    const mine = own && own.includes(reply.status);
    const text = reply.ok || mine ? "" : reply.body?.error?.text || t("oops");
    set({busy: false, oops: text});
    return reply;
  }, [client, t.lang]);
  return [call, flags, () => set({busy: false, oops: ""})];
}

export function Root({client, model}) {
  const {state, hello, link} = model;
  const [startLang, setStartLang] = useState("");
  const [prefs, setPrefs] = usePrefs();
  const [dialog, setDialog] = useState("");
  const idle = !state || state.step === "idle";
  const lang = (idle && startLang) || state?.lang || hello?.langs?.[0] || "ro";
  const t = useRef(null);
  if (t.current?.lang !== lang) t.current = translator(lang);
  const [call, flags, clearOops] = useCall(client, t.current);
  const reset = useRef(0);

  useLayoutEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  useLayoutEffect(() => {
    document.body.dataset.seq = state ? state.seq : ""; // what the page shows right now; tests wait for it
  });
  // Large text is for those who need longer: the clock is told.
  useEffect(() => {
    if (!idle) client.post("/v1/session/comfort", {slow: prefs.large});
  }, [idle, prefs.large]);
  useEffect(() => {
    if (!idle) clearTimeout(reset.current); // a visit began: its settings stay
  }, [idle]);
  useEffect(() => {
    if (!idle) setStartLang("");
    setDialog("");
    clearOops();
  }, [state?.step]);
  // On the start page nobody is announced: after a minute without a touch its settings go back.
  useTouch(client, !idle, () => {
    clearTimeout(reset.current);
    if (idle) reset.current = setTimeout(() => (setPrefs(noPrefs), setStartLang(""), setDialog("")), 60000);
  });

  const chooseLang = (code) => {
    setDialog("");
    if (idle) setStartLang(code);
    else if (code !== lang) call("/v1/session/lang", {lang: code});
  };
  const app = {t: t.current, lang, state, hello, client, call, flags, prefs, setPrefs, dialog, setDialog,
    chooseLang,
    onDevice: model.onDevice};
  const Page = state && (link === "up" || link === "lost") ? steps[state.step] || Wait : Wait;
  return html`<${App.Provider} value=${app}>
    <${Page} key=${state?.step || "wait"} link=${link} />
    <${Bar} />
    <${Dialogs} link=${link} />
  </${App.Provider}>`;
}
