/** A real Phoenix, installed from PyPI into a virtual environment of its own. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, CACHE, freePort, run, startBackend } from "./process.ts";

/** The version under test. */
export const PHOENIX_VERSION = "20.26.1";

/** One model of Phoenix's price manifest; rates in US dollars per token. */
export interface PricedModel {
  readonly name: string;
  readonly name_pattern: string;
  readonly token_prices: readonly {
    readonly base_rate: number;
    readonly is_prompt: boolean;
    readonly token_type: string;
    readonly customization?: {
      readonly type: string;
      readonly key: string;
      readonly threshold: number;
      readonly new_rate: number;
    };
  }[];
}

/** An installed Phoenix. */
export interface Phoenix {
  readonly python: string;
  readonly prices: readonly PricedModel[];
}

/** Installs Phoenix once. @throws when Python or the package cannot be had */
export async function installPhoenix(): Promise<Phoenix> {
  const folder = join(CACHE, `phoenix-${PHOENIX_VERSION}`);
  const python = join(folder, "bin/python");
  const complete = join(folder, "complete");
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(complete)) {
    console.log(`installing arize-phoenix ${PHOENIX_VERSION} …`);
    await run(["python3", "-m", "venv", "--clear", folder]);
    await run([python, "-m", "pip", "install", "--quiet", `arize-phoenix==${PHOENIX_VERSION}`]);
    writeFileSync(complete, "");
  }
  const locate = Bun.spawnSync([
    python,
    "-c",
    "import importlib.util; print(importlib.util.find_spec('phoenix').origin)",
  ]);
  const manifest = join(locate.stdout.toString().trim(), "../server/cost_tracking/model_cost_manifest.json");
  const { models } = JSON.parse(readFileSync(manifest, "utf8")) as { models: PricedModel[] };
  return { python, prices: models };
}

/** Starts Phoenix on loopback in its own working directory. The same folder again is the same data. */
export async function startPhoenix(
  { python }: Phoenix,
  folder: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Backend> {
  mkdirSync(folder, { recursive: true });
  return startBackend(
    [python, "-m", "phoenix.server.main", "serve"],
    folder,
    {
      PHOENIX_WORKING_DIR: folder,
      PHOENIX_HOST: "127.0.0.1",
      PHOENIX_PORT: String(port),
      PHOENIX_GRPC_PORT: String(await freePort()),
      PHOENIX_TELEMETRY_ENABLED: "false",
      PHOENIX_ALLOW_EXTERNAL_RESOURCES: "false",
      PHOENIX_DISABLE_AGENT_ASSISTANT: "true",
      ...env,
    },
    `http://127.0.0.1:${port}/healthz`,
  );
}
