/**
 * What of the environment goes into the journal: an allow-list of settings, never a secret. Dependency-free: the hot path
 * writes with it, the configuration reads by it.
 */

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Non-secret variables that belong to a session, whatever the agent. */
export const SESSION_VARIABLES: readonly string[] = [
  "ARIZE_TRACE_ENABLED",
  "ARIZE_DRY_RUN",
  "ARIZE_VERBOSE",
  "ARIZE_TRACE_DEBUG",
  "ARIZE_LOG_PROMPTS",
  "ARIZE_LOG_TOOL_DETAILS",
  "ARIZE_LOG_TOOL_CONTENT",
  "ARIZE_USER_ID",
  "ARIZE_PROJECT_NAME",
  "PHOENIX_PROJECT",
  "PHOENIX_PROJECT_NAME",
  "ARIZE_OTLP_ENDPOINT",
  "PHOENIX_ENDPOINT",
  "OTEL_RESOURCE_ATTRIBUTES",
  "ARIZE_FLUSH",
  "CI",
  "TRACEPARENT",
];

/** Variables that are journaled as a salted fingerprint only. */
export const CREDENTIAL_VARIABLES: readonly string[] = ["ARIZE_API_KEY", "PHOENIX_API_KEY", "ARIZE_SPACE_ID"];

const ENDPOINT_VARIABLES: ReadonlySet<string> = new Set(["ARIZE_OTLP_ENDPOINT", "PHOENIX_ENDPOINT"]);

const USER_INFO = /^([a-z][a-z0-9+.-]*:[/\\]{2})?[^/\\?#]*@/i;

const OFF = /^(false|0|no|off)$/i;

/** An endpoint without the `user:password@` that a URL may carry; everything else as it is. */
export function withoutUserInfo(endpoint: string): string {
  return endpoint.trim().replace(USER_INFO, "$1");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `user:password` of an endpoint, percent-decoded; undefined when it has none. */
export function userInfoOf(endpoint: string): string | undefined {
  const found = USER_INFO.exec(endpoint.trim());
  if (!found) return undefined;
  const [user = "", ...password] = found[0].slice(found[1]?.length ?? 0, -1).split(":");
  return `${decoded(user)}:${decoded(password.join(":"))}`;
}

/**
 * What of the environment is secret, by the name it is fingerprinted under: keys, and the `user:password` of an endpoint
 * under its variable's name.
 */
export function secretsOf(env: Environment): readonly (readonly [name: string, secret: string])[] {
  const userInfo = (name: string) => userInfoOf(env[name] ?? "");
  return [
    ...CREDENTIAL_VARIABLES.map((name) => [name, env[name]] as const),
    ...[...ENDPOINT_VARIABLES].map((name) => [name, userInfo(name)] as const),
  ].flatMap(([name, secret]) => (secret ? [[name, secret] as const] : []));
}

/**
 * The variables to journal: those of the allow-list that are set, empty ones included (an empty user id blanks it).
 * @param more names that the agent's facts need besides the common ones; credentials and endpoints stay protected
 */
export function journaledEnvironment(env: Environment, more: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const names of [SESSION_VARIABLES, more]) {
    for (const name of names) {
      const value = env[name];
      if (value === undefined || CREDENTIAL_VARIABLES.includes(name)) continue;
      picked[name] = ENDPOINT_VARIABLES.has(name) ? withoutUserInfo(value) : value;
    }
  }
  return picked;
}

/** False when `ARIZE_TRACE_ENABLED` says so (`false`, `0`, `no`, `off`). */
export function tracingEnabled(env: Environment): boolean {
  return !OFF.test(env.ARIZE_TRACE_ENABLED?.trim() ?? "");
}

/** True for a set variable that does not say no. */
export function switchedOn(value: string | undefined): boolean {
  const text = value?.trim() ?? "";
  return text !== "" && !OFF.test(text);
}

/**
 * Whether hooks wait for the delivery, as far as the environment says: `ARIZE_FLUSH` first, then `CI`.
 * @returns undefined when it says nothing, so that the configuration decides
 */
export function flushWish(env: Environment): "sync" | "async" | undefined {
  const wish = env.ARIZE_FLUSH?.trim().toLowerCase();
  if (wish === "sync" || wish === "async") return wish;
  return switchedOn(env.CI) ? "sync" : undefined;
}
