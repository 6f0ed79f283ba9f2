/** Releases of tests: signed with a key of the tests, served from loopback, with faults on demand. */

import type { KeyObject } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownTargetName } from "../../build/compile.ts";
import { writeRelease } from "../../build/release-files.ts";
import { publicKeyOf, sshPublicKey } from "../../build/release-sign.ts";
import { TARGETS } from "../../build/targets.ts";
import { TEST_KEY } from "./release-key.ts";

const ROOT = join(import.meta.dir, "../..");

/** `install.sh` that trusts another key, at `path`. */
export function writeInstaller(path: string, key: KeyObject = TEST_KEY): void {
  const publicKey = publicKeyOf(key);
  const text = readFileSync(join(ROOT, "install.sh"), "utf8")
    .replace(/^public_key=.*/m, `public_key=${publicKey}`)
    .replace(/^ssh_public_key=.*/m, `ssh_public_key=${sshPublicKey(publicKey)}`);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** A program that says its version and how it was called. */
export function scriptProgram(version: string): Uint8Array<ArrayBuffer> {
  // Text that does not compress away, so that a download can break off in the middle.
  const ballast = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("hex");
  const text = `#!/bin/sh
[ "$1" = --version ] && { echo ${version}; exit 0; }
printf '${version}|'
printf '%s|' "$@"
exit 0
# ${ballast}
`;
  return new Uint8Array(Buffer.from(text));
}

/** Writes a release with one program for these targets; as a rule this machine's, with and without AVX2. */
export async function writeTestRelease(
  folder: string,
  version: string,
  program: Uint8Array<ArrayBuffer>,
  options: { readonly key?: KeyObject; readonly targets?: readonly string[] } = {},
): Promise<void> {
  const own = ownTargetName();
  const names = options.targets ?? [own, `${own}-baseline`];
  const input = {
    version,
    targets: TARGETS.filter(({ name }) => names.includes(name)),
    program: async () => program,
    key: options.key ?? TEST_KEY,
    effort: "quick" as const,
  };
  await writeRelease(input, folder);
}

/** What a server does instead of answering as it should; undefined: it answers. */
export type Fault = (file: string, request: Request) => Response | undefined;

/** A web server for a release's folder, with ranges as a real one has them. */
export interface ReleaseServer {
  readonly url: string;
  /** Names of the files asked for, with the range where there was one. */
  readonly asked: string[];
  fault: Fault | undefined;
  readonly stop: () => Promise<void>;
}

export function serveRelease(folder: string): ReleaseServer {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request): Response => {
      const file = new URL(request.url).pathname.slice(1);
      const range = request.headers.get("range");
      asked.push(range === null ? file : `${file} ${range}`);
      const faulty = state.fault?.(file, request);
      if (faulty) return faulty;
      if (!existsSync(join(folder, file))) return new Response("no such file", { status: 404 });
      const content = new Uint8Array(readFileSync(join(folder, file)));
      const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? Number.NaN);
      if (Number.isNaN(start)) return new Response(content);
      if (start >= content.length) return new Response("", { status: 416 });
      const headers = { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
      return new Response(content.subarray(start), { status: 206, headers });
    },
  });
  const state: ReleaseServer = {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    fault: undefined,
    stop: () => server.stop(true),
  };
  return state;
}
