// A correction typed for who stands at the counter: only what was sent back, with the sheet scanned or a word how it came.
import {html, useEffect, useState} from "../shared/html.js";
import {Field, sentence, useDesk, useLoad, Waiting} from "./tools.js";
import {drop, useKept} from "./memory.js";
import {Drop, Uploads, useUploads} from "./docs.js";
import {faults, given, Questions, Wrong} from "./questions.js";
import {Changed, Panel} from "./act.js";
import {taken as isTaken, useSure} from "./sure.js";

export function Counter({id, data, taken, close, headers}) {
  const {t, lang, news} = useDesk();
  const back = useLoad(`cases/${id}/return`, headers);
  const [v, set] = useKept(`counter/${id}`, {answers: null, note: ""});
  const [files, setFiles] = useState({});
  const [wrong, setWrong] = useState({});
  const [bad, setBad] = useState("");
  const [noteBad, setNoteBad] = useState("");
  const [stale, setStale] = useState(null);
  const uploads = useUploads("documents", (doc, key) => setFiles((all) => ({...all, [key]: doc.sha256})));
  const fields = back.body?.fields || [];
  useEffect(() => {
    if (back.body && !v.answers) set({...v, answers: Object.fromEntries(fields.map((f) => [f.id, f.type === "file" ? null : f.value]))});
  }, [back.body]);
  const sure = useSure(`cases/${id}/return`, headers, (reply) => {
    if (!reply.ok) {
      if (isTaken(reply)) sure.renew();
      setWrong(faults(reply.body?.fields, lang));
      setNoteBad(reply.path === "note" ? sentence(reply, t) : "");
      setStale(reply.status === 409 ? reply.body?.changed || [] : null);
      return setBad(reply.body?.fields || reply.path === "note" || reply.status === 409 ? "" : sentence(reply, t));
    }
    drop(`counter/${id}`);
    taken(reply.body);
    close();
    return news.say(t("counter.done"));
  });
  function send() {
    if (!back.body || uploads.files.some((f) => f.state === "going")) return setBad(back.body ? t("entry.wait") : "");
    const documents = uploads.files.filter((f) => f.state === "done").map((f) => files[f.key]);
    const body = {answers: given(fields, v.answers || {}, true), version: data.case.version, ...(v.note.trim() ? {note: v.note.trim()} : {}), ...(documents.length ? {documents} : {})};
    return sure.send(body);
  }
  return html`<${Panel} title=${t("counter.title")} lead=${t("counter.lead")} close=${close} onSend=${send} send=${t("counter.send")} hint="act.final"><${Changed} events=${stale} />
    ${bad && html`<p class="notice bad" role="alert">${bad}</p>`}${sure.unsure && html`<p class="notice" role="status">${t("sure.wait")}</p>`}
    <${Wrong} fields=${fields} errors=${wrong} /><${Waiting} of=${back} />
    ${back.body && html`<p class="notice warn">${t("counter.asked", {reason: back.body.reason})}</p>
      <${Questions} fields=${fields} values=${v.answers || {}} errors=${wrong} put=${(name, value) => set((now) => ({...now, answers: {...now.answers, [name]: value}}))} />
      <div class="field wide"><p class="label">${t("counter.sheet")}</p><${Drop} id="counter-file" small onFiles=${uploads.add} /><${Uploads} uploads=${uploads} /></div>
      <${Field} label=${t("counter.note")} help=${t("counter.note_help")} error=${noteBad} wide>${(a) => html`<textarea ...${a} class="line" rows="2" maxlength="500" value=${v.note}
        onInput=${(e) => set({...v, note: e.target.value})} />`}<//>`}<//>`;
}
