// The desk against the stand-in of its API: node desk.mjs [part ...]; parts: journeys screens
import {join} from "node:path";
import {DeskMock} from "../../kiosk-ui/dev/desk_mock.mjs";
import {counts, open, prepare, root} from "./lib.mjs";
import {journeys} from "./desk_journeys.mjs";
import {screens} from "./desk_screens.mjs";

const parts = {journeys, screens};
const wanted = process.argv.slice(2);
const dist = join(process.env.PRIDVOR_BUILD || join(root, "build"), "kiosk-ui-desk");
prepare(dist); // build.sh fails above the budgets
const browser = await open();
await Promise.all(Object.entries(parts).filter(([name]) => !wanted.length || wanted.includes(name)).map(async ([name, part]) => {
  const mock = new DeskMock({dist: join(dist, "desk")});
  mock.light = name === "screens"; // Chromium's PDF viewer is heavy, and not ours to judge
  const port = await mock.listen(0);
  const start = Date.now();
  try {
    await part(browser, mock, port);
  } catch (e) {
    console.log(`FAIL ${name}: ${e.stack}`);
    process.exitCode = 1;
  }
  console.log(`${name}: ${Math.round((Date.now() - start) / 1000)} s`);
  await mock.close();
}));
await browser.close();
const {passed, failed} = counts();
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed || process.exitCode ? 1 : 0);
