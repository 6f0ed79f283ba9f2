import { foldProperties } from "../../support/fold-properties.ts";
import { recordings, sessionsOf } from "./recordings.ts";

const sessions = [];
// One after the other: the plugin keeps its child for the whole process.
for (const name of recordings()) sessions.push(...(await sessionsOf(name)));

foldProperties("opencode", sessions);
