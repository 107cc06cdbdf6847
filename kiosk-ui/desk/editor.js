// The answer: template, language, title, paragraphs; saved while it is typed, shown beside as the PDF that will be printed and sent.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {Field, moment, sentence, useDesk, useLoad} from "./tools.js";
import {drop, keep, keptAt, useKept} from "./memory.js";
import {Changed, Panel} from "./act.js";

const plain = (d) => ({template: d.template, lang: d.lang, title: d.title, body: flat(d.body)});
const flat = (body) => (Array.isArray(body) ? body.join("\n") : body || "");

function useAutosave(id, text, data, load, headers, adopt) {
  const {api, t} = useDesk();
  const [state, set] = useState({word: data.draft ? "saved" : "new", at: data.draft?.at});
  const now = useRef({});
  now.current.text = text;
  const version = useRef(data.draft?.version || 0);
  const saved = useRef(JSON.stringify(text));
  const busy = useRef(false);
  async function save() {
    const latest = () => keptAt(`draft/${id}`) || now.current.text;
    const unsure = keptAt(`sure/draft/${id}`); // went out and was not answered: the same again, before anything newer
    const sent = unsure || {...latest(), version: version.current};
    const wanted = JSON.stringify(plain(sent));
    if (busy.current || (!unsure && wanted === saved.current) || !sent.title.trim()) return true;
    busy.current = true;
    set((s) => ({...s, word: "saving"}));
    const reply = await api.put(`cases/${id}/draft`, sent, headers);
    busy.current = false;
    if (reply.status === 0 || reply.status >= 500) keep(`sure/draft/${id}`, sent);
    else drop(`sure/draft/${id}`);
    if (reply.ok) {
      version.current = reply.body.version;
      saved.current = wanted;
      set({word: "saved", at: reply.body.at});
      load.set({...now.current.data, draft: reply.body});
      if (JSON.stringify(latest()) !== wanted) return save();
      drop(`draft/${id}`);
      return true;
    }
    const other = reply.status === 409 && reply.body?.draft;
    if (other && adopt(other)) { // only the template stood here: the colleague's text takes its place
      version.current = other.version;
      saved.current = JSON.stringify(plain(other));
      set({word: "saved", at: other.at});
      load.set({...now.current.data, draft: other});
      return true;
    }
    set({word: "bad", why: sentence(reply, t), theirs: other || null});
    return false;
  }
  now.current.data = data;
  useEffect(() => {
    const timer = setTimeout(save, 900);
    return () => clearTimeout(timer);
  }, [JSON.stringify(text)]);
  useEffect(() => {
    const retry = setInterval(() => now.current.word === "bad" && !now.current.theirs && save(), 8000);
    const hand = (e) => e.detail.push(save());
    addEventListener("desk-save", hand);
    return () => {
      clearInterval(retry);
      removeEventListener("desk-save", hand);
      save();
    };
  }, []);
  Object.assign(now.current, state);
  return {state, save, mine(theirVersion) {
    version.current = theirVersion;
    saved.current = "";
    return save();
  }};
}

export function Editor({id, data, load, action, stale, act, close, headers}) {
  const {t, L, me, lang} = useDesk();
  const templates = useLoad(`templates?case=${id}`);
  const all = templates.body?.items || templates.body || [];
  const start = data.draft ? plain(data.draft) : {template: "", lang:
    data.case.lang === "hu" ? "hu" : "ro", title: "", body: ""};
  const [text, set] = useKept(`draft/${id}`, start);
  const filled = useRef("");
  const auto = useAutosave(id, text, data, load, headers, (other) => {
    if (keptAt(`draft/${id}`)?.body !== filled.current) return false;
    set(plain(other));
    return true;
  });
  const put = (name) => (e) => set((old) => ({...old, [name]: e.target.value}));
  function choose(template, wanted) {
    const found = all.find((x) => x.id === template);
    const l = found && !found.langs.includes(wanted) ? found.langs[0] : wanted;
    const fresh = found ? flat(found.body?.[l] ?? found.body) : "";
    const untouched = !text.body.trim() || text.body === filled.current;
    filled.current = fresh;
    set({template, lang: l, title: untouched || !text.title ? (found ? found.name[l] || found.name.ro : "") : text.title, body: untouched ? fresh : text.body});
  }
  useEffect(() => {
    if (!text.template && all.length && !keptAt(`draft/${id}`)) choose(all[0].id, text.lang);
  }, [all.length]);
  const found = all.find((x) => x.id === text.template);
  const {state} = auto;
  const theirs = state.theirs && typeof state.theirs === "object" ? state.theirs : null;
  async function send(andNext) {
    if (!(await auto.save())) return;
    if (action) act(action, {document: "draft"}, {}, andNext);
    else close();
  }
  return html`<${Panel} title=${t("draft.title")} close=${close} onSend=${send} send=${action ? L(action.label) : t("draft.keep")}
    hint=${action ? "act.undo" : "act.at_once"}>
    <${Changed} events=${stale} />
    <div class="two"><${Field} label=${t("draft.template")}>${(a) => html`<select ...${a} value=${text.template} onChange=${(e) => choose(e.target.value, text.lang)}>
      ${!found && html`<option value=${text.template}>${t("choose")}</option>`}${all.map((x) => html`<option key=${x.id} value=${x.id}>${L(x.name)}</option>`)}</select>`}<//>
    <fieldset class="field"><legend>${t("draft.lang")}</legend><div class="ticks inline">${(found?.langs || ["ro", "hu"]).map((l) => html`<label class="tick" key=${l}><input
      type="radio" name="dl" checked=${text.lang === l} onChange=${() => choose(text.template, l)} /><span lang=${l}>${l === "hu" ? "Magyar" : l === "en" ? "English" :
      "Română"}</span></label>`)}</div></fieldset></div>
    <${Field} label=${t("draft.heading")} wide>${(a) => html`<input ...${a} class="line" value=${text.title} maxlength="200" lang=${text.lang} onInput=${put("title")} />`}<//>
    <${Field} label=${t("draft.body")} help=${t("draft.body_help")} wide>${(a) => html`<textarea ...${a} class="line paper" rows="14" lang=${text.lang} spellcheck="true"
      value=${text.body} onInput=${put("body")} />`}<//>
    <p class=${`saved w-${state.word}`} role="status"><${Icon} name=${state.word === "bad" ? "warn" : state.word === "saving" ? "clock" : "check"} />${state.word === "bad" ?
      state.why : state.word === "saved" ? t("draft.at", {at: moment(lang, state.at)}) : t(`draft.${state.word}`)}</p>
    ${state.theirs && html`<div class="notice warn" role="alert"><div><p><strong>${t("draft.stale")}</strong></p>${theirs && html`<blockquote class="area">${theirs.title}
${flat(theirs.body)}</blockquote>`}<div class="row-do"><button type="button" class="btn" onClick=${async () => {
      if (theirs) return auto.mine(theirs.version);
      await load.load();
      return auto.mine((data.draft?.version || 0) + 1);
    }}>${t("draft.mine")}</button>${theirs && html`<button type="button" class="btn" onClick=${() => {
      drop(`draft/${id}`);
      set(plain(theirs));
      auto.mine(theirs.version);
    }}>${t("draft.theirs")}</button>`}</div></div></div>`}
    ${data.draft && data.draft.author !== me.account && html`<p class="quiet small">${t("draft.by", {who: data.draft.author})}</p>`}
  <//>`;
}
