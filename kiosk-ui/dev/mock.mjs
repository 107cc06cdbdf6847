// The local API without kioskd: node dev/mock.mjs [port]. Page: http://127.0.0.1:7080/#k=dev
// Scenes for looking and for tests: POST /mock/scene {"name": "card-can", "lang": "hu"}.
import {createServer} from "node:http";
import {readFileSync, existsSync} from "node:fs";
import {randomBytes} from "node:crypto";
import {execFileSync} from "node:child_process";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {World} from "./world.mjs";
import {play} from "./scenes.mjs";
import {found} from "./scenes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const types = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"};
export const headers = {
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' blob:; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
};
const soon = (ms, fn) => setTimeout(fn, ms).unref();

// qrencode if it is here, else a picture that only looks like a code.
function qr(text) {
  try {
    return execFileSync("qrencode", ["-t", "SVG", "-m", "1", "-o", "-", text], {stdio: ["ignore", "pipe",
      "ignore"]});
  } catch {
    const eye = (x, y) => `M${x} ${y}h7v7h-7zM${x + 1} ${y + 1}v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`;
    let seed = 7;
    let d = eye(1, 1) + eye(21, 1) + eye(1, 21);
    for (let y = 1; y < 28; y++) {
      for (let x = 1; x < 28; x++) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        if (!((x < 9 || x > 19) && y < 9) && !(x < 9 && y > 19) && seed % 7 < 3) d += `M${x} ${y}h1v1h-1z`;
      }
    }
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path fill="#fff" d="M0 0h29v29H0z"/>
      <path fill-rule="evenodd" d="${d}"/></svg>`;
  }
}

// A sheet that looks like a letter; each id has another one.
function sheet(id) {
  let seed = id * 7919 + 3;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const lines = Array.from({length: 17}, (_, i) => `M40 ${120 + i * 20}h${(150 + next() * 70).toFixed(0)}`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="424" viewBox="0 0 300 424">
    <path fill="#fdfcf8" d="M0 0h300v424H0z"/><path stroke="#333" stroke-width="9" d="M40 50h110"/>
    <path stroke="#555" stroke-width="6" d="M40 84h180"/><path stroke="#777" stroke-width="4" d="${lines}"/>
    <circle cx="216" cy="372" r="30" fill="none" stroke="#3b5fa8" stroke-width="5"/></svg>`;
}

export class Mock {
  constructor({configs = join(here, "../../configs"), dist = join(here, "../dist"), speed = 1, ppmm = 3.21}
    = {}) {
    Object.assign(this, {dist, speed, ppmm, seq: 0, token: "", streams: new Set(), calls: []});
    this.world = new World(configs);
    this.server = createServer((req, res) => this.handle(req, res));
  }

  listen(port) {
    return new Promise((done) => this.server.listen(port, "127.0.0.1",
      () => done(this.server.address().port)));
  }

  close() {
    this.streams.forEach((s) => s.destroy());
    this.server.closeAllConnections?.();
    return new Promise((done) => this.server.close(done));
  }

