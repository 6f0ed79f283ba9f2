/** Questions on a terminal. Never used without one. */

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliFailure } from "./context.ts";

/** Where questions are asked and answered. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Thrown for Ctrl-C and a closed terminal. */
const ABORTED = "stopped, nothing was changed";

/** One line; an empty answer takes the default. @throws CliFailure on Ctrl-C */
export async function ask(terminal: Terminal, question: string, fallback = ""): Promise<string> {
  const answer = await line(terminal, `${question}${fallback === "" ? "" : ` [${fallback}]`}: `, false);
  return answer.trim() || fallback;
}

/** One line that is not shown while it is typed. @throws CliFailure on Ctrl-C */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  return (await line(terminal, `${question} (not shown): `, true)).trim();
}

/** Yes or no; an empty answer takes the default. @throws CliFailure on Ctrl-C */
export async function confirm(terminal: Terminal, question: string, fallback: boolean): Promise<boolean> {
  for (;;) {
    const answer = (await line(terminal, `${question} [${fallback ? "Y/n" : "y/N"}] `, false)).trim().toLowerCase();
    if (answer === "") return fallback;
    if (/^y(es)?$/.test(answer)) return true;
    if (/^no?$/.test(answer)) return false;
  }
}

/** One of several, by number or by name; the first is the default. @throws CliFailure on Ctrl-C */
export async function select<T extends string>(
  terminal: Terminal,
  question: string,
  choices: readonly (readonly [T, string])[],
): Promise<T> {
  const list = choices.map(([name, text], index) => `  ${index + 1}  ${name.padEnd(8)} ${text}`).join("\n");
  terminal.output.write(`${question}\n${list}\n`);
  for (;;) {
    const answer = await ask(terminal, "Choose", "1");
    const found = choices.find(([name], index) => answer === name || answer === String(index + 1));
    if (found) return found[0];
  }
}

async function line({ input, output }: Terminal, question: string, hidden: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: hidden ? silent : output, terminal: true });
  if (hidden) output.write(question);
  const stopped = Promise.withResolvers<never>();
  reader.once("SIGINT", () => stopped.reject(new CliFailure(ABORTED)));
  reader.once("close", () => stopped.reject(new CliFailure(ABORTED)));
  try {
    return await Promise.race([reader.question(hidden ? "" : question), stopped.promise]);
  } finally {
    stopped.promise.catch(() => {});
    reader.close();
    if (hidden) output.write("\n");
  }
}
