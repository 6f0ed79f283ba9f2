/**
 * Runs a command where the only network is its own loopback, where its mounts are private, and where every process that
 * it leaves behind dies with it.
 */

/** The command, wrapped. Not root: a user namespace gives the right to make the others. */
export function isolated(command: readonly string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  // The shell stays as process 1: it reaps what the agents orphan, which the agent's own runtime would not.
  const script = 'ip link set lo up || exit 97; "$@"; exit $?';
  const flags = [...user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  return ["unshare", ...flags, "--", "sh", "-c", script, "sh", ...command];
}

/** Why namespaces cannot be had here, or undefined when they can. */
export function namespaceProblem(): string | undefined {
  if (process.platform !== "linux") return "namespaces need Linux";
  for (const tool of ["unshare", "ip"]) {
    if (Bun.which(tool) === null) return `the program \`${tool}\` is missing (Debian: util-linux, iproute2)`;
  }
  const probe = Bun.spawnSync(isolated(["true"]), { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (probe.exitCode === 0) return undefined;
  return `a network namespace of its own cannot be had: ${probe.stderr.toString().trim() || `exit ${probe.exitCode}`}`;
}
