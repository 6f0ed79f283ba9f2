/**
 * Where a session's spans go. Endpoint and credential resolve together from one layer:
 *
 * 1. `PHOENIX_ENDPOINT` selects Phoenix, with `PHOENIX_API_KEY`, else `ARIZE_API_KEY`, else no key.
 * 2. `ARIZE_API_KEY` and `ARIZE_SPACE_ID` select AX, at `ARIZE_OTLP_ENDPOINT` or the default.
 * 3. Else the sinks of the file.
 *
 * A selection by the environment replaces every sink of the file. A key of the file goes to an endpoint of the environment
 * only where scheme, host and port are those that it was configured with.
 */

import { createHash } from "node:crypto";
import { DEFAULT_ENDPOINTS, type Endpoint, endpointOf } from "./endpoint.ts";
import { type FileSink, fileSinksOf } from "./file-sinks.ts";
import type { ConfigFile } from "./read.ts";
import { credentialOf, printsOf, type SecretPrints } from "./secrets.ts";
import type { ConfigProblem, SinkKind, SinkTarget } from "./settings.ts";

/** What decides a session's sinks. */
export interface SinkSources {
  readonly file: ConfigFile;
  readonly agentKey: string;
  /** Non-secret environment of the session. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Salted fingerprints of credentials in that environment, by variable name. */
  readonly fingerprints: Readonly<Record<string, string>>;
  readonly salt: Uint8Array;
}

/** The place that problems of environment variables are reported under. */
export const ENVIRONMENT = "environment";

const ID_DIGITS = 16;

function first(...values: readonly (string | undefined)[]): string | undefined {
  return values.map((value) => value?.trim()).find((value) => value);
}

/** The project: variables of its own kind of sink, the sink's own name, the agent's, the agent key. */
function projectOf(kind: SinkKind, named: string | undefined, { file, agentKey, env }: SinkSources): string {
  const fromEnvironment = {
    arize: first(env.ARIZE_PROJECT_NAME),
    phoenix: first(env.PHOENIX_PROJECT, env.PHOENIX_PROJECT_NAME),
    otlp: undefined,
  }[kind];
  const { harnesses } = file.values;
  const harness = harnesses && Object.hasOwn(harnesses, agentKey) ? harnesses[agentKey] : undefined;
  return first(fromEnvironment, named, harness?.project_name, agentKey) ?? agentKey;
}

/** Equal exactly when kind, endpoint, project, headers and credential are equal. Says the kind to people. */
function idOf(target: Omit<SinkTarget, "id">): string {
  const headers = Object.entries(target.headers).sort(([a], [b]) => (a < b ? -1 : 1));
  const identity = [target.kind, target.url, target.project, headers, target.credential ?? null];
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return `${target.kind}-${digest.slice(0, ID_DIGITS)}`;
}

interface Draft {
  readonly kind: SinkKind;
  readonly endpoint: Endpoint;
  readonly prints: SecretPrints;
  readonly layer: SinkTarget["layer"];
  readonly project?: string | undefined;
  readonly encoding?: SinkTarget["encoding"];
  readonly compression?: SinkTarget["compression"];
}

function targetOf(draft: Draft, sources: SinkSources): SinkTarget {
  const credential = credentialOf(draft.prints);
  const target = {
    kind: draft.kind,
    url: draft.endpoint.url,
    project: projectOf(draft.kind, draft.project, sources),
    encoding: draft.encoding ?? "protobuf",
    compression: draft.compression ?? "gzip",
    headers: {},
    layer: draft.layer,
    ...(credential === undefined ? {} : { credential }),
  } as const;
  return { id: idOf(target), ...target };
}

function fromFile(sink: FileSink, sources: SinkSources): SinkTarget {
  return targetOf({ ...sink, prints: printsOf(sources.salt, sink.secrets), layer: "file" }, sources);
}

/** Secrets that the file binds to this endpoint. */
function boundPrints(
  kind: SinkKind,
  endpoint: Endpoint,
  sinks: readonly FileSink[],
  salt: Uint8Array,
): SecretPrints | undefined {
  const bound = sinks.find((sink) => sink.kind === kind && sink.endpoint.origin === endpoint.origin);
  return bound && printsOf(salt, bound.secrets);
}

type Chosen =
  | { readonly target: SinkTarget; readonly problem?: string; readonly field: string }
  /** The variable selects a sink that cannot work: none, rather than another destination. */
  | { readonly target?: undefined; readonly problem: string; readonly field: string; readonly fallBack: boolean };

