// The desk's API: JSON over fetch, the session in a cookie that scripts cannot read. Never throws; status 0 means
// that the server cannot be reached.
export class Api {
  constructor(on) {
    this.on = on; // {lost(), back(), out()}: network away, network back, session ended
  }

  async call(method, path, body, headers = {}, more = {}) {
    const sent = {...headers};
    if (method !== "GET") sent["X-Pridvor"] = "1";
    const raw = body instanceof Blob;
    if (body !== undefined && !raw) sent["Content-Type"] = "application/json";
    try {
      const reply = await fetch(`/api/${path}`, {method, headers: sent, cache: "no-store", ...more,
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body)});
      const text = await reply.text();
      this.on.back();
      return this.judge(reply.status, text, path);
    } catch {
      this.on.lost();
      return {ok: false, status: 0, body: null, key: "net", seconds: 0};
    }
  }

  judge(status, text, path) {
    let json = null;
    try {
      json = text ? JSON.parse(text) : null;
    } catch {
      json = null;
    }
    if (status === 401 && !/^(login|redeem|password|logout|pin|lock|unlock)/.test(path)) this.on.out();
    const error = json?.error || {};
    return {ok: status >= 200 && status < 300, status, body: json, key: error.key || "", path: error.path || "", say: json?.say,
      seconds: Number(error.seconds || 0)};
  }

  get(path, headers) {
    return this.call("GET", path, undefined, headers);
  }
  post(path, body = {}, headers = {}) {
    return this.call("POST", path, body, headers);
  }
  put(path, body, headers = {}) {
    return this.call("PUT", path, body, headers);
  }

  // A file as the answer to what was typed, which must not stand in an address.
  async file(path, body) {
    try {
      const reply = await fetch(`/api/${path}`, {method: "POST", headers: {"X-Pridvor": "1", "Content-Type": "application/json"}, cache: "no-store", body: JSON.stringify(body)});
      this.on.back();
      return reply.ok ? {ok: true, status: reply.status, blob: await reply.blob()} : this.judge(reply.status, await reply.text(), path);
    } catch {
      this.on.lost();
      return {ok: false, status: 0, body: null, key: "net", seconds: 0};
    }
  }

  // A file goes up as it is; XMLHttpRequest because fetch does not tell how far it is.
  upload(path, file, kind, key, progress) {
    return new Promise((done) => {
      const x = new XMLHttpRequest();
      x.open("POST", `/api/${path}`);
      x.setRequestHeader("X-Pridvor", "1");
      x.setRequestHeader("X-Name", encodeURIComponent(file.name.slice(0, 120)));
      x.setRequestHeader("X-Kind", kind);
      x.setRequestHeader("Idempotency-Key", key);
      x.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      x.upload.onprogress = (e) => progress(e.lengthComputable ? e.loaded / e.total : 0);
      x.onload = () => done(this.judge(x.status, x.responseText, path));
      x.onerror = () => {
        this.on.lost();
        done({ok: false, status: 0, body: null, key: "net", seconds: 0});
      };
      x.send(file);
    });
  }
}

export const query = (all) => {
  const text = new URLSearchParams(Object.entries(all).filter(([, v]) => v !== "" && v !== null && v !== undefined)).toString();
  return text ? `?${text}` : "";
};
