import {html, render} from "../shared/html.js";
import {App} from "./app.js";

render(html`<${App} />`, document.getElementById("app"));