function phoenixOf(written: string, sinks: readonly FileSink[], sources: SinkSources): Chosen {
  const field = "PHOENIX_ENDPOINT";
  const endpoint = endpointOf("phoenix", written);
  if (typeof endpoint === "string") return { field, problem: `${endpoint}; nothing is sent`, fallBack: false };
  const { fingerprints } = sources;
  const key = fingerprints.PHOENIX_API_KEY ?? fingerprints.ARIZE_API_KEY;
  const userInfo = fingerprints[field];
  const own: SecretPrints = { ...(key ? { key } : {}), ...(userInfo ? { userInfo } : {}) };
  const prints = credentialOf(own) ? own : (boundPrints("phoenix", endpoint, sinks, sources.salt) ?? {});
  const target = targetOf({ kind: "phoenix", endpoint, prints, layer: "environment" }, sources);
  return { target, field, ...(endpoint.warning ? { problem: endpoint.warning } : {}) };
}

function arizeOf(sinks: readonly FileSink[], sources: SinkSources): Chosen | undefined {
  const field = "ARIZE_OTLP_ENDPOINT";
  const { env, fingerprints, salt } = sources;
  const key = fingerprints.ARIZE_API_KEY;
  const space = fingerprints.ARIZE_SPACE_ID;
  const written = first(env[field]);
  if (!(key && space) && written === undefined) return undefined;
  const endpoint = endpointOf("arize", written ?? DEFAULT_ENDPOINTS.arize);
  if (typeof endpoint === "string") {
    const selects = Boolean(key && space);
    return { field, problem: `${endpoint}; ${selects ? "nothing is sent" : "it is ignored"}`, fallBack: !selects };
  }
  const userInfo = fingerprints[field];
  const own = key && space ? { key, space, ...(userInfo ? { userInfo } : {}) } : undefined;
  const prints = own ?? boundPrints("arize", endpoint, sinks, salt);
  if (prints) return { field, target: targetOf({ kind: "arize", endpoint, prints, layer: "environment" }, sources) };
  if (!sinks.some((sink) => sink.kind === "arize")) return undefined;
  const problem =
    "Ignored: the key of the file belongs to another host; set ARIZE_API_KEY and ARIZE_SPACE_ID beside the endpoint";
  return { field, problem, fallBack: true };
}

function unusedKey(sinks: readonly FileSink[], { env, fingerprints }: SinkSources): ConfigProblem | undefined {
  const needy = sinks.some((sink) => sink.kind === "phoenix" && !sink.secrets.key);
  if (!needy || !fingerprints.PHOENIX_API_KEY || first(env.PHOENIX_ENDPOINT)) return undefined;
  return {
    file: ENVIRONMENT,
    field: "PHOENIX_API_KEY",
    message: "Ignored: the endpoint comes from the file, and endpoint and key belong together",
    fix: "set PHOENIX_ENDPOINT too, or put the key into the file",
  };
}

/** The sinks of a session; none means the local store alone. */
export function sinksOf(sources: SinkSources): { sinks: readonly SinkTarget[]; problems: readonly ConfigProblem[] } {
  const { sinks: inFile, problems } = fileSinksOf(sources.file, sources.agentKey);
  const phoenix = first(sources.env.PHOENIX_ENDPOINT);
  const chosen = phoenix === undefined ? arizeOf(inFile, sources) : phoenixOf(phoenix, inFile, sources);
  const found = [...problems];
  if (chosen?.problem) {
    const { field, problem: message } = chosen;
    found.push({ file: ENVIRONMENT, field, message, fix: `correct or unset ${field}` });
  }
  if (chosen?.target) return { sinks: [chosen.target], problems: found };
  if (chosen && !chosen.fallBack) return { sinks: [], problems: found };
  const unused = unusedKey(inFile, sources);
  const targets = inFile.map((sink) => fromFile(sink, sources));
  const unique = new Map(targets.map((target) => [target.id, target]));
  return { sinks: [...unique.values()], problems: unused ? [...found, unused] : found };
}

/**
 * True when two targets differ at most in their credential (and in how they are encoded): the same place, whose key was
 * changed since. Lets undelivered spans of a sink of the file follow a new key instead of waiting for the old one.
 */
export function sameDestination(a: SinkTarget, b: SinkTarget): boolean {
  return a.kind === b.kind && a.url === b.url && a.project === b.project && a.layer === b.layer;
}
