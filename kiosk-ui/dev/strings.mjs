// Turns <i18n folder>/{ro,hu,en}.json into one module with the keys a page uses: node strings.mjs <i18n folder> <out.js>
// [prefix]. The keys stand once, each language is a row of texts in the same order. The kiosk takes the keys "ui.*";
// the desk's folder is its own (prefix "").
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";

const [folder, out, prefix = "ui."] = process.argv.slice(2);
const langs = ["ro", "hu", "en"];
const files = langs.map((lang) => JSON.parse(readFileSync(join(folder, lang + ".json"), "utf8")));
const keys = Object.keys(files[0]).filter((key) => key.startsWith(prefix));
const holes = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
files.forEach((file, i) => {
  const mine = Object.keys(file).filter((key) => key.startsWith(prefix));
  const odd = keys.filter((key) => !file[key]).concat(mine.filter((key) => !keys.includes(key)));
  if (odd.length) throw new Error(`${langs[i]}.json: missing or extra: ${odd.join(" ")}`);
  const other = keys.filter((key) => holes(file[key]) !== holes(files[0][key]));
  if (other.length) throw new Error(`${langs[i]}.json: other {holes} than ro.json: ${other.join(" ")}`);
});
const rows = Object.fromEntries(langs.map((lang, i) => [lang, keys.map((key) => files[i][key])]));
writeFileSync(out, `export const keys=${JSON.stringify(keys.map((key) => key.slice(prefix.length)))};\n` +
  `export const rows=${JSON.stringify(rows)};\n`);
