/** Reading the files of a release: from a web server, or from a folder (mirrors, machines without a network). */

import { readFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { proxyFor } from "../export/proxy.ts";
import { readTrust } from "../export/trust.ts";
import { ReleaseProblem } from "./problem.ts";

/** A server that says nothing for this long is gone, ms. */
const SILENCE_MS = 30_000;

/** How often a broken download goes on from where it broke. */
const TRIES = 4;
const PAUSE_MS = 500;

const OK = 200;
const PARTIAL = 206;
const SERVER_ERROR = 500;
const TOO_MANY = 429;

type Environment = Readonly<Record<string, string | undefined>>;

/** Told while a file arrives: bytes so far. */
export type Progress = (received: number) => void;

/** Files of one release. */
export interface ReleaseSource {
  /** For people. */
  readonly name: string;
  /**
   * One file, no longer than `limit` bytes.
   * @throws ReleaseProblem
   */
  readonly read: (file: string, limit: number, progress?: Progress) => Promise<Uint8Array<ArrayBuffer>>;
}

/** @param base `http(s)://…`, `file://…` or a folder, which is looked up from `folder` */
export function releaseSource(base: string, env: Environment, folder: string, silenceMs = SILENCE_MS): ReleaseSource {
  if (/^https?:\/\//i.test(base)) return webSource(base.replace(/\/+$/, ""), env, silenceMs);
  const path = base.startsWith("file://") ? fileURLToPath(base) : base;
  return folderSource(isAbsolute(path) ? path : resolve(folder, path));
}

function folderSource(folder: string): ReleaseSource {
  return {
    name: folder,
    read: async (file, limit) => {
      let content: Uint8Array<ArrayBuffer>;
      try {
        content = new Uint8Array(await readFile(join(folder, file)));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? String(error);
        throw new ReleaseProblem(
          `${join(folder, file)} cannot be read (${code})`,
          "give the folder of a whole release",
        );
      }
      if (content.length > limit) throw tooLong(file);
      return content;
    },
  };
}

function tooLong(file: string): ReleaseProblem {
  return new ReleaseProblem(`${file} is longer than it may be`, "nothing was changed; try again later");
}

function webSource(base: string, env: Environment, silenceMs: number): ReleaseSource {
  return {
    name: base,
    read: async (file, limit, progress) => {
      const url = new URL(`${base}/${file}`);
      const received: Received = { chunks: [], size: 0 };
      for (let tried = 1; ; tried++) {
        const problem = await receive(url, received, limit, env, silenceMs, progress);
        if (problem === undefined) return joined(received);
        if (!problem.again || tried === TRIES) throw problem.problem;
        await Bun.sleep(PAUSE_MS * tried);
      }
    },
  };
}

/** What has arrived of a file. */
interface Received {
  chunks: Uint8Array[];
  size: number;
}

interface Broken {
  readonly problem: ReleaseProblem;
  /** Is it worth another try? */
  readonly again: boolean;
}

/** One request for what is still missing. @returns undefined once the file is whole */
async function receive(
  url: URL,
  received: Received,
  limit: number,
  env: Environment,
  silenceMs: number,
  progress: Progress | undefined,
): Promise<Broken | undefined> {
  const controller = new AbortController();
  let timer = setTimeout(() => controller.abort(), silenceMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), silenceMs);
  };
  try {
    const proxy = proxyFor(url, env);
    const options: BunFetchRequestInit = {
      redirect: "follow",
      signal: controller.signal,
      verbose: false,
      proxy: proxy === undefined ? false : { url: proxy, respectNoProxy: false },
      headers: { "accept-encoding": "identity", ...(received.size > 0 ? { range: `bytes=${received.size}-` } : {}) },
    };
    if (url.protocol === "https:") options.tls = { ca: [...readTrust(env).roots], rejectUnauthorized: true };
    const response = await fetch(url, options);
    if (response.status !== OK && response.status !== PARTIAL) return refused(url, response.status);
    // A server without ranges begins again.
    if (response.status === OK) Object.assign(received, { chunks: [], size: 0 });
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const expected = Number.isNaN(length) ? undefined : received.size + length;
    for await (const chunk of response.body ?? []) {
      alive();
      received.chunks.push(chunk);
      received.size += chunk.length;
      if (received.size > limit) return { problem: tooLong(url.href), again: false };
      progress?.(received.size);
    }
    if (expected !== undefined && received.size < expected) return brokenOff(url, "the connection broke off");
    return undefined;
  } catch (error) {
    const reason = controller.signal.aborted ? `nothing came for ${silenceMs / 1000} s` : messageOf(error);
    return brokenOff(url, reason);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function brokenOff(url: URL, reason: string): Broken {
  const fix = "check the network, HTTPS_PROXY, and NODE_EXTRA_CA_CERTS where a company's certificates are in use";
  return { problem: new ReleaseProblem(`${url.href} could not be fetched: ${reason}`, fix), again: true };
}

function refused(url: URL, status: number): Broken {
  const fix = status === 404 ? "see that this version exists, or give --from" : "try again later, or give --from";
  const problem = new ReleaseProblem(`${url.href} answered ${status}`, fix);
  return { problem, again: status >= SERVER_ERROR || status === TOO_MANY };
}

function joined({ chunks, size }: Received): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
