/** Where an installation is to send traces: from flags, the environment, an existing configuration, or questions. */

import { DEFAULT_ENDPOINTS, endpointOf } from "../config/endpoint.ts";
import type { SinkKind } from "../config/settings.ts";
import type { Input } from "./command.ts";
import { type CliContext, UsageError } from "./context.ts";
import { ask, askSecret, select, type Terminal } from "./prompt.ts";

/** What is written under `harnesses.<agent>`; the names of the file. */
export interface Destination {
  readonly target: SinkKind | "local";
  readonly endpoint?: string;
  readonly api_key?: string;
  readonly space_id?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TARGETS = [
  ["local", "this machine only: read with `show`; no account needed"],
  ["phoenix", "Phoenix, local or hosted"],
  ["arize", "Arize AX"],
  ["otlp", "any OpenTelemetry endpoint (OTLP over HTTP)"],
] as const;

/** Options that say where traces go. */
const DESTINATION_FLAGS = ["endpoint", "api-key-stdin", "space-id", "header", "header-stdin"];

/**
 * The destination to write, or undefined to leave the configuration as it is.
 * @param configured whether the file already says where this agent's traces go
 * @param terminal to ask on; undefined asks nothing
 * @throws UsageError when flags contradict each other or something is missing and nobody can be asked
 */
export async function destinationOf(
  input: Input,
  context: CliContext,
  configured: boolean,
  terminal: Terminal | undefined,
): Promise<Destination | undefined> {
  const target = targetFlag(input);
  if (target !== undefined) return complete(target, input, context, terminal);
  const given = DESTINATION_FLAGS.find((name) => input.flag(name) || input.text(name) || input.texts(name).length > 0);
  if (given) throw new UsageError(`--${given} needs --target`);
  if (configured) return undefined;
  const fromEnvironment = environmentDestination(context.env);
  if (fromEnvironment) return fromEnvironment;
  if (!terminal) return { target: "local" };
  return complete(await select(terminal, "Where should traces go?", TARGETS), input, context, terminal);
}

function targetFlag(input: Input): Destination["target"] | undefined {
  const text = input.text("target")?.toLowerCase();
  if (text === undefined) return undefined;
  const found = TARGETS.find(([name]) => name === text)?.[0];
  if (!found) throw new UsageError(`--target takes one of ${TARGETS.map(([name]) => name).join(", ")}`);
  return found;
}

/** The account that the environment names, as the program itself would read it: Phoenix wins over AX. */
function environmentDestination(env: CliContext["env"]): Destination | undefined {
  const key = env.ARIZE_API_KEY;
  if (env.PHOENIX_ENDPOINT) {
    const phoenixKey = env.PHOENIX_API_KEY || key;
    return { target: "phoenix", endpoint: env.PHOENIX_ENDPOINT, ...(phoenixKey ? { api_key: phoenixKey } : {}) };
  }
  if (!key || !env.ARIZE_SPACE_ID) return undefined;
  const endpoint = env.ARIZE_OTLP_ENDPOINT || DEFAULT_ENDPOINTS.arize;
  return { target: "arize", endpoint, api_key: key, space_id: env.ARIZE_SPACE_ID };
}

async function complete(
  target: Destination["target"],
  input: Input,
  context: CliContext,
  terminal: Terminal | undefined,
): Promise<Destination> {
  if (target === "local") return { target };
  const asked = terminal && input.text("endpoint") === undefined ? terminal : undefined;
  const endpoint =
    input.text("endpoint") ??
    endpointVariable(target, context.env) ??
    (asked ? await ask(asked, "Endpoint", DEFAULT_ENDPOINTS[target]) : DEFAULT_ENDPOINTS[target]);
  const parsed = endpointOf(target, endpoint);
  if (typeof parsed === "string") throw new UsageError(`--endpoint ${endpoint}: ${parsed}`);
  const { key, headers } = await secrets(target, input, context, terminal);
  const space = target === "arize" ? await spaceId(input, context, terminal) : undefined;
  return {
    target,
    endpoint,
    ...(key ? { api_key: key } : {}),
    ...(space ? { space_id: space } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  };
}

function endpointVariable(target: SinkKind, env: CliContext["env"]): string | undefined {
  if (target === "phoenix") return env.PHOENIX_ENDPOINT || undefined;
  return target === "arize" ? env.ARIZE_OTLP_ENDPOINT || undefined : undefined;
}

async function secrets(
  target: SinkKind,
  input: Input,
  context: CliContext,
  terminal: Terminal | undefined,
): Promise<{ readonly key: string | undefined; readonly headers: Readonly<Record<string, string>> }> {
  if (input.flag("api-key-stdin") && input.flag("header-stdin")) {
    throw new UsageError(
      "--api-key-stdin and --header-stdin cannot both read stdin; put the other one in with config set",
    );
  }
  const piped = input.flag("header-stdin")
    ? (await context.readStdin()).split(/\r?\n/).filter((line) => line.trim())
    : [];
  const headers = Object.fromEntries([...input.texts("header"), ...piped].map(header));
  if (input.flag("api-key-stdin")) {
    const key = (await context.readStdin()).trim();
    if (key === "" || /\s/.test(key)) throw new UsageError("--api-key-stdin: stdin holds no key");
    return { key, headers };
  }
  const fromEnv = target === "phoenix" ? context.env.PHOENIX_API_KEY : undefined;
  const known = fromEnv || (target === "otlp" ? undefined : context.env.ARIZE_API_KEY);
  if (known || target === "otlp") return { key: known, headers };
  if (terminal) {
    const question = target === "arize" ? "API key" : "API key, empty if Phoenix needs none";
    return { key: (await askSecret(terminal, question)) || undefined, headers };
  }
  if (target === "arize") throw new UsageError("AX needs an API key: --api-key-stdin or ARIZE_API_KEY");
  return { key: undefined, headers };
}

async function spaceId(input: Input, context: CliContext, terminal: Terminal | undefined): Promise<string> {
  const known = input.text("space-id") ?? context.env.ARIZE_SPACE_ID;
  if (known) return known;
  const answer = terminal ? await ask(terminal, "Space id") : "";
  if (answer === "") throw new UsageError("AX needs a space: --space-id or ARIZE_SPACE_ID");
  return answer;
}

/** `name=value` or `Name: value`. */
function header(text: string): readonly [string, string] {
  const match = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(text.trim());
  if (!match) throw new UsageError("--header takes name=value");
  return [match[1] ?? "", match[2] ?? ""];
}
