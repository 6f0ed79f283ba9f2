/** One real request to each sink of an agent, without spans. */

import * as v from "valibot";
import { credentialsFor } from "../config/credentials.ts";
import type { ConfigFile } from "../config/read.ts";
import { resolveSettings } from "../config/resolve.ts";
import { configSchema } from "../config/schema.ts";
import type { SinkTarget } from "../config/settings.ts";
import { createDelivery } from "../export/deliver.ts";
import type { CliContext } from "./context.ts";

/** What a sink said; `problem` is absent when it took the request. */
export interface Probed {
  readonly target: SinkTarget;
  readonly problem?: string;
}

type Sources = Omit<Parameters<typeof resolveSettings>[0], "agentKey">;

/** Asks every sink that an agent's sessions would be sent to. */
export async function probeSinks(
  sources: Sources,
  agentKey: string,
  env: CliContext["env"],
): Promise<readonly Probed[]> {
  const { sinks } = resolveSettings({ ...sources, agentKey }).settings;
  const { checkTarget } = createDelivery(env);
  return Promise.all(
    sinks.map(async (target): Promise<Probed> => {
      const credentials = credentialsFor(target, { file: sources.file, env, salt: sources.salt, agentKey });
      if (!credentials) return { target, problem: "its credential is not here" };
      const report = await checkTarget(target, credentials);
      // A sink that refuses an empty request has been reached and has let us in.
      if (report.outcome === "pause" || report.outcome === "retry") return { target, problem: report.reason };
      return { target };
    }),
  );
}

/** Asks the sinks of a configuration that is not written yet; the environment's own sinks are left out. */
export async function probeConfig(text: string, agentKey: string, context: CliContext): Promise<readonly Probed[]> {
  const parsed = v.safeParse(configSchema, JSON.parse(text));
  if (!parsed.success) return [];
  const file: ConfigFile = { path: context.paths.config, values: parsed.output, unreadable: false, problems: [] };
  // The salt only ties credentials to sinks within this process here.
  const salt = crypto.getRandomValues(new Uint8Array(32));
  return probeSinks({ file, env: {}, fingerprints: {}, salt }, agentKey, context.env);
}
