// The door: password, the code of the second factor when the account has one, a one-time code with a new password.
// The same form opens a locked or ended session; then what was typed is still there.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Mark} from "../shared/icons.js";
import {Porch} from "../kiosk/porch.js";
import {Field, sentence, useDesk} from "./tools.js";

export function Languages() {
  const {prefs, setPrefs, lang} = useDesk();
  return html`<div class="langs" role="group" aria-label="Limba · Nyelv · Language">
    ${[["ro", "Română"], ["hu", "Magyar"], ["en", "English"]].map(([id, name]) => html`<button type="button" lang=${id} aria-pressed=${lang === id}
      onClick=${() => setPrefs({...prefs, lang: id})}>${name}</button>`)}</div>`;
}

function useSeconds() {
  const [left, set] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => set(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, set];
}

export function LoginForm({account: known, done, before}) {
  const {api, t, prefs, setPrefs} = useDesk();
  const [way, setWay] = useState("login");
  const [values, setValues] = useState({account: known || "", password: "", code: "", fresh: "", again: ""});
  const [needCode, setNeedCode] = useState(Boolean(prefs.code));
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [left, setLeft] = useSeconds();
  const form = useRef(null);
  const set = (name) => (e) => setValues({...values, [name]: e.target.value});
  const focus = (name) => setTimeout(() => form.current?.querySelector(`[name=${name}]`)?.focus(), 0);
  useEffect(() => focus(known ? "password" : "account"), [way]);

  async function send(e) {
    e.preventDefault();
    if (busy || left) return;
    const first = way === "redeem";
    if (first && values.fresh !== values.again) return setError({say: null, text: t("login.differ")}), focus("again");
    setBusy(true);
    await before?.();
    const {account, password, code, fresh} = values;
    const reply = await api.post(first ? "redeem" : "login", first ? {account: account.trim(), code: code.trim(), fresh} :
      {account: account.trim(), password, ...(needCode || code ? {code: code.replace(/\s/g, "")} : {})});
    setBusy(false);
    if (reply.ok) {
      if (first && !reply.body?.account) { // the new password is set; now it opens the door
        setWay("login");
        setValues({...values, password: fresh, code: "", fresh: "", again: ""});
        return setError({good: true, text: t("login.set")});
      }
      if (!first && Boolean(code) !== Boolean(prefs.code)) setPrefs({...prefs, code: Boolean(code)});
      return done(reply.body);
    }
    if (reply.status === 429) setLeft(reply.seconds || 30);
    setError({text: sentence(reply, t)});
    return focus(first ? "code" : "password");
  }

  const first = way === "redeem";
  const box = (name, type, more = {}) => (a) => html`<input ...${a} class="line" name=${name} type=${type} value=${values[name]} onInput=${set(name)}
    required spellcheck="false" autocapitalize="none" ...${more} />`;
  return html`<form class="login-form" ref=${form} onSubmit=${send} novalidate>
    ${error && html`<p class=${`notice ${error.good ? "good" : "bad"}`} role="alert">${error.text}</p>`}
    ${left > 0 && html`<p class="notice warn" role="status">${t.n("login.wait", left)}</p>`}
    <${Field} label=${t("login.account")}>${box("account", "text", {autocomplete: "username", readonly: Boolean(known)})}<//>
    ${!first && html`<${Field} label=${t("login.password")}>${box("password", "password", {autocomplete: "current-password"})}<//>`}
    ${(first || needCode) && html`<${Field} label=${t(first ? "login.once" : "login.code")} help=${t(first ? "login.once_help" : "login.code_help")}>
      ${box("code", "text", {autocomplete: "one-time-code", inputmode: first ? "text" : "numeric", required: first})}<//>`}
    ${!first && !needCode && html`<button type="button" class="link" onClick=${() => (setNeedCode(true), focus("code"))}>${t("login.with_code")}</button>`}
    ${first && html`<${Field} label=${t("login.fresh")} help=${t("login.fresh_help")}>${box("fresh", "password", {autocomplete: "new-password"})}<//>
      <${Field} label=${t("login.again")}>${box("again", "password", {autocomplete: "new-password"})}<//>`}
    <button class="btn main tall" type="submit" aria-disabled=${busy || left > 0}>${t(first ? "login.keep" : "login.enter")}</button>
    ${!known && html`<button type="button" class="link" onClick=${() => (setError(null), setWay(first ? "login" : "redeem"))}>
      ${t(first ? "login.have" : "login.first")}</button>`}
  </form>`;
}

export function Login({done}) {
  const {t} = useDesk();
  useEffect(() => {
    document.title = "Pridvor";
  }, []);
  return html`<div class="door">
    <div class="door-picture" aria-hidden="true"><${Porch} /></div>
    <main class="door-in">
      <div class="door-who"><${Mark} /><span>Pridvor</span></div>
      <div class="door-form"><h1>${t("login.title")}</h1><p class="lead">${t("login.lead")}</p><${LoginForm} done=${done} /></div>
      <${Languages} />
    </main></div>`;
}

// The quick PIN: opens this screen again, and nothing else. After three wrong ones the password is asked.
function PinForm({account, done, over, before}) {
  const {api, t} = useDesk();
  const [pin, setPin] = useState("");
  const [error, setError] = useState("");
  const busy = useRef(false);
  const box = useRef(null);
  useEffect(() => box.current?.focus(), []);
  async function send(e) {
    e.preventDefault();
    if (busy.current || !pin) return;
    busy.current = true;
    await before?.();
    const reply = await api.post("unlock", {pin});
    busy.current = false;
    setPin("");
    if (reply.ok) return done(reply.body);
    if (reply.status === 401 && reply.key !== "err.pin") return over(reply.key === "err.pin_over" ? sentence(reply, t) : "");
    setError(sentence(reply, t));
    return box.current?.focus();
  }
  return html`<form class="login-form" onSubmit=${send} novalidate><input type="text" class="sr" tabindex="-1" aria-hidden="true" autocomplete="username" value=${account} readonly />
    <${Field} label=${t("pin.label")} error=${error}>${(a) => html`<input ...${a} ref=${box} class="line pin" name="pin" type="password" inputmode="numeric" autocomplete="off" maxlength="6" value=${pin}
      onInput=${(e) => setPin(e.target.value.replace(/\D/g, ""))} />`}<//>
    <button class="btn main tall" type="submit">${t("pin.open")}</button><button type="button" class="link" onClick=${() => over("")}>${t("pin.password")}</button></form>`;
}

// Ten minutes without a key, or a session that ended elsewhere: the page is covered, what was typed stays under it.
export function Locked({why, account, name, done, leave, before}) {
  const {t, me} = useDesk();
  const [byPin, setByPin] = useState(why === "locked" && Boolean(me?.pin));
  const [told, setTold] = useState("");
  const over = (text) => {
    setTold(text);
    setByPin(false);
  };
  return html`<div class="locked" role="dialog" aria-modal="true" aria-labelledby="locked-h">
    <div class="locked-in"><div class="door-who"><${Mark} /><span>${name}</span></div>
      <h1 id="locked-h">${t(`lock.${why}`)}</h1><p class="lead">${t(byPin ? "lock.pin" : "lock.kept")}</p>${told && html`<p class="notice warn" role="alert">${told}</p>`}
      ${byPin ? html`<${PinForm} account=${account} done=${done} over=${over} before=${before} />` : html`<${LoginForm} account=${account} done=${done} before=${before} />`}
      <button type="button" class="link" onClick=${leave}>${t("lock.other")}</button></div></div>`;
}
