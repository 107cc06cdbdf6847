// How the desk looks and answers, for this computer; and the own password.
import {html, useState} from "../shared/html.js";
import {Field, Head, sentence, useDesk} from "./tools.js";
import {Languages} from "./login.js";

function Password() {
  const {t, api, renew} = useDesk();
  const none = {old: "", code: "", fresh: "", again: ""};
  const [v, set] = useState(none);
  const [bad, setBad] = useState("");
  const send = async (e) => {
    e.preventDefault();
    if (v.fresh !== v.again) return setBad(t("login.differ"));
    const reply = await api.post("password", {old: v.old, fresh: v.fresh, ...(v.code ? {code: v.code} : {})});
    if (!reply.ok) return setBad(sentence(reply, t));
    setBad("");
    set(none);
    return renew();
  };
  const box = (name, auto, more) => (a) => html`<input ...${a} class="line" type=${name === "code" ? "text" : "password"} autocomplete=${auto} value=${v[name]}
    onInput=${(e) => set({...v, [name]: e.target.value})} ...${more} />`;
  return html`<form class="card stack" onSubmit=${send}><h2>${t("set.password")}</h2>${bad && html`<p class="notice bad" role="alert">${bad}</p>`}
    <${Field} label=${t("set.old")}>${box("old", "current-password", {required: true})}<//>
    <${Field} label=${t("login.code")} help=${t("set.code_help")}>${box("code", "one-time-code", {inputmode: "numeric"})}<//>
    <${Field} label=${t("login.fresh")} help=${t("login.fresh_help")}>${box("fresh", "new-password", {required: true})}<//>
    <${Field} label=${t("login.again")}>${box("again", "new-password", {required: true})}<//>
    <div class="row-do"><button class="btn main" type="submit">${t("set.change")}</button></div></form>`;
}

// Four to six digits that open the locked screen; the password is asked once, here.
function Pin() {
  const {t, api, me, reach, news} = useDesk();
  const none = {pin: "", password: "", code: ""};
  const [v, set] = useState(none);
  const [bad, setBad] = useState({});
  const put = async (pin) => {
    const reply = await api.post("pin", {pin, password: v.password, ...(v.code ? {code: v.code} : {})});
    if (!reply.ok) return setBad({[reply.path === "pin" ? "pin" : "all"]: sentence(reply, t)});
    setBad({});
    set(none);
    await reach();
    return news.say(t(pin ? "pin.set" : "pin.gone"));
  };
  const box = (name, more) => (a) => html`<input ...${a} class="line" name=${`pin-${name}`} type=${name === "code" ? "text" : "password"} value=${v[name]} onInput=${(e) => set({...v, [name]: e.target.value})} ...${more} />`;
  return html`<form class="card stack" onSubmit=${(e) => (e.preventDefault(), put(v.pin))}><h2>${t("pin.title")}</h2><p class="quiet">${t(me.pin ? "pin.on" : "pin.lead")}</p>
    ${bad.all && html`<p class="notice bad" role="alert">${bad.all}</p>`}
    <${Field} label=${t("pin.fresh")} help=${t("pin.help")} error=${bad.pin}>${box("pin", {inputmode: "numeric", autocomplete: "off", maxlength: 6})}<//>
    <${Field} label=${t("login.password")}>${box("password", {autocomplete: "current-password"})}<//>
    <${Field} label=${t("login.code")} help=${t("set.code_help")}>${box("code", {inputmode: "numeric", autocomplete: "one-time-code"})}<//>
    <div class="row-do"><button class="btn main" type="submit">${t(me.pin ? "pin.change" : "pin.keep")}</button>${me.pin && html`<button type="button" class="btn" onClick=${() => put("")}>${t("pin.take")}</button>`}</div></form>`;
}

export function Settings() {
  const {t, prefs, setPrefs} = useDesk();
  const tick = (name) => html`<label class="tick big"><input type="checkbox" checked=${prefs[name]} onChange=${(e) => setPrefs({...prefs, [name]: e.target.checked})} />
    <span><strong>${t(`set.${name}`)}</strong><span class="quiet">${t(`set.${name}_help`)}</span></span></label>`;
  return html`<div class="page narrow"><${Head} title=${t("nav.settings")} lead=${t("set.lead")} />
    <section class="card stack"><h2>${t("set.look")}</h2><${Languages} />${tick("large")}${tick("contrast")}${tick("roomy")}${tick("letters")}</section>
    <${Pin} /><${Password} /></div>`;
}
