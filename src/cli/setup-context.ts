/** What registration depends on, from the command line's context. */

import type { AgentEntry, SetupContext, SetupScope } from "../agents/agent.ts";
import { programFile } from "../setup/program.ts";
import type { Input } from "./command.ts";
import { type CliContext, UsageError } from "./context.ts";

/** An agent that does not tell its version within this time has none, ms. Node programs take their time. */
const VERSION_TIMEOUT_MS = 10_000;

const SCOPES: readonly SetupScope[] = ["user", "repo"];

/**
 * Where registrations of these agents go, as `--scope` says.
 * @throws UsageError when there is no such scope, or when one of the agents does not have it
 */
export async function scopeOf(input: Input, agents: readonly AgentEntry[]): Promise<SetupScope> {
  const wish = input.text("scope") ?? "user";
  const scope = SCOPES.find((one) => one === wish);
  if (!scope) throw new UsageError(`--scope is one of: ${SCOPES.join(", ")}`);
  for (const agent of agents) {
    const { scopes = ["user"] } = (await agent.load()).setup;
    if (!scopes.includes(scope)) throw new UsageError(`${agent.title} cannot be registered with --scope ${scope}`);
  }
  return scope;
}

/** The context of registrations that name the installed program. Versions are asked once. */
export function setupContext(context: CliContext): SetupContext {
  const known = new Map<string, Promise<string | undefined>>();
  return {
    ...(context.folder === undefined ? {} : { folder: context.folder }),
    home: context.home,
    env: context.env,
    platform: context.platform,
    program: installedProgram(context),
    version: (command) => {
      const asked = known.get(command) ?? askVersion(command, context);
      known.set(command, asked);
      return asked;
    },
  };
}

/** Where the installed program is. */
export function installedProgram({ paths, platform }: Pick<CliContext, "paths" | "platform">): string {
  const path = `${paths.bin}/${programFile(platform)}`;
  return platform === "win32" ? path.replaceAll("/", "\\") : path;
}

async function askVersion(command: string, { env, home }: CliContext): Promise<string | undefined> {
  try {
    const path = Bun.which(command, { PATH: env.PATH ?? "" });
    if (path === null) return undefined;
    const child = Bun.spawn([path, "--version"], {
      cwd: home,
      // The agent must not run hooks, or take this for a call of itself.
      env: { ...env, ARIZE_TRACE_ENABLED: "false" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: VERSION_TIMEOUT_MS,
      windowsHide: true,
    });
    const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
    return code === 0 ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}
