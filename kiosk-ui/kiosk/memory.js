// What was typed and not yet sent, by field, and the key of the one request to file (a second press or a lost
// answer never files twice). It lives only until the end of the visit and is never stored.
const drafts = new Map();
let key = "";

export const draft = (id) => drafts.get(id);
export const remember = (id, value) => drafts.set(id, value);
export const drop = (ids) => ids.forEach((id) => drafts.delete(id));
export const submitKey = () => (key ||= crypto.randomUUID());
export function forget() {
  drafts.clear();
  key = "";
}
