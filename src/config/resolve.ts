/**
 * The one place that knows precedence: the session's environment wins over `config.json`, which wins over the defaults.
 * `OTEL_EXPORTER_OTLP_*` belongs to the traced program and is never looked at.
 */

import { attributesOf, maskedAttributes, RESOURCE_ATTRIBUTES, resourceAttributesOf } from "./attributes.ts";
import type { ConfigFile } from "./read.ts";
import type { ConfigProblem, ContentSwitches, Settings } from "./settings.ts";
import { ENVIRONMENT, type SinkSources, sinksOf } from "./sinks.ts";
import { booleanOf } from "./words.ts";

/** What settings are resolved from: `env` and `fingerprints` of a journal event, the file, and the local salt. */
export type SettingsSources = SinkSources;

/** Settings and what was wrong with their sources. */
export interface ResolvedSettings {
  readonly settings: Settings;
  readonly problems: readonly ConfigProblem[];
}

/** Characters of one captured text that are kept. */
export const DEFAULT_MAX_TEXT_CHARS = 100_000;
/** Days that spans are kept. */
export const DEFAULT_RETENTION_DAYS = 30;
/** Size limit of the store in MiB. */
export const DEFAULT_MAX_STORE_MB = 1024;

type Env = SettingsSources["env"];
type Report = (problem: ConfigProblem) => void;

function flagOf(env: Env, name: string, ifAbsent: boolean, ifUnknown: boolean, report: Report): boolean {
  const value = booleanOf(env[name]);
  if (value !== "unknown") return value ?? ifAbsent;
  const message = `Expected true or false; it counts as ${ifUnknown}`;
  report({ file: ENVIRONMENT, field: name, message, fix: `set ${name} to true or false` });
  return ifUnknown;
}

/** Whatever does not clearly allow content forbids it: a leak cannot be taken back. */
function switchesOf(file: ConfigFile, env: Env, report: Report): ContentSwitches {
  const { prompts, tool_details, tool_content } = file.values.logging ?? {};
  const ifAbsent = (inFile: boolean | undefined) => inFile ?? !file.unreadable;
  return {
    prompts: flagOf(env, "ARIZE_LOG_PROMPTS", ifAbsent(prompts), false, report),
    toolDetails: flagOf(env, "ARIZE_LOG_TOOL_DETAILS", ifAbsent(tool_details), false, report),
    toolContent: flagOf(env, "ARIZE_LOG_TOOL_CONTENT", ifAbsent(tool_content), false, report),
  };
}

/** An empty text in the environment means no user id; in the file it says nothing. */
function userIdOf(file: ConfigFile, agentKey: string, env: Env): string | undefined {
  const { harnesses, user_id } = file.values;
  const harness = harnesses && Object.hasOwn(harnesses, agentKey) ? harnesses[agentKey] : undefined;
  const inFile = harness?.user_id?.trim() || user_id?.trim();
  return (env.ARIZE_USER_ID ?? inFile)?.trim() || undefined;
}

/** What was asked for by name wins over `CI`, which only makes waiting the default. */
function flushOf(file: ConfigFile, env: Env): Settings["flush"] {
  const wish = env.ARIZE_FLUSH?.trim().toLowerCase();
  if (wish === "sync" || wish === "async") return wish;
  const ci = booleanOf(env.CI);
  return file.values.flush ?? (ci === undefined || ci === false ? "async" : "sync");
}

function resourceAttributes(env: Env, report: Report): Readonly<Record<string, string>> {
  const { attributes, malformed } = resourceAttributesOf(env[RESOURCE_ATTRIBUTES] ?? "");
  if (malformed > 0) {
    report({
      file: ENVIRONMENT,
      field: RESOURCE_ATTRIBUTES,
      message: `Expected key=value pairs separated by commas; ${malformed} of them ignored`,
      fix: `correct or unset ${RESOURCE_ATTRIBUTES}`,
    });
  }
  return attributes;
}

/** Resolves the settings of one session. Never throws; what is wrong is left out and reported. */
export function resolveSettings(sources: SettingsSources): ResolvedSettings {
  const { file, agentKey, env } = sources;
  const { capture = {}, store = {} } = file.values;
  const { sinks, problems: sinkProblems } = sinksOf(sources);
  const problems: ConfigProblem[] = [...file.problems, ...sinkProblems];
  const report: Report = (problem) => problems.push(problem);
  const userId = userIdOf(file, agentKey, env);
  const mask = capture.mask ?? true;
  const attributes = attributesOf(file, agentKey, resourceAttributes(env, report));
  const settings: Settings = {
    enabled: flagOf(env, "ARIZE_TRACE_ENABLED", true, true, report),
    dryRun: flagOf(env, "ARIZE_DRY_RUN", false, true, report),
    verbose: flagOf(env, "ARIZE_VERBOSE", false, true, report),
    debug: flagOf(env, "ARIZE_TRACE_DEBUG", false, true, report),
    ...(userId === undefined ? {} : { userId }),
    attributes: mask ? maskedAttributes(attributes) : attributes,
    log: switchesOf(file, env, report),
    messages: capture.messages ?? "new",
    mask,
    maxTextChars: capture.max_text_chars ?? DEFAULT_MAX_TEXT_CHARS,
    flush: flushOf(file, env),
    sinks,
    retentionDays: store.retention_days ?? DEFAULT_RETENTION_DAYS,
    maxStoreMb: store.max_mb ?? DEFAULT_MAX_STORE_MB,
  };
  return { settings, problems };
}
