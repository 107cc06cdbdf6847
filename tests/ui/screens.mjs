// Every screen x three languages x modes: axe finds nothing, nothing needed is out of reach, sizes are kept.
import {scenes} from "../../kiosk-ui/dev/scenes.mjs";
import {axe, measure} from "./checks.mjs";
import {axeSource, check, shown, visit} from "./lib.mjs";

const langs = ["ro", "hu", "en"];
const settings = {large: 2, contrast: 3, lower: 4};
const kiosk = {target: 64, font: 26, lower: 0};
const reach = 0.38; // rule R3: in the lower mode everything is touched in the lower 62 %
const modes = [
  {names: [], limits: kiosk}, {names: ["large"], limits: {...kiosk, font: 33}}, {names: ["contrast"],
    limits: kiosk},
  {names: ["lower"], limits: {...kiosk, lower: reach}},
  {names: ["large", "lower", "contrast"], limits: {...kiosk, font: 33, lower: reach}},
];
const others = [
  {size: [390, 844], names: [], limits: {target: 47.5, font: 16, lower: 0}},
  {size: [390, 844], names: ["large"], limits: {target: 47.5, font: 16, lower: 0}},
  {size: [1280, 800], names: [], limits: {target: 47.5, font: 16, lower: 0}},
  {size: [1280, 800], names: ["large"], limits: {target: 47.5, font: 16, lower: 0}},
];

// Two frames later sizes have been observed and "see the rest" has come or gone.
const settled = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function one(page, mock, name, lang, mode, least) {
  mock.scene(name, lang);
  await shown(page, mock);
  await settled(page);
  const where = `${name} ${lang} ${mode.names.join("+") || "normal"} ${page.viewportSize().width}`;
  const found = await page.evaluate(measure, mode.limits);
  check(!found.bad.length, `${where}: ${found.bad.slice(0, 4).join("; ")}`);
  least.target = Math.min(least.target, found.target);
  least.font = Math.min(least.font, found.font);
  const violations = await page.evaluate(axe);
  check(!violations.length, `${where}: ${violations.join("; ")}`);
  const asked = await page.evaluate(() => document.documentElement.lang);
  check(asked === lang || name.startsWith("start"), `${where}: the page says it is in ${asked}`);
}

async function sweep(browser, mock, port, mode, some) {
  const page = await visit(browser, mock, port, mode.size);
  const least = {target: Infinity, font: Infinity};
  mock.scene("start", "ro");
  await shown(page, mock);
  for (const name of mode.names) await page.click(`.bar-item:nth-child(${settings[name]})`);
  await page.evaluate(axeSource());
  for (const lang of some) {
    for (const name of Object.keys(scenes)) await one(page, mock, name, lang, mode, least);
  }
  await page.context().close();
  const {size = [1080, 1920]} = mode;
  const where = `${size.join("x")} ${mode.names.join("+") || "normal"}, ${some.join(" ")}`;
  console.log(`screens ${where}: ${Object.keys(scenes).length} each; smallest target ${
    Math.round(least.target)} px, smallest text ${least.font} px`);
}

// Dialogs that the page opens by itself.
async function dialogs(browser, mock, port) {
  for (const names of [[], ["large", "lower", "contrast"]]) {
    const page = await visit(browser, mock, port);
    for (const name of names) await page.click(`.bar-item:nth-child(${settings[name]})`);
    await page.evaluate(axeSource());
    for (const lang of langs) {
      for (const button of [".bar-item:nth-child(1)", ".bar-item:nth-child(5)", ".actions .plain"]) {
        mock.scene("form-choice", lang);
        await shown(page, mock);
        await page.click(button);
        await page.waitForSelector("dialog[open]");
        const limits = names.length ? {...kiosk, font: 33, lower: reach} : kiosk;
        const found = await page.evaluate(measure, limits);
        check(!found.bad.length, `dialog ${button} ${lang} ${names}: ${found.bad.join("; ")}`);
        const violations = await page.evaluate(axe);
        check(!violations.length, `dialog ${button} ${lang} ${names}: ${violations.join("; ")}`);
        await page.keyboard.press("Escape");
        await page.waitForSelector("dialog[open]", {state: "detached"});
      }
    }
    await page.context().close();
  }
}

// A refused page: the summary takes room above the fields, and everything can still be reached.
async function refused(browser, mock, port) {
  for (const names of [[], ["large"], ["lower"], ["large", "lower", "contrast"]]) {
    const page = await visit(browser, mock, port);
    for (const name of names) await page.click(`.bar-item:nth-child(${settings[name]})`);
    await page.evaluate(axeSource());
    for (const lang of langs) {
      for (const scene of ["form-cnp", "form-choice", "form-names"]) {
        mock.scene(scene, lang);
        if (scene === "form-names") mock.world.answers["who.last_name"] = "";
        mock.push();
        await shown(page, mock);
        await page.click(".btn.main");
        await page.waitForSelector(".errors");
        await settled(page);
        const found = await page.evaluate(measure, {...kiosk, font: names.includes("large") ? 33 : 26});
        check(!found.bad.length, `refused ${scene} ${lang} ${names}: ${found.bad.join("; ")}`);
        const violations = await page.evaluate(axe);
        check(!violations.length, `refused ${scene} ${lang} ${names}: ${violations.join("; ")}`);
      }
    }
    await page.context().close();
  }
}

// The controls: faults put into the page must be found, else the sweep proves nothing.
async function controls(browser, mock, port) {
  const page = await visit(browser, mock, port);
  await page.evaluate(axeSource());
  await page.evaluate(() => {
    const main = document.querySelector("main");
    const small = main.appendChild(document.createElement("button"));
    small.className = "tiny";
    Object.assign(small.style, {position: "fixed", left: "1060px", top: "20px", width: "30px",
      height: "30px"});
    const text = main.appendChild(document.createElement("p"));
    text.textContent = "too small and too pale";
    Object.assign(text.style, {fontSize: "20px", color: "#bbb"});
    const far = main.appendChild(document.createElement("button"));
    far.textContent = "far";
    Object.assign(far.style, {position: "fixed", top: "1900px", left: "10px", width: "90px", height: "90px"});
    const card = main.appendChild(document.createElement("p"));
    card.className = "card";
    card.textContent = "more than fits";
    Object.assign(card.style, {height: "10px", padding: 0});
  });
  const {bad} = await page.evaluate(measure, {...kiosk, lower: reach});
  for (const word of ["target 30 x 30", "text of 20 px", "outside left or right", "cannot be reached",
    "too high", "text runs out below"]) {
    check(bad.some((line) => line.includes(word)), `control: the measure does not find "${word}"`);
  }
  const violations = (await page.evaluate(axe)).join();
  check(violations.includes("button-name") && violations.includes("color-contrast"),
    "control: axe finds nothing");
  await page.context().close();
}

// Other screens have other pixels per millimetre: 23.8" and 32" at 1080 x 1920.
async function densities(browser, mock, port) {
  for (const [ppmm, target] of [[3.65, 73], [2.71, 54]]) {
    mock.ppmm = ppmm;
    await sweep(browser, mock, port, {names: [], limits: {target: target - 1, font: 26 * 0.84, lower: 0}},
      ["hu"]);
  }
  mock.ppmm = 3.21;
}

export async function screens(browser, mock, port) {
  await controls(browser, mock, port);
  await refused(browser, mock, port);
  for (const mode of modes) await sweep(browser, mock, port, mode, langs);
  for (const mode of others) await sweep(browser, mock, port, mode, ["hu"]);
  await densities(browser, mock, port);
  await dialogs(browser, mock, port);
}
