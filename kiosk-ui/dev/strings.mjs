// Turns <i18n folder>/{ro,hu,en}.json into modules: the keys a page uses stand once, each language is a row of texts in the
// same order. The kiosk takes the keys "ui.*" in one module: node strings.mjs <i18n folder> <out.js>; the desk has its own
// folder and a module per language: node strings.mjs <i18n folder> <out folder>/
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";

const [folder, out] = process.argv.slice(2);
const apart = out.endsWith("/");
const prefix = apart ? "" : "ui.";
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
const rows = files.map((file) => keys.map((key) => file[key]));
const names = `export const keys=${JSON.stringify(keys.map((key) => key.slice(prefix.length)))};\n`;
if (apart) {
  mkdirSync(out, {recursive: true});
  writeFileSync(join(out, "keys.js"), names);
  langs.forEach((lang, i) => writeFileSync(join(out, lang + ".js"), `export default ${JSON.stringify(rows[i])};\n`));
} else {
  const all = Object.fromEntries(langs.map((lang, i) => [lang, rows[i]]));
  writeFileSync(out, names + `export const rows=${JSON.stringify(all)};\n`);
}
