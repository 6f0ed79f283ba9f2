/**
 * How an agent is told to run the program: one stable string per shell, guarded so that an absent, crashing or
 * babbling program gives the agent exit code 0 and not one byte of output, but for the reply that some agents
 * must have. Hanging is bounded by the timeout that each registration sets.
 */

/** A command as an agent's configuration holds it. `args` only where the agent starts programs without a shell. */
export interface HookCommand {
  readonly command: string;
  readonly args?: readonly string[];
}

/**
 * Who will run the command. `exec` is no shell at all: only the program itself can then keep the agent safe. `windows` is
 * cmd or PowerShell, nobody knows which: the command means the same in both.
 */
export type Shell = "posix" | "cmd" | "powershell" | "windows" | "exec";

/** Set for the program to the id of the process that started the shell: the agent's, where the agent names it nowhere. */
export const PARENT_VARIABLE = "HARNESS_AGENT_PID";

/** What a command does besides. */
export interface CommandOptions {
  /** Passes the agent's process id on, in `PARENT_VARIABLE`; POSIX shells only, the others do not know it. */
  readonly passParent?: boolean;
  /** The agent runs commands by the user's own shell, which may be no POSIX shell: `/bin/sh` is told to run it. */
  readonly anyShell?: boolean;
  /**
   * What the agent must read on stdout, JSON without single quotes. The shell prints it before it starts the program, so
   * that it is there whatever becomes of the program. Where there is no shell, the program prints it.
   */
  readonly reply?: string;
}

/** How a command for `/bin/sh` begins; a quoted word follows. */
const SH = "/bin/sh -c ";

/** A Windows path that no shell takes apart. */
const PLAIN_PATH = /^[\w.:\\-]+$/;

type Build = (program: string, args: readonly string[], options: CommandOptions) => HookCommand;

const BUILD: Readonly<Record<Shell, Build>> = {
  // In braces, because bash (macOS's /bin/sh) itself reports a program that crashed, on its own stderr. The runtime inside
  // the program obeys these two variables, which a developer of Bun programs may have set: emptied, they mean nothing.
  posix: (program, args, { passParent, reply }) => ({
    command: `${reply === undefined ? "" : `printf '%s\\n' '${reply}'; `}{ BUN_OPTIONS= BUN_BE_BUN= ${passParent ? `${PARENT_VARIABLE}=$PPID ` : ""}${posixWord(program)} ${args.join(" ")} || true; } >/dev/null 2>&1`,
  }),
  // `exit /b 0` rather than `|| ver`: it also hides the exit code of a program that was killed.
  cmd: (program, args, { reply }) => ({
    command: `${reply === undefined ? "" : `echo ${reply}& `}"${program}" ${args.join(" ")} >nul 2>&1 & exit /b 0`,
  }),
  // Windows PowerShell 5 has no `||`, and a missing program is an exception that redirection does not catch.
  powershell: (program, args, options) => ({ command: powershellScript(program, args, options) }),
  // A bare path is a command in both; anything else has to be quoted, which one of them takes for a mere string.
  windows: (program, args, options) => ({
    command: PLAIN_PATH.test(program)
      ? [program, ...args].join(" ")
      : `powershell.exe -NoProfile -NonInteractive -EncodedCommand ${encoded(powershellScript(program, args, options))}`,
  }),
  exec: (program, args) => ({ command: program, args }),
};

/**
 * The command that runs `program` with fixed arguments.
 * @param program absolute path; may hold blanks and quotes
 * @param args plain words (letters, digits, dashes): they are not quoted
 */
export function hookCommand(
  shell: Shell,
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): HookCommand {
  const built = BUILD[shell](program, args, options);
  return shell === "posix" && options.anyShell ? { command: `${SH}${posixWord(built.command)}` } : built;
}

/**
 * File name of the program that a registered command starts, in lower case and without `.exe`: the first word, quoted or
 * not, braces, PowerShell's call operator, variables set and our own `try {` skipped.
 */
export function programNameOf(command: string): string {
  return (programOf(command).split(/[/\\]/).at(-1) ?? "").toLowerCase().replace(/\.(exe|cmd|bat|py|sh)$/, "");
}

/** How our own commands print a reply before anything else. */
const REPLY = /^\s*(printf '%s\\n' '[^']*'; |echo \{[^&]*\}& |\[Console\]::Out\.WriteLine\('[^']*'\); )/;

/** Path of the program that a registered command starts. */
export function programOf(command: string): string {
  const hidden = /^powershell\.exe .*-EncodedCommand ([\w+/=]+)$/.exec(command)?.[1];
  if (hidden !== undefined) return programOf(Buffer.from(hidden, "base64").toString("utf16le"));
  if (command.startsWith(`${SH}'`)) return programOf(command.slice(SH.length + 1, -1).replaceAll("'\\''", "'"));
  const text = command.replace(REPLY, "").replace(/^\s*((try\s*)?\{\s*)?(&\s*)?(\w+=[$\w]*\s+)*/, "");
  const quote = text[0];
  if (quote === '"') return /^"([^"]*)"/.exec(text)?.[1] ?? text.slice(1);
  if (quote !== "'") return /^\S*/.exec(text)?.[0] ?? "";
  // Closing quote, then an escaped one, then on: 'a'\''b' in POSIX shells, 'a''b' in PowerShell.
  const word = /^(?:'[^']*'(?:\\')?)+/.exec(text)?.[0] ?? text;
  return word.replaceAll("'\\''", "'").replaceAll("''", "'").replace(/^'|'$/g, "");
}

function powershellScript(program: string, args: readonly string[], { reply }: CommandOptions): string {
  const call = `try { & '${program.replaceAll("'", "''")}' ${args.join(" ")} *> $null } catch {}; exit 0`;
  return reply === undefined ? call : `[Console]::Out.WriteLine('${reply}'); ${call}`;
}

/** As PowerShell takes a script whose characters no shell may touch. */
function encoded(script: string): string {
  return Buffer.from(script, "utf16le").toString("base64");
}

function posixWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
