import { foldProperties } from "../../support/fold-properties.ts";
import { recordings, sessionsOf } from "./recordings.ts";

const sessions = (await Promise.all(recordings().map(sessionsOf))).flat();

// A session whose hooks were only registered after its last turn has nothing to trace, however much its rollout holds.
foldProperties(
  "codex",
  sessions.filter(({ live }) => live.some(({ type }) => type === "turn.start")),
);
