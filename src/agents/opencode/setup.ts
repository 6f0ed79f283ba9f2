/** Registration in OpenCode: one plugin file, which it loads by itself. No configuration file is edited. */

import { existsSync } from "node:fs";
import { hookCommand } from "../../setup/command.ts";
import { pluginFindings, pluginPlaced, pluginsIn, removed } from "../../setup/plugin/file.ts";
import { pluginText } from "../../setup/plugin/text.ts";
import type { AgentSetup, Detection, Finding, SetupContext } from "../agent.ts";
import body from "./plugin.js.txt" with { type: "text" };
import { isOffline, needsPackage, seedChanges, seedIn, seedRemoved } from "./seed.ts";

const INSTALL = "harness-tracing install opencode";

/** Extensions that OpenCode loads. */
const EXTENSIONS = [".ts", ".js"];

/** A line as the plugin writes it, of a session that does not exist. It starts no drain. */
const TRIAL_LINE = { event: "user", session: "ses_00000000000000000000000000" };

export const opencodeSetup: AgentSetup = {
  detect,
  register: async (context) => {
    const path = pluginPath(context);
    const placed = pluginPlaced(path, pluginFor(context.program));
    if ("reason" in placed) return placed;
    const predecessors = found(context).filter(({ owner }) => owner === "python");
    const seed = seedChanges(configFolder(context), path, isOffline(context.env));
    return [...predecessors.map(removed), ...placed, ...seed];
  },
  unregister: async (context) => {
    const ours = found(context).filter(({ owner }) => owner === "ours");
    return [...ours.map(removed), ...seedRemoved(configFolder(context))];
  },
  check,
  skillFolder: (context) => `${configFolder(context)}/skills`,
  trial: ({ program, platform }) => ({
    command: hookCommand(platform === "win32" ? "exec" : "posix", program, ["hook", "opencode"]),
    payload: JSON.stringify(TRIAL_LINE),
  }),
};

/** OpenCode's configuration folder, the same on every system. */
export function configFolder({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return `${(env.XDG_CONFIG_HOME || `${home}/.config`).replace(/[/\\]+$/, "")}/opencode`;
}

/** Our plugin file. */
export function pluginPath(context: Pick<SetupContext, "env" | "home">): string {
  return `${configFolder(context)}/plugins/harness-tracing.js`;
}

/** The plugin file's text. @param program absolute path */
export function pluginFor(program: string): string {
  return pluginText({ program, name: "opencode", title: "OpenCode", body });
}

/** Plugin files of the user, in every folder that OpenCode looks into wherever it is started. */
function found(context: SetupContext) {
  const { env } = context;
  const roots = [configFolder(context), ...(env.OPENCODE_CONFIG_DIR ? [env.OPENCODE_CONFIG_DIR] : [])];
  const folders = roots.flatMap((root) => [`${root}/plugin`, `${root}/plugins`]);
  return pluginsIn([...new Set(folders)], EXTENSIONS);
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = await versionOf(context);
  const installed = version !== undefined || existsSync(configFolder(context));
  return { installed, files: [pluginPath(context)], ...(version === undefined ? {} : { version }) };
}

async function versionOf({ home, platform, version }: SetupContext): Promise<string | undefined> {
  const suffix = platform === "win32" ? ".exe" : "";
  for (const command of ["opencode", `${home}/.opencode/bin/opencode${suffix}`]) {
    const known = /\d+\.\d+\.\d+[^\s]*/.exec((await version(command)) ?? "")?.[0];
    if (known) return known;
  }
  return undefined;
}

async function check(context: SetupContext): Promise<readonly Finding[]> {
  const path = pluginPath(context);
  const folder = configFolder(context);
  const findings = [...pluginFindings(context, found(context), path, pluginFor(context.program), INSTALL)];
  if (context.env.OPENCODE_PURE) {
    const message = "OPENCODE_PURE is set: OpenCode loads no plugin";
    findings.push({ level: "warning", message, fix: "unset OPENCODE_PURE" });
  }
  const seeded = seedIn(folder).length > 0;
  if (seeded && needsPackage(folder, path)) {
    const message = `other plugins or tools in ${folder} cannot have the package that they may import`;
    findings.push({ level: "warning", message, fix: INSTALL });
  }
  if (!seeded && !existsSync(`${folder}/node_modules`) && isOffline(context.env)) {
    const message = "without a network every start of OpenCode waits more than a minute for a package";
    findings.push({ level: "warning", message, fix: INSTALL });
  }
  return findings.length > 0 ? findings : [{ level: "ok", message: `registered in ${path}` }];
}
