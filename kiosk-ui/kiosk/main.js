// Start: the launch key comes in the fragment of the address; the session's token lives only in this
// document.
import {html, render} from "../shared/html.js";
import {Client} from "../shared/api.js";
import {Root} from "./app.js";
import {forget} from "./memory.js";

const key = new URLSearchParams(location.hash.slice(1)).get("k") || "";
const root = document.body.appendChild(Object.assign(document.createElement("div"), {id: "app"}));
const model = {link: "wait", hello: null, state: null, onDevice: new Set()};
let wanted = false;

function draw() {
  if (wanted) return;
  wanted = true;
  queueMicrotask(() => {
    wanted = false;
    render(html`<${Root} client=${client} model=${{...model}} />`, root);
  });
}

// The terminal says how many pixels its screen has per millimetre; every size on the page follows (20 mm stay
// 20 mm).
function fit(profile) {
  const ppmm = Number(profile && profile.ppmm_x1000) / 1000;
  if (!(ppmm > 1) || innerHeight < 1400) return;
  const factor = Math.min(Math.max(ppmm / 3.21, 0.84), 1.16);
  document.documentElement.style.fontSize = `${factor * 10}px`;
}

const client = new Client(key, {
  link(word) {
    model.link = word;
    draw();
  },
  hello(facts) {
    model.hello = facts;
    fit(facts.profile);
    draw();
  },
  state(state) {
    model.state = state;
    draw();
  },
  device(event) {
    model.onDevice.forEach((listener) => listener(event));
  },
  bye() {
    // Everything of this person goes: the page, what was typed, then the document itself.
    forget();
    Object.assign(model, {state: null, hello: null});
    render(null, root);
    root.remove();
    location.reload();
  },
});

draw();
client.run();
