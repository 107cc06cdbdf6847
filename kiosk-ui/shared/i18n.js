// Texts of the pages. configs/i18n/*.json, keys "ui.*"; plural forms are key.one, key.few, key.other (CLDR).
import {keys, rows} from "ui-strings";

export const langs = ["ro", "hu", "en"];
const index = new Map(keys.map((key, i) => [key, i]));
const plurals = {};

// As text_fill() of the register: where an ending is joined to a day, its full stop goes: "2026. november 22-ig".
const fill = (text, vars) => (vars ? text.replace(/\{(\w+)\}/g, (all, name, at) => (text[at + all.length] === "-" ?
  String(vars[name] ?? all).replace(/\.$/, "") : vars[name] ?? all)) : text);

export function translator(lang) {
  const row = rows[lang] || rows.ro;
  const raw = (key) => row[index.get(key)];
  const t = (key, vars) => fill(raw(key) ?? key, vars);
  // n things: Romanian has three forms (un minut, 2 minute, 20 de minute).
  t.n = (key, n, vars) => {
    plurals[lang] ||= new Intl.PluralRules(lang);
    const text = raw(`${key}.${plurals[lang].select(n)}`) ?? raw(`${key}.other`) ?? key;
    return fill(text, {n, ...vars});
  };
  t.lang = lang;
  return t;
}
