// The kiosk pages against the stand-in of kioskd: node kiosk.mjs [part ...]; parts: screens journeys wipe
// budget
import {join} from "node:path";
import {Mock} from "../../kiosk-ui/dev/mock.mjs";
import {counts, open, prepare, root} from "./lib.mjs";
import {screens} from "./screens.mjs";
import {journeys} from "./journeys.mjs";
import {wipe} from "./wipe.mjs";
import {budget} from "./budget.mjs";

const parts = {budget, journeys, wipe, screens};
const wanted = process.argv.slice(2);
const dist = join(process.env.PRIDVOR_BUILD || join(root, "build"), "kiosk-ui");
prepare(dist);
const browser = await open();
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const mock = new Mock({dist, speed: 0.3});
  const port = await mock.listen(0);
  const start = Date.now();
  try {
    await part(browser, mock, port, dist);
  } catch (e) {
    console.log(`FAIL ${name}: ${e.stack}`);
    process.exitCode = 1;
  }
  for (const context of browser.contexts()) await context.close();
  console.log(`${name}: ${Math.round((Date.now() - start) / 1000)} s`);
  await mock.close();
}
await browser.close();
const {passed, failed} = counts();
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed || process.exitCode ? 1 : 0);
