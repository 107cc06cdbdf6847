// The documents of a case beside its data: one shown large, the others one click away. PDFs in the browser's own viewer.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon} from "../shared/icons.js";
import {moment, sentence, size, useDesk} from "./tools.js";
import {useKeysOf} from "./keys.js";

// What the server takes (backend/store.h); said before the upload.
export const limits = {most: 5 * 1048576, types: ["application/pdf", "image/jpeg", "image/png"]};

export function Drop({onFiles, id, small}) {
  const {t} = useDesk();
  const [over, setOver] = useState(false);
  const take = (files) => files?.length && onFiles([...files]);
  return html`<div class=${`drop-here${over ? " over" : ""}${small ? " small" : ""}`} onDragOver=${(e) => (e.preventDefault(), setOver(true))} onDragLeave=${() => setOver(false)}
    onDrop=${(e) => (e.preventDefault(), setOver(false), take(e.dataTransfer.files))}>
    <label class="btn" for=${id}><${Icon} name="paper" />${t("file.add")}</label>
    <input id=${id} class="sr file" type="file" multiple accept=${limits.types.join(",")} onChange=${(e) => (take(e.target.files), (e.target.value = ""))} />
    <span class="quiet">${t("file.help")}</span></div>`;
}

const most = 5; // times; then it is not the network

// Each file has its own line: how far it is, or why it was not taken.
export function useUploads(path, done) {
  const {api, t, away, turn: entered} = useDesk();
  const [files, set] = useState([]);
  const turn = (key, more) => set((all) => all.map((f) => (f.key === key ? {...f, ...more} : f)));
  const one = async ({file, key, tries}) => {
    const reply = await api.upload(path, file, "scan", key, (part) => turn(key, {part}));
    const lost = reply.status === 0 ? tries < most : reply.status === 401 && tries > 0; // perhaps it arrived: the same again with its key
    if (lost) return turn(key, {part: 0, lost: reply.status === 0 ? "net" : `in ${entered}`, tries: tries + 1});
    if (reply.ok) {
      turn(key, {state: "done", doc: reply.body});
      return done(reply.body, key);
    }
    return turn(key, {state: "bad", why: sentence(reply, t)});
  };
  const add = (list) => list.forEach((file) => {
    const key = crypto.randomUUID();
    const why = file.size > limits.most ? t("file.big", {size: size(file.size)}) : file.type && !limits.types.includes(file.type) ? t("file.type") : "";
    set((all) => [...all, {key, name: file.name, size: file.size, part: 0, state: why ? "bad" : "going", why, file}]);
    if (!why) one({file, key, tries: 0});
  });
  const again = (f, tries = 0) => (turn(f.key, {state: "going", part: 0, why: "", lost: ""}), one({...f, tries}));
  const due = files.filter((f) => f.lost && !away && f.lost !== `in ${entered}`); // after a 401: once the clerk is in again
  const waits = due.map((f) => f.key).join();
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(() => due.forEach((f) => again(f, f.tries)), 1000);
    return () => clearTimeout(timer);
  }, [waits]);
  return {files, add, again, drop: (key) => set((all) => all.filter((f) => f.key !== key))};
}

export function Uploads({uploads}) {
  const {t} = useDesk();
  if (!uploads.files.length) return null;
  return html`<ul class="uploads" aria-live="polite">${uploads.files.map((f) => html`<li key=${f.key}><span class="clip">${f.name}</span><span class="quiet num">${
    size(f.size)}</span>${f.state === "going" ? html`<progress max="1" value=${f.part} aria-label=${f.name}></progress>` : f.state === "done" ? html`<span
    class="good"><${Icon} name="check" />${t("file.done")}</span>` : html`<span class="bad">${f.why}</span><button type="button" class="link" onClick=${() =>
    uploads.again(f)}>${t("again")}</button>`}${f.state !== "going" && html`<button type="button" class="tool" aria-label=${t("file.drop", {name: f.name})} onClick=${() =>
    uploads.drop(f.key)}><${Icon} name="close" /></button>`}</li>`)}</ul>`;
}

// Papers that are drawn on demand (check) are asked for first: a refusal is a sentence, not a broken frame.
export function Viewer({src, type, title, frame, check}) {
  const {t, api, turn, away} = useDesk();
  const [seen, set] = useState({src: "", refused: null});
  const [tries, again] = useState(0);
  useEffect(() => { // it was asked for when the session had ended, or without a line
    if (!away && frame.current && !frame.current.contentDocument) again((n) => n + 1);
  }, [turn, away]);
  useEffect(() => {
    if (!check) return undefined;
    let gone = false;
    api.call("HEAD", src.slice(5)).then(async (reply) => {
      const refused = reply.ok || reply.status === 0 ? null : await api.get(src.slice(5));
      if (!gone) set({src, refused});
    });
    return () => (gone = true);
  }, [src, check, turn]);
  if (check && seen.src === src && seen.refused && !seen.refused.ok) return html`<p class="notice">${sentence(seen.refused, t)}</p>`;
  if (check && seen.src !== src) return html`<div class="viewer"></div>`;
  return html`<div class="viewer">${(type || "").startsWith("image/") ? html`<div class="picture"><img src=${src} alt=${title} /></div>` : html`<iframe ref=${frame} key=${`${tries} ${src}`}
    src=${`${src}#navpanes=0&view=FitH`} title=${title}></iframe>`}<p class="viewer-way"><a class="link" href=${src} target="_blank" rel="noopener">${t("doc.open")}</a></p></div>`;
}

