/**
 * A drain in a process of its own that kills itself at a given step: `crash-child.ts <home> <step> <server>`.
 * Step 0 never kills. Prints what became of it.
 */

import { drain } from "../../src/drain/drain.ts";
import { createDelivery } from "../../src/export/deliver.ts";
import { target } from "../store/sample.ts";
import { makeWorld, SETTINGS } from "./world.ts";

const [home = "", step = "0", url = "", hours = "0"] = process.argv.slice(2);
const world = makeWorld(home);
// Long after the turns that the test played: their roots are final at the first look.
world.clock.now += 100_000 + Number(hours) * 3_600_000;
world.settings = { ...SETTINGS, sinks: url === "" ? [] : [target("a", { kind: "otlp", url })] };
world.deliver = createDelivery({}, () => world.clock.now).deliver;
let reached = 0;
const result = await drain(
  world.deps({
    // Requests are real here: the clock must not run ahead of them.
    sleep: async (ms) => {
      world.clock.now += ms;
      await Bun.sleep(ms);
    },
    checkpoint: () => {
      reached++;
      if (reached === Number(step)) process.kill(process.pid, "SIGKILL");
    },
  }),
);
process.stdout.write(`${result} ${reached}`);
