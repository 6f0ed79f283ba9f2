/** How a plugin runs the program: a plugin's files are the same on every machine, so the command must find its way itself. */

/** Where the program is, below the home folder, in both shells' words. */
const PROGRAM = "$HOME/.arize/harness/bin/harness-tracing";

/** What the command depends on. */
export interface PluginHook {
  /** Words after the program: `hook`, the agent's name, perhaps the event. Plain words: they are not quoted. */
  readonly args: readonly string[];
  /** Variable that holds the plugin's folder: `CLAUDE_PLUGIN_ROOT`. */
  readonly rootVariable: string;
  /** What the agent must read on stdout, printed before the program starts. JSON without single quotes. */
  readonly reply?: string;
}

/**
 * A command that a POSIX shell and PowerShell both understand: on Windows an agent takes Git Bash where it finds it and
 * PowerShell elsewhere. Each skips the other's lines: to PowerShell they are a comment, to the shell a quoted word and a
 * here-document. Exit code 0 and no output but the reply, whatever happens.
 *
 * Only POSIX shells fetch an absent program; on Windows without Git Bash it comes from `install.bat`.
 */
export function pluginHookCommand({ args, rootVariable, reply }: PluginHook): string {
  const words = args.join(" ");
  const posix = `{ BUN_OPTIONS= BUN_BE_BUN= "${PROGRAM}" ${words} || sh "\${${rootVariable}}/fetch.sh"; } >/dev/null 2>&1`;
  const powershell = `try { & "${PROGRAM}.exe" ${words} *> $null } catch {}`;
  return [
    "echo --% >/dev/null;: ' |out-null",
    "<#'",
    reply === undefined ? posix : `printf '%s\\n' '${reply}'; ${posix}`,
    "exit 0",
    ": <<'#END' #>",
    reply === undefined ? powershell : `[Console]::Out.WriteLine('${reply}'); ${powershell}`,
    "exit 0",
    "#END",
  ].join("\n");
}
