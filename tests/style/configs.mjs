// Every configuration file parses; every sentence stands in ro, hu and en with the same placeholders.
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';

let bad = 0;
const say = (text) => { console.log(`configs: ${text}`); bad = 1; };
const walk = (dir) => readdirSync(dir, {withFileTypes: true})
  .flatMap((d) => (d.isDirectory() ? walk(join(dir, d.name)) : [join(dir, d.name)]));

for (const file of walk('configs')) {
  if (!/\.(json|device|conf)$/.test(file)) continue;
  try { JSON.parse(readFileSync(file, 'utf8')); } catch (e) { say(`${file}: ${e.message}`); }
}
const langs = ['ro', 'hu', 'en'].map((l) => [l, JSON.parse(readFileSync(`configs/i18n/${l}.json`, 'utf8'))]);
const holes = (text) => (text.match(/\{[a-z_]+\}/g) ?? []).sort().join();
for (const [lang, texts] of langs) {
  for (const [key, text] of Object.entries(texts)) {
    for (const [other, others] of langs) {
      if (!(key in others)) say(`i18n/${other}.json lacks ${key}, which ${lang} has`);
      else if (holes(others[key]) !== holes(text)) say(`i18n ${key}: ${lang} and ${other} have other {holes}`);
    }
  }
  const keys = Object.keys(texts);
  if (keys.join('\n') !== [...keys].sort().join('\n')) say(`i18n/${lang}.json is not sorted`);
}
for (const file of walk('configs/services').filter((f) => f.endsWith('.json') && !f.includes('/_'))) {
  const s = JSON.parse(readFileSync(file, 'utf8'));
  for (const f of s.fields ?? []) {
    for (const l of ['ro', 'hu', 'en']) if (!f.label?.[l]) say(`${file}: ${f.id}: no ${l} label`);
  }
}
// One thing has one name, and no word has slipped: what is printed is bon, bizonylat, receipt; PIN-ul cărții is the PIN of a book.
const not = {ro: /[şţŞŢ]|chitanț|PIN-ul cărții/i, hu: /\bcsip|E-mail cím|aláírópad|\bpult/i, en: /\bslip\b|[Aa] research /};
const sentences = (v) => (typeof v !== 'object' || !v ? [] : ['ro', 'hu', 'en'].every((l) => typeof v[l] === 'string') ? [v]
  : Object.values(v).flatMap(sentences));
for (const file of [...walk('configs/services'), 'configs/messages.json'].filter((f) => f.endsWith('.json'))) {
  for (const v of sentences(JSON.parse(readFileSync(file, 'utf8')))) {
    for (const l in not) if (not[l].test(v[l])) say(`${file}: ${l}: ${v[l]}`);
  }
}
for (const [lang, texts] of langs) {
  for (const [key, text] of Object.entries(texts)) if (not[lang].test(text)) say(`i18n/${lang}.json ${key}: ${text}`);
}
process.exit(bad);
