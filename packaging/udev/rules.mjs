// The udev rules from configs/devices: who may open our devices, and that none of them is put to sleep.
// node packaging/udev/rules.mjs            prints them
// node packaging/udev/rules.mjs --write    into packaging/udev/70-pridvor.rules
// node packaging/udev/rules.mjs --check    says whether that file is up to date
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const devices = join(here, "../../configs/devices");
const file = join(here, "70-pridvor.rules");
const two = (n) => (n === undefined ? "??" : n.toString(16).padStart(2, "0"));

// One rule for each different match; a class is looked for among the interfaces (udev's usb_id lists them).
function condition(m) {
  const parts = [];
  if (m.vid) parts.push(`ATTR{idVendor}=="${m.vid.toLowerCase()}"`);
  if (m.pid) parts.push(`ATTR{idProduct}=="${m.pid.toLowerCase()}"`);
  if (!m.pid && m.class !== undefined)
    parts.push(`ENV{ID_USB_INTERFACES}=="*:${two(m.class)}${two(m.subclass)}${two(m.protocol)}:*"`);
  return parts.join(", ");
}

const rules = new Map();
for (const name of readdirSync(devices).filter((n) => n.endsWith(".device")).sort()) {
  const d = JSON.parse(readFileSync(join(devices, name), "utf8"));
  for (const m of d.match) {
    const c = condition(m);
    const who = rules.get(c);
    if (!who) rules.set(c, { driver: d.driver, name: d.name });
    else if (who.driver !== d.driver) who.driver = "any";
  }
}
const lines = [...rules].map(([c, w]) =>
  `${c}, GROUP="pridvor", MODE="0660", ATTR{power/control}="on", ENV{ID_PRIDVOR}="${w.driver}"`);
const text = `# Made from configs/devices by packaging/udev/rules.mjs; do not edit.
# The terminal's programs run in the group pridvor. power/control=on: autosuspend makes card readers vanish.
ACTION=="remove", GOTO="pridvor_end"
SUBSYSTEM!="usb", GOTO="pridvor_end"
ENV{DEVTYPE}!="usb_device", GOTO="pridvor_end"
# Hubs: the highest rung of recovery switches the power of one port.
ATTR{bDeviceClass}=="09", GROUP="pridvor", MODE="0660"
${lines.join("\n")}
LABEL="pridvor_end"
`;

if (process.argv[2] === "--write") writeFileSync(file, text);
else if (process.argv[2] === "--check") {
  let now = "";
  try { now = readFileSync(file, "utf8"); } catch { /* said below */ }
  if (now !== text) {
    console.error("packaging/udev/70-pridvor.rules is not up to date: node packaging/udev/rules.mjs --write");
    process.exit(1);
  }
  console.log(`udev: ${rules.size} rules for the devices of configs/devices`);
} else process.stdout.write(text);
