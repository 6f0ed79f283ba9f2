/** What `status` and `doctor` say about hooks registered in groups, whatever the agent. */

import { existsSync } from "node:fs";
import type { Finding } from "../agents/agent.ts";
import { programOf } from "./command.ts";
import type { FoundHook, WantedHook } from "./hook-groups.ts";

/** Where hooks are registered, and how that is repaired. */
export interface Registration {
  /** Path of the settings file. */
  readonly path: string;
  /** The program that registrations should name. */
  readonly program: string;
  /** The command that registers anew. */
  readonly install: string;
  /** What is wrong with events that are registered but not wanted. */
  readonly surplus: string;
}

/** Nothing of ours is in the file. */
export function notRegistered({ path, install }: Pick<Registration, "path" | "install">): Finding {
  return { level: "error", message: `not registered in ${path}`, fix: install };
}

/** Compares the hooks of ours in a file with what registration would write. */
export function registrationFindings(
  { path, program: installed, install, surplus: surplusMessage }: Registration,
  hooks: readonly FoundHook[],
  wanted: readonly Pick<WantedHook, "event">[],
): readonly Finding[] {
  const ours = hooks.filter(({ owner }) => owner === "ours");
  if (ours.length === 0) return [notRegistered({ path, install })];
  const findings: Finding[] = [];
  const of = (event: string) => ours.filter((hook) => hook.event === event);
  const missing = wanted.filter(({ event }) => of(event).length === 0).map(({ event }) => event);
  if (missing.length > 0) {
    findings.push({
      level: "warning",
      message: `events not registered in ${path}: ${missing.join(", ")}`,
      fix: install,
    });
  }
  const events = [...new Set(ours.map(({ event }) => event))];
  const twice = events.filter((event) => new Set(of(event).map(({ command }) => command)).size > 1);
  if (twice.length > 0) {
    findings.push({ level: "error", message: `registered more than once: ${twice.join(", ")}`, fix: install });
  }
  const surplus = events.filter((event) => !wanted.some((want) => want.event === event));
  if (surplus.length > 0) {
    const message = `${surplusMessage}: ${surplus.join(", ")}`;
    findings.push({ level: "warning", message, fix: install });
  }
  const programs = [...new Set(ours.map(({ command }) => programOf(command)))];
  for (const program of programs) {
    if (!existsSync(program)) {
      findings.push({ level: "error", message: `registered program does not exist: ${program}`, fix: install });
    } else if (program !== installed) {
      findings.push({ level: "warning", message: `registered program is another copy: ${program}`, fix: install });
    }
  }
  const narrow = [...new Set(ours.filter(({ everything }) => !everything).map(({ event }) => event))];
  if (narrow.length > 0) {
    findings.push({ level: "warning", message: `limited by a matcher: ${narrow.join(", ")}`, fix: install });
  }
  return findings;
}

/** Hooks of the Python toolkit in the same file. */
export function pythonFindings({ path, install }: Registration, hooks: readonly FoundHook[]): readonly Finding[] {
  const events = [...new Set(hooks.filter(({ owner }) => owner === "python").map(({ event }) => event))];
  if (events.length === 0) return [];
  const message = `the Python toolkit is still registered in ${path} (${events.join(", ")}): turns are traced twice`;
  return [{ level: "error", message, fix: install }];
}
