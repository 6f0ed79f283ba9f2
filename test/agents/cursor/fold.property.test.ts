import { foldProperties } from "../../support/fold-properties.ts";
import { recordings, sessionsOf } from "./recordings.ts";

foldProperties("cursor", recordings().flatMap(sessionsOf));
