// The local API of kioskd: commands by POST, the truth by one event stream read with fetch (a token in the
// header, which EventSource cannot send). kioskd holds the state; this file only brings it here.

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Splits a text/event-stream into {id, event, data}. Feed it text as it comes.
export function sseParser(onEvent, onRetry) {
  let rest = "";
  let now = {event: "message", data: []};
  const line = (text) => {
    if (text === "") {
      if (now.data.length) onEvent({id: now.id, event: now.event, data: now.data.join("\n")});
      now = {event: "message", data: []};
      return;
    }
    if (text.startsWith(":")) return;
    const at = text.indexOf(":");
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? "" : text.slice(at + 1).replace(/^ /, "");
    if (name === "data") now.data.push(value);
    else if (name === "event") now.event = value;
    else if (name === "id") now.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  };
  return (text) => {
    rest += text;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop();
    lines.forEach(line);
  };
}

export class Client {
  // on: {link(word), hello(facts), state(state), device(event), bye()}; link words: wait busy refused up lost
  constructor(key, on) {
    Object.assign(this, {key, on, token: "", retry: 500, lastId: "", seq: -1, closed: false});
  }

  async call(method, path, body) {
    const headers = {"X-Pridvor-Token": this.token};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    try {
      const reply = await fetch(path, {
        method, headers, cache: "no-store", credentials: "omit",
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await reply.text();
      let json = null;
      try {
        json = text ? JSON.parse(text) : null;
      } catch {
        json = null;
      }
      return {ok: reply.ok, status: reply.status, body: json};
    } catch {
      return {ok: false, status: 0, body: null};
    }
  }

  post(path, body = {}) {
    return this.call("POST", path, body);
  }

  async blob(path) {
    const reply = await fetch(path, {headers: {"X-Pridvor-Token": this.token}, cache: "no-store",
      credentials: "omit"});
    return reply.ok ? reply.blob() : null;
  }

  // Runs until the session ends. Never throws.
  async run() {
    this.on.link("wait");
    while (!this.closed && !(await this.hello()));
    while (!this.closed) {
      if (await this.refresh()) await this.stream();
      if (this.closed) return;
      this.on.link("lost");
      await wait(this.retry);
    }
  }

  async hello() {
    const reply = await this.post("/v1/hello", {key: this.key});
    if (reply.ok) {
      this.token = reply.body.token;
      this.on.hello(reply.body);
      return true;
    }
    this.on.link(reply.status === 409 ? "busy" : reply.status === 0 || reply.status >= 500 ? "wait"
      : "refused");
    await wait(reply.status === 0 ? 1000 : 2000);
    return false;
  }

  async refresh() {
    const reply = await this.call("GET", "/v1/state");
    if (reply.status === 401 || reply.status === 403) this.bye(); // the token was for a visit that is over
    if (!reply.ok) return false;
    this.seq = -1; // after a reconnect the answer counts, whatever its number
    this.take(reply.body);
    return true;
  }

  take(state) {
    if (this.closed || !state || state.seq < this.seq) return;
    this.seq = state.seq;
    this.on.link("up");
    this.on.state(state);
  }

  async stream() {
    const headers = {"X-Pridvor-Token": this.token, Accept: "text/event-stream"};
    if (this.lastId) headers["Last-Event-ID"] = this.lastId;
    try {
      const reply = await fetch("/v1/events", {headers, cache: "no-store", credentials: "omit"});
      if (!reply.ok) return;
      const feed = sseParser((event) => this.event(event), (ms) => (this.retry = Math.min(Math.max(ms, 100),
        5000)));
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const {done, value} = await reader.read();
        if (done || this.closed) return;
        feed(value);
      }
    } catch {
      // the connection broke: run() asks for the state and opens the next one
    }
  }

  event({id, event, data}) {
    if (id) this.lastId = id;
    if (event === "bye") return this.bye();
    let body;
    try {
      body = JSON.parse(data);
    } catch {
      return;
    }
    if (event === "state") this.take(body);
    else if (event === "device") this.on.device(body);
  }

  bye() {
    if (this.closed) return;
    this.closed = true;
    this.token = "";
    this.on.bye();
  }
}
