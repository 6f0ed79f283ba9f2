import { foldProperties } from "../../support/fold-properties.ts";
import { recordings, sessionsOf } from "./recordings.ts";

foldProperties("copilot", recordings().flatMap(sessionsOf));