// The register's own reasons have names; of a revoked act it is what somebody wrote.
function whyVoid(t, why) {
  const own = `doc.why.${(why || "").replaceAll(" ", "_")}`;
  return t.has(own) ? t(own) : why || "–";
}

export function Documents({id, data, load, editing}) {
  const {t, api, can, news, recount} = useDesk();
  const [chosen, setChosen] = useState("");
  const frame = useRef(null);
  const uploads = useUploads(`cases/${id}/documents`, (doc) => {
    load.load();
    setChosen(doc.id);
  });
  const own = data.documents.map((d) => ({...d, src: `/api/documents/${d.id}`})).sort((a, b) => Boolean(a.voided_at) - Boolean(b.voided_at));
  const signed = own.some((d) => d.signed_at && !d.voided_at && d.kind !== "request");
  const draft = data.draft && !data.fixed && (editing || !signed || data.case.state === "in_work");
  const all = [...(draft ? [{id: "draft", kind: "draft", title: t("doc.draft"), type: "application/pdf", src: `/api/cases/${id}/preview.pdf?v=${data.draft.version}`}] : []),
    ...(own.some((d) => d.kind === "request") ? [] : [{id: "request", kind: "request", title: t("doc.request"), type: "application/pdf",
      src: `/api/cases/${id}/request.pdf`}]), ...own];
  const usual = data.fixed || (data.case.state === "decided" ? "draft" : "");
  const shown = all.find((d) => d.id === (editing && draft ? "draft" : chosen || usual)) || all.find((d) => ["answer", "decision", "permit"].includes(d.kind) && d.signed_at && !d.voided_at) || (data.answers.length ? null :
    all.find((d) => d.kind === "scan" && !d.voided_at)) || all.find((d) => d.kind === "request") || all[0]; // paper: the sheet itself
  const print = () => {
    try { // exactly the PDF that is shown; the browser's own dialog
      frame.current.contentWindow.focus();
      frame.current.contentWindow.print();
    } catch {
      if (shown) open(shown.src, "_blank", "noopener");
    }
  };
  useKeysOf({p: print, s: () => document.getElementById("case-file")?.click()});
  const certify = async (d) => {
    const reply = await api.post(`documents/${d.id}/certify`);
    if (!reply.ok) return news.say(sentence(reply, t), "bad");
    news.say(t("doc.certified"));
    await load.load();
    return setChosen(reply.body.id);
  };
  const printed = async (d) => {
    const reply = await api.post(`documents/${d.id}/printed`);
    news.say(reply.ok ? t("doc.printed_done") : sentence(reply, t), reply.ok ? "good" : "bad");
    await load.load();
    recount();
  };
  const plain = shown && !shown.voided_at && ["scan", "attachment"].includes(shown.kind) && !all.some((d) => d.parent === shown.id && d.kind === "certified");
  return html`<section class="docs" aria-label=${t("docs.title")}><div class="docs-h"><h2 class="sr">${t("docs.title")}</h2>
      ${all.map((d) => html`<button type="button" key=${d.id} class="doc-tab" aria-pressed=${d.id === shown?.id} title=${d.title} onClick=${() => setChosen(d.id)}>
        <span class=${`kind k-${d.kind}`}>${t.has(`doc.kind.${d.kind}`) ? t(`doc.kind.${d.kind}`) : d.kind}</span><span class=${`clip${d.voided_at ? " voided" : ""}`}>${d.title}</span></button>`)}</div>
    ${shown && html`<div class="docs-tools"><p class="quiet small">${[shown.made_at && moment(t.lang, shown.made_at), shown.pages && t.n("doc.pages", shown.pages),
        shown.size && size(shown.size)].filter(Boolean).join(" · ")}${shown.signed_at && html` <span class="state m-good">${t("doc.signed", {who: shown.signed_name
        || shown.signed_by, at: moment(t.lang, shown.signed_at)})}</span>`}${shown.number && html` <span class="num">${t("doc.number", {number: shown.number})}</span>`}${shown.voided_at && html` <span class="state m-bad">${
        t("doc.voided", {why: whyVoid(t, shown.voided_why)})}</span>`}${shown.certified_at && html` <span class="state m-good">${t("doc.certified_at", {at: moment(t.lang,
        shown.certified_at)})}</span>`}${shown.to_print && html` <span class="state m-wait">${t("doc.to_print")}</span>`}</p>
      ${plain && can("document.certify") && html`<button type="button" class="btn" onClick=${() => certify(shown)}><${Icon} name="check" />${t("doc.certify")}</button>`}
      ${shown.to_print && can("document.certify") && html`<button type="button" class="btn" onClick=${() => printed(shown)}><${Icon} name="check" />${t("doc.printed")}</button>`}
      ${!shown.active && html`<button type="button" class="btn" onClick=${print}><${Icon} name="print" />${t("doc.print")}</button>`}</div>
      ${shown.disposed ? html`<p class="notice warn">${t("doc.disposed")}</p>` : shown.active ? html`<p class="notice warn">${t("doc.active")} <a class="link" href=${shown.src} download>${
        t("doc.save")}</a></p>` : html`<${Viewer} src=${shown.src} type=${shown.type} title=${shown.title} frame=${frame} check=${shown.id === "request"} />`}`}
    ${can("document.add") && !editing && html`<div class="docs-add"><${Drop} id="case-file" small onFiles=${uploads.add} /><${Uploads} uploads=${uploads} /></div>`}
  </section>`;
}
