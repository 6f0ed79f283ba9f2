/** What `doctor` looks at. Each check is a function of the context that returns findings and changes nothing. */

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import type { Finding } from "../agents/agent.ts";
import { AGENTS } from "../agents/registry.ts";
import { ownEnvironment } from "../config/credentials.ts";
import { readConfig } from "../config/read.ts";
import { resolveSettings } from "../config/resolve.ts";
import { proxyFor } from "../export/proxy.ts";
import { tracingEnabled } from "../hook/environment.ts";
import { readLosses } from "../journal/losses.ts";
import { pythonLeftovers } from "../setup/python-toolkit.ts";
import { openReader } from "../store/open.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import type { Section } from "./doctor.ts";
import { probeSinks } from "./probe.ts";
import { installedProgram, setupContext } from "./setup-context.ts";
import { sinkProblem } from "./status.ts";
import { storeProblem } from "./store.ts";
import { bytes, count, shortPath } from "./text.ts";

/** Free space below which traces are at risk, bytes. */
const LOW_SPACE = 200 * 1024 * 1024;

/** A clock that is wrong by more than this puts spans where nobody looks for them, ms. */
const MAX_SKEW_MS = 60_000;

/** Time for the question what time it is, ms. */
const CLOCK_TIMEOUT_MS = 5_000;

const VERSION_TIMEOUT_MS = 10_000;

/** Bits of a mode that let others in. */
const OTHERS = 0o077;

const ok = (message: string): Finding => ({ level: "ok", message });
const warning = (message: string, fix: string): Finding => ({ level: "warning", message, fix });
const error = (message: string, fix: string): Finding => ({ level: "error", message, fix });

/** All checks, by subject. */
export async function checks(context: CliContext): Promise<readonly Section[]> {
  const setup = setupContext(context);
  const agents = await Promise.all(
    AGENTS.map(async (agent): Promise<Section> => {
      const { check, detect } = (await agent.load()).setup;
      const { installed, version } = await detect(setup);
      if (!installed) return { title: agent.title, findings: [ok("not on this machine")] };
      return { title: `${agent.title}${version === undefined ? "" : ` ${version}`}`, findings: await check(setup) };
    }),
  );
  return [
    { title: "Program", findings: await programFindings(context) },
    ...agents,
    { title: "Configuration", findings: configurationFindings(context) },
    { title: "Files", findings: fileFindings(context) },
    { title: "Store", findings: storeFindings(context) },
    { title: "Destinations", findings: await destinationFindings(context) },
  ];
}

async function programFindings(context: CliContext): Promise<readonly Finding[]> {
  const program = installedProgram(context);
  const [self] = context.self;
  const install = `${context.self.length === 1 ? self : "harness-tracing"} install <agent>`;
  const name = shortPath(program, context.home);
  if (!existsSync(program)) return [error(`${name} is missing`, install)];
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return [error(`${name} is not executable`, `chmod 755 '${program}'`)];
  }
  const version = await versionOf(program, context.env);
  if (version === undefined) return [error(`${name} does not run on this machine`, install)];
  if (version !== VERSION) return [warning(`${name} is version ${version}, this one is ${VERSION}`, install)];
  return [ok(`${name} ${version}`), ...pythonFindings(context)];
}

