/** `record`: a recording of one agent's sessions, for a bug report. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { AgentEntry } from "../agents/agent.ts";
import { AGENTS, agentNamed } from "../agents/registry.ts";
import { writeBundle } from "../record/bundle.ts";
import { endRecording, recordingOf, startRecording } from "../record/mark.ts";
import { VERSION } from "../version.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { setupContext } from "./setup-context.ts";
import { dateTime, plural, shortPath } from "./text.ts";

const MINUTE_MS = 60_000;

export async function record(input: Input, context: CliContext): Promise<number> {
  const [name, action] = input.positionals;
  const entry = agentNamed(name);
  if (entry === undefined) {
    throw new UsageError(`there is no agent "${name}"; there are: ${AGENTS.map((agent) => agent.name).join(", ")}`);
  }
  if (action !== undefined && action !== "stop") throw new UsageError(`"stop" or nothing, not "${action}"`);
  if (action === "stop") return stop(entry, input, context);
  const minutes = minutesOf(input.text("minutes"));
  const known = recordingOf(context.paths, entry.key);
  const running = known !== undefined && context.now() <= known.until ? known : undefined;
  const { since, until } = running ?? startRecording(context.paths, entry.key, context.now());
  context.out(
    `Recording ${entry.title} since ${dateTime(since)}: the sessions' hook calls and history stay on this machine.\n`,
  );
  const command = `harness-tracing record ${entry.name} stop`;
  if (minutes === undefined) {
    context.out(`Use ${entry.title} now. Then: ${command}   (ends by itself at ${dateTime(until)})\n`);
    return 0;
  }
  context.out(`Use ${entry.title} now. To stop before ${plural(minutes, "minute")} are over: ${command}\n`);
  for (const end = context.now() + minutes * MINUTE_MS; context.now() < end; ) {
    await Bun.sleep(Math.min(1000, end - context.now()));
    if (recordingOf(context.paths, entry.key) === undefined) return 0;
  }
  return stop(entry, input, context);
}

async function stop(entry: AgentEntry, input: Input, context: CliContext): Promise<number> {
  const { paths, home, platform } = context;
  const recording = recordingOf(paths, entry.key);
  if (recording === undefined) {
    throw new CliFailure(`${entry.title} is not being recorded. To begin: harness-tracing record ${entry.name}`);
  }
  const folder = folderOf(entry, input, context);
  if (existsSync(folder)) throw new CliFailure(`${folder} exists already; choose another folder with --output`);
  const { version } = await (await entry.load()).setup.detect(setupContext(context));
  const about = { program: VERSION, platform, ...(version === undefined ? {} : { agentVersion: version }) };
  const redact = input.flag("redact");
  const written = await writeBundle(folder, entry, recording, paths, about, { redact, home });
  endRecording(paths, entry.key);
  const { events, records, sessions } = written;
  context.out(
    `${plural(sessions, "session")}, ${plural(events, "hook call")}, ${plural(records, "record")} of history: ${shortPath(folder, home)}\n`,
  );
  if (events === 0) {
    context.err(`No hook of ${entry.title} was called. Is it registered? harness-tracing doctor\n`);
  }
  context.out(
    redact
      ? "Texts are left out; names, ids and times are in it. Look through it before you give it to anybody.\n"
      : "Credentials are masked; prompts, code and answers are in it. Look through it before you give it to anybody.\n",
  );
  return 0;
}

function folderOf(entry: AgentEntry, input: Input, { folder, home, now, paths }: CliContext): string {
  const chosen = input.text("output");
  if (chosen !== undefined) return resolve(folder ?? home, chosen);
  const stamp = new Date(now()).toISOString().replace(/[-:]/g, "").slice(0, 15);
  return `${paths.root}/recordings/${entry.name}-${stamp}`;
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (text.trim() === "" || !Number.isFinite(minutes) || minutes <= 0) {
    throw new UsageError(`--minutes takes a number of minutes, not "${text}"`);
  }
  return minutes;
}
