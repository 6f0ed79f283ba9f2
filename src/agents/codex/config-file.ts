/**
 * What registration touches in Codex's `config.toml`: the Python toolkit's program in `notify` and its hooks, and the trust
 * that Codex keeps for hooks of ours. All as text edits, each checked by parsing the result.
 */

import { programNameOf } from "../../setup/command.ts";
import { type TomlTable, tomlPlaces, withoutTables } from "../../setup/toml.ts";

/** How the file names of the Python toolkit's programs for Codex begin. */
const PYTHON_PROGRAM = "arize-hook-codex";

/** Argument by which a notifier is told of the one that it replaced: a command as JSON. */
const PREVIOUS = "--previous-notify";

/** Commands inside commands are followed so deep. */
const MAX_DEPTH = 10;

/** Why the file is not safe to edit: `reason` completes "it … ". */
export interface ConfigProblem {
  readonly reason: string;
}

/** Settings of the file that matter here. */
export interface CodexConfig {
  readonly notify?: unknown;
  readonly hooks?: Readonly<Record<string, unknown>>;
  readonly features?: Readonly<Record<string, unknown>>;
}

/** Parses the text; a blank one is empty. */
export function parseConfig(text: string): CodexConfig | ConfigProblem {
  try {
    return Bun.TOML.parse(text) as CodexConfig;
  } catch (error) {
    return { reason: `is not valid TOML (${error instanceof Error ? error.message.split("\n")[0] : String(error)})` };
  }
}

/** Is a program of the Python toolkit named anywhere in the file? */
export function hasPython(config: CodexConfig): boolean {
  return JSON.stringify([config.notify, config.hooks]).includes(PYTHON_PROGRAM);
}

function isPython(word: unknown): boolean {
  return typeof word === "string" && programNameOf(`"${word.replaceAll('"', "")}"`).startsWith(PYTHON_PROGRAM);
}

/** The command without the Python toolkit's program; what that had replaced comes back. */
export function withoutPython(command: readonly string[], depth = 0): readonly string[] {
  const [program, ...rest] = command;
  if (program === undefined || depth > MAX_DEPTH) return command;
  if (isPython(program)) return rest[0] === PREVIOUS ? withoutPython(previous(rest[1]), depth + 1) : rest;
  // Older installers put their program behind the user's own arguments.
  const kept = command.filter((word) => !isPython(word));
  const at = kept.indexOf(PREVIOUS);
  if (at < 0) return kept;
  const inner = withoutPython(previous(kept[at + 1]), depth + 1);
  return inner.length === 0
    ? [...kept.slice(0, at), ...kept.slice(at + 2)]
    : [...kept.slice(0, at + 1), JSON.stringify(inner), ...kept.slice(at + 2)];
}

function previous(json: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(json ?? "[]");
    return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
  } catch {
    return [];
  }
}

/** The text without anything of the Python toolkit. */
export function withoutPythonText(text: string): string | ConfigProblem {
  const config = parseConfig(text);
  if ("reason" in config) return config as ConfigProblem;
  if (!hasPython(config)) return text;
  let edited = text;
  const places = tomlPlaces(text);
  const hooks = pythonHooks(text, places.tables);
  edited = withoutTables(edited, hooks);
  const command = typeof config.notify === "string" ? [config.notify] : config.notify;
  if (Array.isArray(command) && JSON.stringify(command).includes(PYTHON_PROGRAM)) {
    const entry = places.entries.find(({ key }) => key === "notify");
    if (!entry) return { reason: 'has its "notify" in a form that cannot be edited safely' };
    const left = withoutPython(command.map(String));
    const value = `[${left.map((word) => JSON.stringify(word)).join(", ")}]`;
    // Before the first table: nothing behind it has moved.
    edited =
      left.length === 0
        ? edited.slice(0, entry.start) + edited.slice(entry.end)
        : edited.slice(0, entry.value.start) + value + edited.slice(entry.value.end);
  }
  const after = parseConfig(edited);
  if ("reason" in after || hasPython(after as CodexConfig)) {
    return { reason: "names a program of the Python toolkit in a form that cannot be edited safely" };
  }
  return edited;
}

/** `[[hooks.<Event>]]` with the tables below it, where a program of the Python toolkit is all that it runs. */
function pythonHooks(text: string, tables: readonly TomlTable[]): readonly TomlTable[] {
  const found: TomlTable[] = [];
  for (let index = 0; index < tables.length; index++) {
    const group = tables[index];
    if (!group?.array || !/^hooks\.\w+$/.test(group.name)) continue;
    const below: TomlTable[] = [];
    for (let next = tables[index + 1 + below.length]; next?.name.startsWith(`${group.name}.`); ) {
      below.push(next);
      next = tables[index + 1 + below.length];
    }
    const whole = text.slice(group.start, (below.at(-1) ?? group).end);
    const commands = whole.match(/^\s*command\s*=.*$/gm) ?? [];
    if (commands.length > 0 && commands.every((line) => line.includes(PYTHON_PROGRAM))) found.push(group, ...below);
  }
  return found;
}

/** Codex's memory of a hook: that the user trusts it as it was, or has switched it off. */
export interface HookState {
  readonly trusted_hash?: string;
  readonly enabled?: boolean;
}

/** What Codex remembers of hooks, by key. */
export function hookStates(config: CodexConfig): Readonly<Record<string, HookState>> {
  const { state } = config.hooks ?? {};
  return typeof state === "object" && state !== null ? (state as Record<string, HookState>) : {};
}

/** The text without the memory of these hooks, and without its heading when nothing else is below it. */
export function withoutStates(text: string, keys: ReadonlySet<string>): string {
  const { tables } = tomlPlaces(text);
  const doomed = tables.filter(({ name }) => keys.has(stateKey(name) ?? ""));
  if (doomed.length === 0) return text;
  const left = tables.filter((table) => !doomed.includes(table));
  const heading = left.find(({ name, array }) => name === "hooks.state" && !array);
  const used = left.some(({ name }) => stateKey(name) !== undefined);
  const empty = heading && text.slice(heading.start, heading.end).trim() === "[hooks.state]" && !used;
  return withoutTables(text, empty ? [...doomed, heading] : doomed);
}

/** `/home/dev/.codex/hooks.json:stop:0:0` of `hooks.state."/home/dev/.codex/hooks.json:stop:0:0"`. */
function stateKey(name: string): string | undefined {
  const quoted = /^hooks\.state\.(".*"|'.*')$/s.exec(name)?.[1];
  if (quoted === undefined) return undefined;
  if (quoted.startsWith("'")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
