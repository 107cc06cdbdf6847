// Turns configs/i18n/*.json into one module with the keys the pages use: node strings.mjs <i18n folder>
// <out.js> The keys stand once, each language is a row of texts in the same order.
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";

const [folder, out] = process.argv.slice(2);
const langs = ["ro", "hu", "en"];
const files = langs.map((lang) => JSON.parse(readFileSync(join(folder, lang + ".json"), "utf8")));
const keys = Object.keys(files[0]).filter((key) => key.startsWith("ui."));
files.forEach((file, i) => {
  const mine = Object.keys(file).filter((key) => key.startsWith("ui."));
  const odd = keys.filter((key) => !file[key]).concat(mine.filter((key) => !keys.includes(key)));
  if (odd.length) throw new Error(`${langs[i]}.json: missing or extra: ${odd.join(" ")}`);
});
const rows = Object.fromEntries(langs.map((lang, i) => [lang, keys.map((key) => files[i][key])]));
writeFileSync(out, `export const keys=${JSON.stringify(keys.map((key) => key.slice(3)))};\n` +
  `export const rows=${JSON.stringify(rows)};\n`);