  send(event, data) {
    const text = `id: ${this.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.streams.forEach((s) => s.write(text));
  }

  push() {
    this.seq += 1;
    this.send("state", this.world.state(this.seq));
  }

  scene(name, lang = "ro") {
    play(this.world, name, lang);
    this.push();
  }

  strokes() {
    const path = [];
    for (let i = 0; i < 160; i++) {
      const lift = i === 60 || i === 110;
      path.push([1500 + i * 38, 3000 + Math.round(900 * Math.sin(i / 7) * Math.cos(i / 23)), lift ? 0 : 520,
        i * 5]);
    }
    for (let i = 0; i < path.length; i += 10) this.send("device", {kind: "event", event: "strokes",
      data: {points: path.slice(i, i + 10), up: i + 10 >= path.length}});
    this.world.sign.samples = path.length;
  }

  end() {
    this.send("bye", {});
    this.token = "";
    this.world.reset();
    const open = [...this.streams];
    this.streams.clear();
    soon(50, () => open.forEach((s) => s.end()));
  }

  async handle(req, res) {
    const url = new URL(req.url, "http://x");
    const reply = (status, body) => {
      res.writeHead(status, {...headers, "Content-Type": "application/json"});
      res.end(JSON.stringify(body ?? {ok: true}));
    };
    if (req.method === "GET" && !url.pathname.startsWith("/v1/")) return this.file(url.pathname, res);
    let text = "";
    for await (const chunk of req) text += chunk;
    const body = text ? JSON.parse(text) : {};
    if (url.pathname === "/mock/scene") return this.scene(body.name, body.lang), reply(200);
    if (url.pathname === "/v1/hello") {
      this.token = randomBytes(16).toString("hex");
      return reply(200, {token: this.token, terminal: "K07", institution: this.world.institution,
        langs: ["ro", "hu", "en"],
        idle_s: 60, profile: {ppmm_x1000: Math.round(this.ppmm * 1000)}});
    }
    if (req.headers["x-pridvor-token"] !== this.token) return reply(401, {error: {rc: "denied",
      key: "err.denied", path: "", text: "401"}});
    if (url.pathname === "/v1/state") return reply(200, this.world.state(this.seq));
    if (url.pathname === "/v1/events") return this.stream(res);
    if (url.pathname.startsWith("/v1/scan/thumb/")) {
      res.writeHead(200, {...headers, "Content-Type": "image/svg+xml"});
      return res.end(sheet(Number(url.pathname.slice(15))));
    }
    if (url.pathname === "/v1/qr.svg") {
      res.writeHead(200, {...headers, "Content-Type": "image/svg+xml"});
      return res.end(qr(this.world.done?.url || "x"));
    }
    this.calls.push([url.pathname, body]);
    const answer = this.command(url.pathname.slice(4), body);
    if (this.early && this.token) this.push(); // kioskd's state may come before the answer to the command
    reply(...(Array.isArray(answer) ? answer : [200]));
    if (this.token) this.push();
  }

  file(path, res) {
    const name = path === "/" ? "/index.html" : path;
    const full = join(this.dist, name);
    const ext = name.slice(name.lastIndexOf("."));
    if (name.includes("..") || !types[ext] || !existsSync(full)) return res.writeHead(404, headers).end();
    res.writeHead(200, {...headers, "Content-Type": types[ext]});
    return res.end(readFileSync(full));
  }

  stream(res) {
    res.writeHead(200, {...headers, "Content-Type": "text/event-stream"});
    res.write("retry: 500\n\n");
    this.streams.add(res);
    res.on("close", () => this.streams.delete(res));
    this.send("state", this.world.state(this.seq));
  }

  later(ms, fn) {
    soon(ms * this.speed, () => {
      if (!this.token) return;
      fn();
      this.push();
    });
  }

  readCard() {
    const w = this.world;
    w.card.phase = "reading";
    w.card.attempts += 1;
    w.card.progress = 0;
    for (const n of [1, 2, 3, 4]) this.later(n * 250, () => (w.card.progress = n * 25));
    this.later(1300, () => ((w.card.phase = "ok"), w.identity()));
    this.later(1700, () => w.toForm());
  }

  file_() {
    const w = this.world;
    w.step = "filing";
    this.later(300, () => (w.filing.phase = "sending"));
    this.later(900, () => w.finish("printing"));
    this.later(2500, () => (w.done.print.phase = "printed"));
  }

  scanPages(n, again) {
    const w = this.world;
    Object.assign(w.scan, {phase: "scanning", doing: "warmup", page: 1, percent: 0, error: null});
    for (let i = 1; i <= n; i++) {
      this.later(i * 400, () => {
        if (w.scan.phase !== "scanning") return;
        Object.assign(w.scan, {doing: "scanning", page: i, percent: (100 * i) / n});
        const page = {id: (w.lastPage += 1), turns: 0, poor: w.nextPoor === i, kept: false,
          hints: w.nextPoor === i ? ["skew"] : []};
        const at = w.scan.pages.findIndex((p) => p.id === again);
        if (at >= 0) w.scan.pages[at] = page;
        else w.scan.pages.push(page);
        if (i === n) w.scan.phase = "ready";
      });
    }
    return [202, {requestId: 3}];
  }

  command(path, body) {
    const w = this.world;
    const of = () => w.scan.pages.find((p) => p.id === body.page);
    const commands = {
      "scan/start": () => this.scanPages(body.source === "flatbed" ? 1 : 3),
      "scan/again": () => (w.nextPoor = 0, this.scanPages(1, body.page)),
      "scan/cancel": () => (w.scan.phase = "ready"),
      "scan/page/keep": () => (of().kept = true),
      "scan/page/rotate": () => (of().turns = (of().turns + 1) % 4),
      "scan/page/delete": () => void (w.scan.pages = w.scan.pages.filter((p) => p.id !== body.page)),
      "scan/page/move": () => {
        const page = of();
        w.scan.pages = w.scan.pages.filter((p) => p !== page);
        w.scan.pages.splice(body.to - 1, 0, page);
      },
      "scan/skip": () => {
        w.scan.pages = [];
        w.scan.chosen = true;
        w.answers[w.pages()[w.page].fields[0].id] = ["counter"];
        w.answer({});
      },
      "card/scan": () => (w.card.phase = "scanning", this.readCard(), [202, {requestId: 2}]),
      "session/comfort": () => void (w.slow = body.slow),
      "receipt/look": () => (/^[0-9A-Z]{10}$/.test(body.code) ? [200, w.found || {state: "waiting", number: "", date: "",
        due: ""}] : [422, {error: {text: "?"}}]),
      "mine/open": () => {
        w.step = "mine";
        w.mine = {phase: "enter", problem: "", repairable: false};
      },
      "mine/look": () => {
        w.mine = {phase: "asking", problem: "", repairable: false};
        this.later(300, () => (w.mine = body.pin === "4821" && (body.code === "9W0YVWYXW8" || /^15/.test(body.number)) ? found(w)
          : {phase: "enter", problem: "Codul și PIN-ul nu se potrivesc. Verificați-le pe bon.", repairable: false}));
        return [202, {}];
      },
      "mine/repair": () => {
        w.choose("cs.birth_certificate");
        w.goto("act.birth_date");
      },
      "session/start": () => w.start(body.lang), "session/lang": () => (w.lang = body.lang),
      "session/service": () => {
        w.choose(body.service);
        if (w.step === "card") this.later(1500, () => w.step === "card" && Object.assign(w.card,
          {present: true, phase: "can"}));
      },
      "session/touch": () => (w.idle = {warn: false, left_s: 90}),
      "session/end": () => this.end(), "session/back": () => w.back(),
      "card/read": () => {
        if (body.can === "123456") return this.readCard(), [202, {requestId: 1}];
        w.card.attempts += 1;
        Object.assign(w.card, {phase: "error", error: {code: "CAN_WRONG",
          text: "Numărul nu se potrivește cu cardul.", tries_left: 3 - w.card.attempts}});
        return [202, {requestId: 1}];
      },
      "card/address": () => {
        Object.assign(w.address, {phase: "reading", progress: 40, attempts: (w.address.attempts || 0) + 1, code: ""});
        this.later(700, () => w.address.phase === "reading" && w.pinTyped(body.pin));
        return [202, {requestId: 4}];
      },
      "card/address/cancel": () => void (w.address.phase = "offer"),
      "card/mrz": () => this.readCard(), "card/skip": () => w.toForm(),
      "form/answer": () => {
        const errors = w.answer(body.values);
        return errors.length ? [422, {errors}] : [200];
      },
      "form/goto": () => w.goto(body.field),
      "sign/start": () => {
        w.step = "sign";
        w.sign.phase = "preparing";
        this.later(200, () => Object.assign(w.sign, {phase: "capturing", width: 9600, height: 5760}));
        soon(600, () => this.token && this.strokes());
      },
      "sign/clear": () => (w.sign.samples = 0), "sign/finish": () => (w.sign.phase = "done"),
      "sign/cancel": () => (w.sign.phase = "ready"), "sign/skip": () => Object.assign(w.sign, {phase: "done",
        skipped: true}),
      submit: () => (w.step === "review" && w.service.sign ? (w.step = "sign") : this.file_()),
      print: () => (w.done.print.phase = "printing"),
        "print/resolve": () => (w.done.print.phase = body.printed ? "printed" : "failed"),
      help: () => [200, {called: w.devices.register.public === "online"}],
    };
    return commands[path] ? commands[path]() : [404, {error: {rc: "not-found", key: "err.not_found", path: "",
      text: path}}];
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = await new Mock().listen(Number(process.argv[2] || 7080));
  console.log(`http://127.0.0.1:${port}/#k=dev`);
}
