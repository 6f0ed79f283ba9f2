/** Finding the credential of a sink again, in this process's environment or in the file. */

import { journaledEnvironment, secretsOf } from "../hook/environment.ts";
import { fingerprint } from "../hook/fingerprint.ts";
import { endpointOf } from "./endpoint.ts";
import { fileSinksOf } from "./file-sinks.ts";
import type { ConfigFile } from "./read.ts";
import { credentialOf, headersOf, printsOf, type Secrets } from "./secrets.ts";
import type { Credentials, SinkTarget } from "./settings.ts";

/** Where credentials may be found. */
export interface CredentialSources {
  readonly file: ConfigFile;
  /** The whole environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly salt: Uint8Array;
  readonly agentKey: string;
}

const ENDPOINT_VARIABLES = { arize: "ARIZE_OTLP_ENDPOINT", phoenix: "PHOENIX_ENDPOINT" } as const;

function userInfoOf(kind: keyof typeof ENDPOINT_VARIABLES, env: CredentialSources["env"]): string | undefined {
  const endpoint = endpointOf(kind, env[ENDPOINT_VARIABLES[kind]] ?? "");
  return typeof endpoint === "string" ? undefined : endpoint.userInfo;
}

function* fromEnvironment(target: SinkTarget, env: CredentialSources["env"]): Generator<Secrets> {
  if (target.kind === "otlp") return;
  const userInfo = userInfoOf(target.kind, env);
  const { ARIZE_API_KEY: key, ARIZE_SPACE_ID: space, PHOENIX_API_KEY: phoenixKey } = env;
  const keys: readonly Secrets[] =
    target.kind === "arize"
      ? key && space
        ? [{ key, space }]
        : []
      : [...(phoenixKey ? [{ key: phoenixKey }] : []), ...(key ? [{ key }] : []), {}];
  for (const secrets of keys) {
    yield secrets;
    if (userInfo) yield { ...secrets, userInfo };
  }
}

function* candidates(target: SinkTarget, { file, env, agentKey }: CredentialSources): Generator<Secrets> {
  // A sink of the file never takes a key of the environment: the two layers are different accounts.
  if (target.layer === "environment") yield* fromEnvironment(target, env);
  const { origin } = new URL(target.url);
  for (const sink of fileSinksOf(file, agentKey).sinks) {
    if (sink.kind === target.kind && sink.endpoint.origin === origin) yield sink.secrets;
  }
}

/**
 * The secret headers of a sink, only when their fingerprint is the target's.
 * @returns `{}` for a sink that needs none; undefined when its credential is not to be found here: do not send then
 */
export function credentialsFor(target: SinkTarget, sources: CredentialSources): Credentials | undefined {
  if (target.credential === undefined) return {};
  for (const secrets of candidates(target, sources)) {
    if (credentialOf(printsOf(sources.salt, secrets)) === target.credential) return headersOf(target.kind, secrets);
  }
  return undefined;
}

/**
 * This process's environment as a hook would journal it, for commands that resolve settings without an event. The
 * `user:password` of an endpoint is fingerprinted under the name of the endpoint's variable.
 */
export function ownEnvironment(
  env: CredentialSources["env"],
  salt: Uint8Array,
): { readonly env: Readonly<Record<string, string>>; readonly fingerprints: Readonly<Record<string, string>> } {
  const set = secretsOf(env).map(([name, secret]) => [name, fingerprint(salt, secret)] as const);
  return { env: journaledEnvironment(env, []), fingerprints: Object.fromEntries(set) };
}
