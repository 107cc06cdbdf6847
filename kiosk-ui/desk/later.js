// A part of the desk that comes when it is first wanted; the first page stays small.
import {html, useEffect, useState} from "../shared/html.js";
import {Waiting} from "./tools.js";

export function later(fetch, name) {
  let Part = null;
  return function Later(props) {
    const [state, set] = useState(Part ? "here" : "coming");
    const load = () => {
      set("coming");
      fetch().then((m) => {
        Part = m[name];
        set("here");
      }, () => set("lost"));
    };
    useEffect(() => void (Part || load()), []);
    if (Part) return html`<${Part} ...${props} />`;
    return html`<div class="page"><${Waiting} of=${{busy: state === "coming", body: null, reply: state === "lost" ? {ok: false, status: 0} : null, load}} /></div>`;
  };
}
