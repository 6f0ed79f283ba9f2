import { foldProperties } from "../../support/fold-properties.ts";
import { recordings, sessionsOf } from "./recordings.ts";

foldProperties("gemini", (await Promise.all(recordings().map(sessionsOf))).flat());
