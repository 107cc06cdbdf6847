// Left: the lists of work with their counts. Top: search, a new entry, the person. Below: what is on its way.
import {html, useEffect, useRef, useState} from "../shared/html.js";
import {Icon, Mark} from "../shared/icons.js";
import {go, many, useDesk} from "./tools.js";
import {News} from "./news.js";
import {Languages} from "./login.js";
import {Keys, useKeys} from "./keys.js";
import {setSearch} from "./search.js";

export const queues = ["register", "mine", "today", "late", "unassigned", "waiting", "opinions"];
const rare = ["attention", "print"]; // in the menu only while something waits there

function Item({to, label, count, tone, now, sign}) {
  return html`<li><a href=${to} aria-current=${now ? "page" : undefined}>${sign && html`<${Icon} name=${sign} />`}<span class="nav-label">${label}</span>
    ${count !== undefined && html`<span class=${`count ${count && tone ? tone : ""}`}>${many(count)}</span>`}</a></li>`;
}

function Nav({close}) {
  const {t, L, me, counts, at, can} = useDesk();
  const tone = {late: "bad", today: "warn"};
  const on = (page, id) => at.page === page && (id === undefined || at.id === id);
  const admin = ["user.view", "service.manage", "holiday.manage", "audit.view"].some(can);
  return html`<nav class="nav" aria-label=${t("nav.name")} onClick=${(e) => e.target.closest("a") && close()}>
    <div class="nav-who"><${Mark} /><div><strong>Pridvor</strong><span>${L(me.institution?.name)}</span></div></div>
    <div class="carve" aria-hidden="true"></div>
    ${can("case.list") && html`<h2 class="nav-h">${t("nav.work")}</h2><ul>
      ${queues.map((q) => html`<${Item} key=${q} to=${`#/queue/${q}`} label=${t(`q.${q}`)} count=${counts?.[q]} tone=${tone[q]} now=${on("queue", q)} />`)}
      ${rare.filter((q) => counts?.[q] || on("queue", q)).map((q) => html`<${Item} key=${q} to=${`#/queue/${q}`} label=${t(`q.${q}`)} count=${counts?.[q]}
        tone="warn" now=${on("queue", q)} />`)}
      <${Item} to="#/queue/all" label=${t("q.all")} now=${on("queue", "all")} /></ul>`}
    <h2 class="nav-h">${t("nav.house")}</h2><ul>
      ${can("register.view") && html`<${Item} to="#/register" label=${t("nav.register")} sign="paper" now=${on("register")} />`}
      ${(can("person.export") || can("person.erase")) && html`<${Item} to="#/person" label=${t("person.nav")} sign="eye" now=${on("person")} />`}
      ${can("team.view") && html`<${Item} to="#/team" label=${t("nav.team")} sign="person" now=${on("team")} />`}
      ${can("message.view") && html`<${Item} to="#/admin/messages" label=${t("admin.messages")} sign="info" now=${on("admin", "messages")} />`}
      ${admin && html`<${Item} to=${`#/admin/${can("audit.view") ? "audit" : "users"}`} label=${t("nav.admin")} sign="id" now=${on("admin") && at.id !== "messages"} />`}
      <${Item} to="#/settings" label=${t("nav.settings")} sign="text" now=${on("settings")} /></ul>
    <${Languages} /></nav>`;
}

export function Shell({children}) {
  const {t, me, away, can, leave, lock, at} = useDesk();
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const input = useRef(null);
  useKeys({help: () => setHelp((h) => !h), search: () => input.current?.focus(), escape: () => {
    if (help) setHelp(false);
    else if (menu) setMenu(false);
    else if (open) setOpen(false);
    else return false;
    return true;
  }});
  useEffect(() => setMenu(false), [at]);
  const ask = (e) => {
    e.preventDefault();
    const text = input.current.value.trim();
    if (!text) return;
    input.current.value = "";
    input.current.blur();
    setSearch(text);
  };
  return html`<a class="skip" href="#main" onClick=${(e) => (e.preventDefault(), document.getElementById("main").focus())}>${t("skip")}</a>
    <div class=${`shell${open ? " open" : ""}`}>
    <${Nav} close=${() => setOpen(false)} />
    <div class="side">
      <header class="top">
        <button type="button" class="tool burger" aria-expanded=${open} aria-label=${t("nav.name")} onClick=${() => setOpen(!open)}>
          <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 6.500h16M4 12h16M4 17.500h16" /></svg></button>
        ${can("case.search") && html`<form class="find" role="search" onSubmit=${ask}><label class="sr" for="find">${t("find.label")}</label>
          <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M10.500 4a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13M15.500 15.500L21 21" /></svg>
          <input id="find" ref=${input} type="search" autocomplete="off" spellcheck="false" placeholder=${t("find.hint")} /><kbd aria-hidden="true">/</kbd></form>`}
        <span class="grow"></span>
        ${can("register.enter") && html`<a class="btn main" href="#/new"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v14M5 12h14" /></svg>
          <span class="wide-only">${t("new.short")}</span></a>`}
        <button type="button" class="tool keys-do" aria-label=${t("keys.title")} aria-expanded=${help} onClick=${() => setHelp(!help)}><kbd>?</kbd></button>
        <div class="person"><button type="button" class="who-am" aria-expanded=${menu} onClick=${() => setMenu(!menu)}><span class="face" aria-hidden="true">${
          me.full_name.split(/\s+/).map((w) => w[0]).filter((w, i, all) => i === 0 || i === all.length - 1).join("")}</span><span class="wide-only who-name">${me.full_name}</span></button>
          ${menu && html`<div class="drop" onClick=${(e) => e.target.closest("button") && setMenu(false)}><p><strong>${me.full_name}</strong></p><p class="quiet">${[...new Set((me.roles || []).map((r) => r.name?.[t.lang]
            || r.role))].join(", ")}</p>
            <button type="button" class="btn" onClick=${() => go("#/settings")}>${t("nav.settings")}</button>
            <button type="button" class="btn" onClick=${lock}>${t("lock.do")}</button>
            <button type="button" class="btn" onClick=${leave}>${t("leave")}</button></div>`}</div>
      </header>
      ${away && html`<div class="notice bad away" role="alert"><${Icon} name="warn" /><p>${t("net.away")}</p></div>`}
      ${help && html`<${Keys} close=${() => setHelp(false)} />`}
      <main id="main" tabindex="-1">${children}</main>
      <${News} />
    </div></div>`;
}