async function versionOf(program: string, env: CliContext["env"]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([program, "--version"], {
      env: { ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: VERSION_TIMEOUT_MS,
    });
    const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
    return code === 0 ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

function pythonFindings({ paths, home }: CliContext): readonly Finding[] {
  const all = pythonLeftovers(paths);
  if (all.length === 0) return [];
  const message = `files of the Python toolkit are left: ${all.map((path) => shortPath(path, home)).join(", ")}`;
  return [warning(message, `rm -rf ${all.map((path) => `'${path}'`).join(" ")}`)];
}

function configurationFindings({ paths, env, home }: CliContext): readonly Finding[] {
  const file = readConfig(paths.config);
  const sources = { file, ...ownEnvironment(env, new Uint8Array(32)), salt: new Uint8Array(32) };
  const problems = AGENTS.flatMap(({ key }) => resolveSettings({ ...sources, agentKey: key }).problems);
  const unique = [...new Map(problems.map((one) => [`${one.file} ${one.field}`, one])).values()];
  const findings = unique.map(({ file: place, field, message, fix }) => {
    const text = [shortPath(place, home), field, message].filter((part) => part !== "").join(": ");
    return file.unreadable ? error(text, fix) : warning(text, fix);
  });
  if (!tracingEnabled(env)) {
    findings.push(warning("ARIZE_TRACE_ENABLED switches tracing off in this shell", "unset ARIZE_TRACE_ENABLED"));
  }
  if (findings.length > 0) return findings;
  return [ok(existsSync(file.path) ? shortPath(file.path, home) : "no config.json; traces stay in the local store")];
}

function fileFindings({ paths, platform, home }: CliContext): readonly Finding[] {
  const findings: Finding[] = [];
  if (platform !== "win32") {
    for (const path of [paths.root, paths.state, paths.config, paths.store, paths.salt, paths.journal, paths.logs]) {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode;
      if (mode === undefined || (mode & OTHERS & ~ignoredBits(path, paths)) === 0) continue;
      const fix = `chmod ${statSync(path).isDirectory() ? "700" : "600"} '${path}'`;
      findings.push(error(`${shortPath(path, home)} can be read by others (mode ${(mode & 0o777).toString(8)})`, fix));
    }
  }
  const folder = existsSync(paths.state) ? paths.state : home;
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    findings.push(error(`${shortPath(folder, home)} cannot be written`, `check the owner of ${folder}`));
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < LOW_SPACE) {
    findings.push(error(`only ${bytes(bavail * bsize)} free for ${shortPath(folder, home)}`, "make room on that disk"));
  }
  return findings.length > 0 ? findings : [ok("private, writable, enough space")];
}

/** The root may be listed by others, as the Python toolkit made it: what is in it is protected by itself. */
function ignoredBits(path: string, paths: CliContext["paths"]): number {
  return path === paths.root ? 0o055 : 0;
}

function storeFindings(context: CliContext): readonly Finding[] {
  const opened = openReader(context.paths.store);
  if (!opened.ok) return [error(storeProblem(context.paths.store, opened.error), "harness-tracing flush")];
  const { store } = opened;
  try {
    const findings: Finding[] = Object.entries(store.drops())
      .filter(([, value]) => value > 0)
      .map(([reason, value]) => ({ level: "warning", message: `dropped: ${count(value)} × ${reason}` }));
    const { losses } = readLosses(context.paths);
    if (losses.length > 0)
      findings.push({ level: "warning", message: `${losses.length} hook calls could not be recorded` });
    if (findings.length > 0) return findings;
    return [ok(`${count(store.listSessions({}).length)} sessions, ${bytes(store.size())}`)];
  } finally {
    store.close();
  }
}

async function destinationFindings(context: CliContext): Promise<readonly Finding[]> {
  const file = readConfig(context.paths.config);
  const salt = new Uint8Array(32);
  const { env, fingerprints } = ownEnvironment(context.env, salt);
  const probed = (
    await Promise.all(AGENTS.map(({ key }) => probeSinks({ file, env, fingerprints, salt }, key, context.env)))
  ).flat();
  const unique = [...new Map(probed.map((one) => [one.target.id, one])).values()];
  const findings: Finding[] = [];
  for (const { target, problem } of unique) {
    const proxy = proxyFor(new URL(target.url), context.env);
    const name = `${target.kind} ${target.url}${proxy === undefined ? "" : ` (through the proxy ${hostOf(proxy)})`}`;
    if (problem !== undefined) findings.push(error(`${name}: ${problem}`, fixFor(problem)));
    else findings.push(ok(`${name} takes requests`));
    findings.push(...(await clockFindings(target.url, context)));
  }
  findings.push(...backlogFindings(context));
  return findings.length > 0 ? findings : [ok("local store only")];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "(not a URL)";
}

function fixFor(problem: string): string {
  if (/^TLS/.test(problem)) return "set NODE_EXTRA_CA_CERTS to your organisation's certificate file";
  if (/proxy/.test(problem)) return "check HTTPS_PROXY and NO_PROXY";
  if (/HTTP 40[13]/.test(problem)) return "harness-tracing config set harnesses.<agent>.api_key - < key.txt";
  if (/HTTP 404|web page/.test(problem)) return "harness-tracing config set harnesses.<agent>.endpoint <url>";
  return "start the backend, or correct harnesses.<agent>.endpoint; traces wait meanwhile";
}

/** Compares the clock with the `Date` header of any answer of the destination. */
async function clockFindings(url: string, { env, now }: CliContext): Promise<readonly Finding[]> {
  try {
    const proxy = proxyFor(new URL(url), env);
    const answer = await fetch(new URL("/", url), {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(CLOCK_TIMEOUT_MS),
      ...(proxy === undefined ? {} : { proxy }),
    });
    const theirs = Date.parse(answer.headers.get("date") ?? "");
    const skew = now() - theirs;
    if (Number.isNaN(theirs) || Math.abs(skew) < MAX_SKEW_MS) return [];
    const seconds = Math.round(Math.abs(skew) / 1000);
    const side = skew > 0 ? "ahead of" : "behind";
    return [warning(`this machine's clock is ${count(seconds)} s ${side} ${new URL(url).host}`, "set the clock (NTP)")];
  } catch {
    return [];
  }
}

function backlogFindings(context: CliContext): readonly Finding[] {
  const opened = openReader(context.paths.store);
  if (!opened.ok) return [];
  try {
    return opened.store.sinks().flatMap((sink): Finding[] => {
      const name = `${sink.target.kind} ${sink.target.url}`;
      const reason = sinkProblem(sink);
      const findings: Finding[] = [];
      if (reason !== undefined) {
        findings.push(warning(`${name}: ${count(sink.pending)} spans wait; ${reason}`, "harness-tracing flush"));
      }
      if (sink.refused > 0) {
        const [first] = opened.store.refused(sink.target.id, 1);
        const message = `${name} refused ${count(sink.refused)} spans${first ? `: ${first.reason}` : ""}`;
        findings.push({ level: "warning", message });
      }
      return findings;
    });
  } finally {
    opened.store.close();
  }
}
