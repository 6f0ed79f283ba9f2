/** `skill`: prints the skill, puts it where agents find it, takes it away. */

import type { AgentEntry, SetupContext } from "../agents/agent.ts";
import { AGENTS, agentNamed } from "../agents/registry.ts";
import type { FileChange } from "../setup/change.ts";
import { applyChanges, ledgerFolder, undoChanges } from "../setup/ledger.ts";
import { skillIsPlaced, skillPlaced, skillRemoved } from "../skill/place.ts";
import { SKILL_TEXT } from "../skill/text.ts";
import { changeText } from "./changes.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { setupContext } from "./setup-context.ts";
import { shortPath } from "./text.ts";

export async function skill(input: Input, context: CliContext): Promise<number> {
  const [action, ...names] = input.positionals;
  switch (action) {
    case "show":
      if (names.length > 0) throw new UsageError("show takes no agent");
      context.out(SKILL_TEXT);
      return 0;
    case "install":
      return change(names, input, context, wantedSkill, applyChanges);
    case "uninstall":
      return change(names, input, context, unwantedSkill, undoChanges);
    default:
      throw new UsageError("show, install or uninstall");
  }
}

/** The agent's folder of skills, if it has one. */
async function folderOf(agent: AgentEntry, setup: SetupContext): Promise<string | undefined> {
  return (await agent.load()).setup.skillFolder?.(setup);
}

/**
 * The changes that put the skill in place for an agent.
 * @throws CliFailure when the agent knows no skills, or something else is in the way
 */
export async function wantedSkill(agent: AgentEntry, setup: SetupContext): Promise<readonly FileChange[]> {
  const folder = await folderOf(agent, setup);
  if (folder === undefined) throw new CliFailure(`${agent.title} has no folder of skills`);
  const changes = skillPlaced(folder);
  if (!("reason" in changes)) return changes;
  throw new CliFailure(`${changes.file}: ${changes.reason}\nNothing was changed. To fix: ${changes.fix}`);
}

/** The changes that take the skill of an agent away; none where it has none. */
export async function unwantedSkill(agent: AgentEntry, setup: SetupContext): Promise<readonly FileChange[]> {
  const folder = await folderOf(agent, setup);
  return folder === undefined ? [] : skillRemoved(folder);
}

/**
 * The changes of an installation: the skill where it was asked for and the agent knows skills, and where an earlier
 * version put it.
 */
export async function installedSkill(
  agent: AgentEntry,
  setup: SetupContext,
  wish: boolean,
): Promise<readonly FileChange[]> {
  const folder = setup.scope === "repo" ? undefined : await folderOf(agent, setup);
  if (folder === undefined || !(wish || skillIsPlaced(folder))) return [];
  return wantedSkill(agent, setup);
}

async function change(
  names: readonly string[],
  input: Input,
  context: CliContext,
  changesFor: typeof wantedSkill,
  apply: typeof applyChanges,
): Promise<number> {
  const setup = setupContext(context);
  const wanted: FileChange[] = [];
  for (const agent of chosenAgents(names)) wanted.push(...(await changesFor(agent, setup)));
  // Some agents share a folder.
  const changes = [...new Map(wanted.map((one) => [one.path, one])).values()];
  for (const one of changes) context.out(`${changeText(one, context)}\n\n`);
  if (changes.length === 0) context.out("Nothing to change.\n");
  else if (input.flag("dry-run")) context.out("Nothing was changed (dry run).\n");
  else {
    try {
      apply(changes, ledgerFolder(context.paths.state));
    } catch (error) {
      throw new CliFailure(error instanceof Error ? error.message : String(error));
    }
    for (const { path, after } of changes) {
      const what = after === undefined ? "removed" : "placed";
      context.out(`${context.style.green("✓")} ${what} ${shortPath(path, context.home)}\n`);
    }
  }
  return 0;
}

function chosenAgents(names: readonly string[]): readonly AgentEntry[] {
  const known = AGENTS.map(({ name }) => name).join(", ");
  if (names.length === 0) throw new UsageError(`which agent? One of: ${known}`);
  return names.map((name) => {
    const agent = agentNamed(name);
    if (!agent) throw new UsageError(`there is no agent "${name}"; there are: ${known}`);
    return agent;
  });
}
