// Search: a number, a CNP, a name in any spelling. What is looked for may be personal, so it is never in an address: not
// in the page's and not in what is asked of the server.
import {html, useEffect, useState} from "../shared/html.js";
import {go, Head, sentence, useDesk, useSlow} from "./tools.js";
import {Cases, ColumnChoice, Empty, Pager} from "./table.js";

let wanted = "";
let listen = null;
export function setSearch(text) {
  wanted = text;
  if (listen) listen(text);
  else go("#/search");
}
// A receipt's code is an address; its last part is what is looked for.
const plain = (text) => (/^https?:\/\//.test(text) ? decodeURIComponent(text.replace(/[?#].*$/, "").split("/").filter(Boolean).pop() || "") : text);

export function Search() {
  const {t, api, where} = useDesk();
  const [text, setText] = useState(wanted);
  const [stack, setStack] = useState([""]);
  const [now, set] = useState(null);
  const [busy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const slow = useSlow(busy);
  useEffect(() => {
    listen = (next) => {
      where.focus = true;
      setText(next);
      setStack([""]);
      setTurn((n) => n + 1);
    };
    return () => (listen = null);
  }, []);
  useEffect(() => {
    if (!text) return undefined;
    let gone = false;
    setBusy(true);
    const after = stack[stack.length - 1];
    api.post("search", {q: plain(text), after}).then((reply) => {
      if (gone) return;
      setBusy(false);
      set(reply);
      if (reply.ok && reply.body.items.length === 1 && stack.length === 1 && reply.body.kind === "number" && where.focus) {
        location.replace(`#/case/${reply.body.items[0].id}`);
      }
    });
    return () => (gone = true);
  }, [text, stack, turn]);
  const masked = /^\d{13}$/.test(text) ? `•••••••••${text.slice(-4)}` : text;
  const found = now?.ok ? now.body : null;
  return html`<div class="page"><${Head} title=${t("search.title")} lead=${text ? t("search.for", {what: masked}) : t("search.how")} />
    ${busy && slow && html`<div class="waiting" role="status"><progress aria-label=${t("wait")}></progress></div>`}
    ${now && !now.ok && html`<div class="notice bad" role="alert"><p>${sentence(now, t)}</p>
      <button type="button" class="btn" onClick=${() => setTurn(turn + 1)}>${t("again")}</button></div>`}
    ${found && html`<p class="filters" role="status"><span class="quiet">${t(`search.kind.${found.kind}`)}</span><span class="grow"></span>${found.items.length > 0
      && html`<${ColumnChoice} />`}</p>
      ${found.items.length ? html`<${Cases} rows=${found.items} from="#/search" caption=${t("search.title")} />
        <${Pager} n=${stack.length} next=${found.next} back=${stack.length > 1} onNext=${() => setStack([...stack, found.next])}
          onBack=${() => setStack(stack.slice(0, -1))} />` : html`<${Empty} title=${t("search.none")} text=${t("search.none_help")} />`}`}
    ${!text && html`<${Empty} title=${t("search.empty")} text=${t("search.empty_help")} />`}
  </div>`;
}
