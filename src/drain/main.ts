/** The drain process: `harness-tracing drain`, started by hooks, detached from the agent and the terminal. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { AGENTS } from "../agents/registry.ts";
import { credentialsFor } from "../config/credentials.ts";
import { readConfig } from "../config/read.ts";
import { resolveSettings } from "../config/resolve.ts";
import { createDelivery } from "../export/deliver.ts";
import { localSalt } from "../hook/salt.ts";
import { homeOf, type Paths, pathsIn } from "../paths.ts";
import type { Configuration, DrainDeps } from "./deps.ts";
import { drain } from "./drain.ts";
import { drainLog, type Log, messageOf } from "./log.ts";

/** How long a drain may live, ms. */
const LIFE_MS = 60_000;

/** Environment that decides whether a sink can be reached: a change may end a pause. */
const NETWORK_VARIABLES = [
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

const BYTES_PER_MB = 1024 * 1024;

/** Signals that end a terminal or its session; the drain has work to finish. */
const IGNORED_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

type Env = Readonly<Record<string, string | undefined>>;

/** What a drain of this process works with. */
export function drainDeps(paths: Paths, env: Env, lifeMs = LIFE_MS): DrainDeps {
  const log = drainLog(paths.logs, Date.now);
  const told = new Set<string>();
  return {
    paths,
    agents: AGENTS,
    configuration: () => configurationOf(paths, env, log, told),
    deliver: createDelivery(env).deliver,
    now: Date.now,
    sleep: (ms) => Bun.sleep(ms),
    random: Math.random,
    alive: isAlive,
    log,
    lifeMs,
  };
}

/** Runs one drain for this process's user. @returns the exit code */
export async function runDrain(): Promise<number> {
  const home = homeOf(process.env);
  if (home === undefined) return 1;
  // Whatever a library writes beside us is private too.
  process.umask(0o077);
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {});
  const deps = drainDeps(pathsIn(home), process.env);
  try {
    return (await drain(deps)) === "failed" ? 1 : 0;
  } catch (error) {
    deps.log(`drain failed: ${messageOf(error)}`);
    return 1;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    return (error as { code?: unknown }).code === "EPERM";
  }
}

function configurationOf(paths: Paths, env: Env, log: Log, told: Set<string>): Configuration {
  const file = readConfig(paths.config);
  const salt = localSalt(paths) ?? new Uint8Array();
  const sourcesOf = (agentKey: string) => ({ file, agentKey, salt });
  const { settings } = resolveSettings({ ...sourcesOf(""), env: {}, fingerprints: {} });
  return {
    stamp: stampOf(file.path, env),
    settingsOf: (agentKey, context) => {
      const resolved = resolveSettings({
        ...sourcesOf(agentKey),
        env: context.env,
        fingerprints: context.credentials,
      });
      for (const problem of resolved.problems) {
        const line = `${problem.file}: ${problem.field}: ${problem.message}`;
        if (!told.has(line)) log(line);
        told.add(line);
      }
      return resolved.settings;
    },
    credentialsFor: (target, agentKey) => credentialsFor(target, { ...sourcesOf(agentKey), env }),
    retention: { days: settings.retentionDays, maxBytes: settings.maxStoreMb * BYTES_PER_MB },
  };
}

function stampOf(configPath: string, env: Env): string {
  const hash = createHash("sha256");
  try {
    hash.update(readFileSync(configPath));
  } catch {
    // No file is a state of its own.
    hash.update("none");
  }
  for (const name of NETWORK_VARIABLES) hash.update(`\n${name}=${env[name] ?? env[name.toLowerCase()] ?? ""}`);
  return hash.digest("hex").slice(0, 16);
}
