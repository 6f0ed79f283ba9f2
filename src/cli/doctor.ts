/** `doctor`: checks everything, and says for each problem what fixes it. */

import type { Finding } from "../agents/agent.ts";
import { checks } from "./checks.ts";
import type { Input } from "./command.ts";
import type { CliContext } from "./context.ts";

/** Findings of one subject. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export async function doctor(input: Input, context: CliContext): Promise<number> {
  const sections = await checks(context);
  const failed = sections.some(({ findings }) => findings.some(({ level }) => level === "error"));
  if (input.flag("json")) context.out(`${JSON.stringify({ ok: !failed, sections }, undefined, 2)}\n`);
  else context.out(doctorText(sections, context));
  return failed ? 1 : 0;
}

/** The findings for people. */
export function doctorText(sections: readonly Section[], { style }: Pick<CliContext, "style">): string {
  const mark = { ok: style.green("✓"), warning: style.yellow("!"), error: style.red("✗") };
  const lines = sections.flatMap(({ title, findings }) => [
    style.bold(title),
    ...findings.flatMap(({ level, message, fix }) => [
      `  ${mark[level]} ${message}`,
      ...(fix === undefined ? [] : [`    fix: ${fix}`]),
    ]),
    "",
  ]);
  const of = (level: Finding["level"]) =>
    sections.reduce((sum, { findings }) => sum + findings.filter((one) => one.level === level).length, 0);
  const [errors, warnings] = [of("error"), of("warning")];
  const sum =
    errors + warnings === 0
      ? style.green("Everything is fine.")
      : `${errors} error${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}`;
  return `${[...lines, sum].join("\n")}\n`;
}
