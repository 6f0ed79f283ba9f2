import { foldProperties } from "../../support/fold-properties.ts";
import { RECORDINGS, sessionsOf } from "./recordings.ts";

foldProperties("kiro", (await Promise.all(RECORDINGS.map((scenario) => sessionsOf(scenario)))).flat());
