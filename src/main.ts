/**
 * Entry of the one program. Hooks take the hot path, which is all that this chunk holds; everything else is loaded only
 * when it is asked for.
 */

import { runHook } from "./hook/main.ts";

const [command, ...rest] = process.argv.slice(2);

switch (command) {
  case "hook":
    await runHook(rest[0], rest[1]);
    // Whatever is still open (an inherited pipe, a timer) must not keep the agent waiting.
    process.exit(0);
    break;
  case "stream":
    await (await import("./hook/stream.ts")).runStream(rest[0]);
    process.exit(0);
    break;
  case "drain":
    process.exit(await (await import("./drain/main.ts")).runDrain());
    break;
  default:
    process.exitCode = await (await import("./cli/main.ts")).runCli(process.argv.slice(2));
}
