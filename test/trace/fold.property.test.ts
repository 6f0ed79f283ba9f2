import { foldProperties } from "../support/fold-properties.ts";
import { recordings, sessionsOf } from "../support/recording.ts";

foldProperties("claude-code", (await Promise.all(recordings().map(sessionsOf))).flat());
