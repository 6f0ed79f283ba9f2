/** Installations on Linux that differ from this one: busybox alone, and another processor. */

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeInstaller } from "../../support/release.ts";
import { expectRun, type Stage } from "./main.ts";
import { VERSIONS } from "./release.ts";

const [OLD, NEW] = VERSIONS;
const BUSYBOX = "/bin/busybox";
const SYSROOT = "/usr/aarch64-linux-gnu";
const QEMU = "/usr/bin/qemu-aarch64-static";

function script(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** busybox's shell and tools, and nothing else but a tool for the signature. */
export async function busybox({ folder, url }: Stage): Promise<void> {
  const [tools, home] = [join(folder, "tools"), join(folder, "home")];
  for (const path of [tools, home]) mkdirSync(path);
  const applets = Bun.spawnSync([BUSYBOX, "--list"]).stdout.toString().trim().split("\n");
  for (const name of applets) symlinkSync(BUSYBOX, join(tools, name));
  const installer = join(folder, "install.sh");
  writeInstaller(installer);
  const env = { HOME: home, PATH: tools };
  const install = [BUSYBOX, "sh", installer, "claude", "--yes", "--from", `${url}/${OLD}`];
  await expectRun(install, env, folder, ["nothing on this machine can check the release's signature"], 1);
  symlinkSync(Bun.which("openssl") ?? "openssl", join(tools, "openssl"));
  await expectRun(install, env, folder, [
    `Installed harness-tracing ${OLD}`,
    "a test hook of Claude Code was recorded",
  ]);
  const program = join(home, ".arize/harness/bin/harness-tracing");
  await expectRun([program, "demo"], env, folder, ["npm test --silent"]);
  await expectRun([program, "update", "--from", `${url}/${NEW}`], env, folder, [`${NEW} has replaced ${OLD}`]);
  await expectRun([program, "update", "--rollback"], env, folder, [`${OLD} is back`]);
  await expectRun([BUSYBOX, "sh", installer, "uninstall", "--yes"], env, folder, ["is no longer registered"]);
}

/** 64-bit ARM under qemu, which a user namespace's own binfmt_misc starts. */
export async function arm64({ folder, url }: Stage): Promise<void> {
  const [tools, home] = [join(folder, "tools"), join(folder, "home")];
  for (const path of [tools, home]) mkdirSync(path);
  script(join(tools, "uname"), "case $1 in -s) echo Linux;; -m) echo aarch64;; esac");
  const qemu = join(tools, "qemu");
  script(qemu, `exec ${QEMU} -L ${SYSROOT} "$@"`);
  const binfmt = /^:qemu-aarch64:(.*):[^:]*:[^:]*$/.exec(
    readFileSync("/usr/lib/binfmt.d/qemu-aarch64.conf", "utf8").trim(),
  )?.[1];
  const installer = join(folder, "install.sh");
  writeInstaller(installer);
  const program = join(home, ".arize/harness/bin/harness-tracing");
  const place = "/proc/sys/fs/binfmt_misc";
  const steps = [
    "set -e",
    `mount -t binfmt_misc binfmt_misc ${place}`,
    `cat '${join(folder, "rule")}' > ${place}/register`,
    `sh '${installer}' claude --yes --from ${url}/${OLD}`,
    `'${program}' demo`,
    `'${program}' update --from ${url}/${NEW}`,
    `'${program}' --version`,
    `'${program}' update --rollback`,
    `'${program}' uninstall --yes`,
  ];
  writeFileSync(join(folder, "rule"), `:qemu-aarch64:${binfmt}:${qemu}:`);
  const env = { HOME: home, PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin` };
  await expectRun(["unshare", "-U", "-r", "-m", "sh", "-c", steps.join("\n")], env, folder, [
    `Installed harness-tracing ${OLD}`,
    "a test hook of Claude Code was recorded",
    "npm test --silent",
    `${NEW} has replaced ${OLD}`,
    `${OLD} is back`,
    "Claude Code is no longer registered",
  ]);
}
