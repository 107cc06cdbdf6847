// What makes something and has no version: without an answer nobody knows whether it was done, so the same goes out again with
// its key until an answer comes, and is done once.
import {useEffect, useRef} from "../shared/html.js";
import {useDesk} from "./tools.js";
import {drop, useKept} from "./memory.js";

const none = {};

// after: hears the answer, sooner or later. The key stays until something was kept under it, or until renew().
export function useSure(path, headers, after) {
  const {api, away, turn} = useDesk();
  const place = `sure/${path}`;
  const [v, set] = useKept(place, none);
  const busy = useRef(false);
  const renew = () => (set(none), drop(place));
  async function send(body) {
    if (busy.current) return undefined;
    busy.current = true;
    const sent = v.sent || body;
    const key = v.key || crypto.randomUUID();
    set({...v, key});
    const reply = await api.post(path, sent, {...headers, "Idempotency-Key": key});
    busy.current = false;
    if (reply.status === 0) return set({key, sent: {...sent}});
    if (reply.status === 401) return set({key, sent, out: turn}); // as soon as who sent it is in again, and not before
    if (reply.ok) renew();
    else set({key});
    return after(reply);
  }
  useEffect(() => {
    if (!v.sent || away || v.out === turn) return undefined;
    const timer = setTimeout(send, 1000);
    return () => clearTimeout(timer);
  }, [v.sent, away, turn]);
  return {send, renew, unsure: Boolean(v.sent)};
}

export const taken = (reply) => reply.path === "Idempotency-Key"; // the first sending was kept, and this is another
