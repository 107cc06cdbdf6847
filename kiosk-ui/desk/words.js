// Texts of the desk: configs/i18n/desk. Romanian comes with the page, the other languages when they are asked for.
import {keys} from "desk-words/keys.js";
import ro from "desk-words/ro.js";

const rows = {ro};
const load = {hu: () => import("desk-words/hu.js"), en: () => import("desk-words/en.js")};
const index = new Map(keys.map((key, i) => [key, i]));
const plurals = {};
// As text_fill() of the register: where an ending is joined to a day, its full stop goes: "2026. november 22-ig".
const fill = (text, vars) => (vars ? text.replace(/\{(\w+)\}/g, (all, name, at) => (text[at + all.length] === "-" ?
  String(vars[name] ?? all).replace(/\.$/, "") : vars[name] ?? all)) : text);

export const here = (lang) => Boolean(rows[lang]);
export async function fetchWords(lang) {
  if (!rows[lang] && load[lang]) rows[lang] = (await load[lang]()).default;
}

export function translator(lang) {
  const row = rows[lang] || rows.ro;
  const raw = (key) => row[index.get(key)];
  const t = (key, vars) => fill(raw(key) ?? key, vars);
  // n things: Romanian has three forms (o zi, 2 zile, 20 de zile).
  t.n = (key, n, vars) => {
    plurals[lang] ||= new Intl.PluralRules(lang);
    return fill(raw(`${key}.${plurals[lang].select(n)}`) ?? raw(`${key}.other`) ?? key, {n, ...vars});
  };
  t.has = (key) => index.has(key);
  t.lang = lang;
  return t;
}
