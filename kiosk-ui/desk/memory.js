// What was typed and not yet sent, by place. It survives moving between pages, a lost connection and an ended session of the
// same person; it is never stored, and goes with the document.
import {useState, useCallback, useRef} from "../shared/html.js";

const kept = new Map();
export const keep = (key, value) => kept.set(key, value);
export const drop = (key) => kept.delete(key);
export const keptAt = (key) => kept.get(key);
export const forget = () => kept.clear();
export const anyKept = () => [...kept.keys()].some((key) => !/^(reason|missed|stale|sure)\//.test(key)); // typed by a person

export function useKept(key, first) {
  const [, turn] = useState(0);
  const unset = useRef(first); // the latest, not that of the first time
  unset.current = first;
  const value = kept.has(key) ? kept.get(key) : first;
  const set = useCallback((next) => {
    kept.set(key, typeof next === "function" ? next(kept.has(key) ? kept.get(key) : unset.current) : next);
    turn((n) => n + 1);
  }, [key]);
  return [value, set];
}

// The list the clerk came from: J and K go through it, also from inside a case.
export const list = {ids: [], numbers: {}, at: -1, from: "#/queue/mine"};

// Remembered on this computer: how the desk looks, nothing of any person.
const where = "pridvor.desk";
const first = {lang: "", large: false, contrast: false, roomy: false, letters: true, code: false, cols: {}};
export function prefs() {
  try {
    return {...first, ...JSON.parse(localStorage.getItem(where) || "{}")};
  } catch {
    return {...first};
  }
}
export function savePrefs(p) {
  try {
    localStorage.setItem(where, JSON.stringify(p));
  } catch {
    // a full or forbidden storage only forgets the looks
  }
}
