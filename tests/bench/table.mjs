// node table.mjs FIGURES OUT: JSON lines {name, value, unit, note} as a table, and as one object in OUT. A note that
// names a goal ("at most 50", "at least 2.3", "aim 60") gets a mark: + reached, - missed.
import { readFileSync, writeFileSync } from 'node:fs';

const [from, to] = process.argv.slice(2);
const rows = readFileSync(from, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const titles = {
  machine: 'This machine', chip: 'Chip reading', receipt: 'Receipt', offline: 'Without a network', memory: 'Memory at rest',
  page: 'First page of the kiosk', neighbours: 'Answer of pad and printer beside', intake: 'Register',
};

function mark({ value, note }) {
  const goal = /\bat (most|least) ([\d.]+)/.exec(note) ?? /\b(aim) ([\d.]+)/.exec(note);
  if (!goal) return ' ';
  const limit = Number.parseFloat(goal[2]);
  return (goal[1] === 'least' ? value >= limit : value <= limit) ? '+' : '-';
}

function number(v) {
  if (Number.isInteger(v)) return String(v);
  return v.toFixed(v < 100 ? 2 : 0);
}

let group = '';
for (const row of rows) {
  const [head, ...rest] = row.name.split('.');
  if (head !== group) console.log(`\n${titles[head] ?? head}`);
  group = head;
  console.log(`${mark(row)} ${rest.join('.').padEnd(32)} ${number(row.value).padStart(9)} ${row.unit.padEnd(4)} ${
    row.note}`);
}
writeFileSync(to, `${JSON.stringify(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])), null, 1)}\n`);
