/** The sinks that `config.json` describes for one agent, with their secrets. */

import { DEFAULT_ENDPOINTS, type Endpoint, endpointOf } from "./endpoint.ts";
import type { ConfigFile } from "./read.ts";
import type { SinkEntry } from "./schema.ts";
import type { Secrets } from "./secrets.ts";
import type { ConfigProblem, SinkKind, SinkTarget } from "./settings.ts";

/** A sink of the file. Endpoint and secrets belong together: the secrets go to `endpoint.origin` and nowhere else. */
export interface FileSink {
  readonly kind: SinkKind;
  readonly endpoint: Endpoint;
  readonly secrets: Secrets;
  readonly project?: string;
  readonly encoding: SinkTarget["encoding"];
  readonly compression: SinkTarget["compression"];
}

/** The sinks of an agent: its own first, then its further ones, then those of all agents. */
export interface FileSinks {
  readonly sinks: readonly FileSink[];
  readonly problems: readonly ConfigProblem[];
}

const KINDS: Readonly<Record<string, SinkKind | "local">> = {
  arize: "arize",
  ax: "arize",
  phoenix: "phoenix",
  otlp: "otlp",
  local: "local",
  none: "local",
};

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
// Anything else would end the header and start another.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

type Report = (field: string, message: string) => void;

function kindOf(entry: SinkEntry, report: Report): SinkKind | "local" | undefined {
  const written = entry.target?.trim().toLowerCase() ?? "";
  if (written !== "") {
    const kind = KINDS[written];
    if (!kind) report("target", 'Expected "arize", "phoenix", "otlp" or "local"; the sink is ignored');
    return kind;
  }
  if (entry.api_key && entry.space_id) return "arize";
  if (entry.endpoint) report("target", 'An endpoint without a target ("arize", "phoenix" or "otlp") is ignored');
  return undefined;
}

function headersOf(entry: SinkEntry, report: Report): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(entry.headers ?? {})) {
    const text = String(value);
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(text)) headers[name.toLowerCase()] = text;
    else report("headers", `Not a valid HTTP header: ${JSON.stringify(name.slice(0, 80))}; it is not sent`);
  }
  return Object.keys(headers).length > 0 ? headers : undefined;
}

function encodingOf(kind: SinkKind, entry: SinkEntry, report: Report): SinkTarget["encoding"] {
  const json = entry.protocol === "http/json" || entry.protocol === "json";
  if (json && kind !== "otlp") report("protocol", "Phoenix and AX get protobuf; protobuf is sent");
  return json && kind === "otlp" ? "json" : "protobuf";
}

function sinkOf(entry: SinkEntry, report: Report): FileSink | undefined {
  const kind = kindOf(entry, report);
  if (kind === undefined || kind === "local") return undefined;
  const endpoint = endpointOf(kind, entry.endpoint?.trim() || DEFAULT_ENDPOINTS[kind]);
  if (typeof endpoint === "string") {
    report("endpoint", `${endpoint}; the sink is ignored`);
    return undefined;
  }
  if (endpoint.warning) report("endpoint", endpoint.warning);
  if (kind === "arize" && !(entry.api_key && entry.space_id)) {
    report(entry.api_key ? "space_id" : "api_key", "AX needs api_key and space_id; the sink is ignored");
    return undefined;
  }
  const headers = headersOf(entry, report);
  return {
    kind,
    endpoint,
    secrets: {
      ...(entry.api_key ? { key: entry.api_key } : {}),
      ...(kind === "arize" && entry.space_id ? { space: entry.space_id } : {}),
      ...(endpoint.userInfo ? { userInfo: endpoint.userInfo } : {}),
      ...(headers ? { headers } : {}),
    },
    ...(entry.project_name ? { project: entry.project_name } : {}),
    encoding: encodingOf(kind, entry, report),
    compression: entry.compression ?? "gzip",
  };
}

/** The sinks of the file for an agent. Entries that cannot work are left out and reported. */
export function fileSinksOf(file: ConfigFile, agentKey: string): FileSinks {
  const { harnesses, sinks: everywhere = [] } = file.values;
  const harness = harnesses && Object.hasOwn(harnesses, agentKey) ? harnesses[agentKey] : undefined;
  const own = `harnesses.${agentKey}`;
  const entries: readonly (readonly [string, SinkEntry])[] = [
    ...(harness ? [[own, harness] as const] : []),
    ...(harness?.sinks ?? []).map((entry, index) => [`${own}.sinks.${index}`, entry] as const),
    ...everywhere.map((entry, index) => [`sinks.${index}`, entry] as const),
  ];
  const problems: ConfigProblem[] = [];
  const sinks = entries.flatMap(([place, entry]) => {
    const report: Report = (name, message) => {
      const field = `${place}.${name}`;
      problems.push({ file: file.path, field, message, fix: `harness-tracing config set ${field} <value>` });
    };
    return sinkOf(entry, report) ?? [];
  });
  return { sinks, problems };
}
