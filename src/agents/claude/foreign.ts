/**
 * Tells Claude Code's own hook calls from those of the programs that run Claude Code's hooks too.
 * Dependency-free and pure: the hot path asks it first.
 */

type Fields = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Payload fields of Cursor alone. */
const CURSOR_FIELDS: readonly string[] = ["cursor_version", "conversation_id", "generation_id"];

/** Payload fields that Claude Code does not send with the events that are traced here, and others do. */
const FOREIGN_FIELDS: readonly string[] = ["timestamp", "turn_id", "sessionId", "hookEventName"];

/** Folders of other programs' transcripts: VS Code's workspace storage, Copilot, Codex, Gemini, Cursor. */
const FOREIGN_TRANSCRIPT = /[/\\](workspaceStorage|\.copilot|\.codex|\.gemini|\.cursor)[/\\]/;

/** Claude Code's own: `<config>/projects/<slug>/<session_id>.jsonl`. */
const OWN_TRANSCRIPT = /[/\\]projects[/\\][^/\\]+[/\\]([^/\\]+)\.jsonl$/;

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/**
 * True for a hook call that did not come from Claude Code. A Claude Code session inside another program's terminal or
 * shell tool is not foreign although it inherits that program's environment, nor is another program started by a Claude
 * Code session its own: proof comes first, then the payload, and the environment only where both leave doubt.
 *
 * | who | how it is recognised | source |
 * |---|---|---|
 * | Claude Code | env `CLAUDE_CODE_SESSION_ID` equals the payload's `session_id` | every recorded call of 2.1.197 to 2.1.330; 2.0.76 sets none |
 * | Claude Code | `transcript_path` is `…/projects/<slug>/<session_id>.jsonl` | every recorded call of all versions |
 * | Cursor | payload has `cursor_version`, `conversation_id`, `generation_id`; env `CURSOR_VERSION` | herdrdev/herdr#2832, public captures 2026.02 to 2026.09 |
 * | Copilot CLI | payload has `timestamp`; transcript in `.copilot`; env `COPILOT_CLI` | recorded runs of 1.0.102 with a repository's `.claude/settings.json` |
 * | VS Code | payload has `timestamp` (documented too: `sessionId`, `hookEventName`); transcript in `workspaceStorage` | microsoft/vscode `chatHookService.ts` |
 * | Devin | env `DEVIN_PROJECT_DIR` without `CLAUDE_PROJECT_DIR`, or payload without `cwd` and `transcript_path` | entireio/external-agents, devin 3000.2.17 |
 * | Codex, Gemini CLI (hooks copied over) | payload has `turn_id` or `timestamp`; transcript in their folders, or `null` | recorded runs of both |
 */
export function isForeign(payload: Fields, env: Environment): boolean {
  const session = payload.session_id;
  if (isText(session) && env.CLAUDE_CODE_SESSION_ID === session) return false;
  if (CURSOR_FIELDS.some((field) => payload[field] !== undefined)) return true;
  const transcript = payload.transcript_path;
  if (isText(transcript)) {
    if (OWN_TRANSCRIPT.exec(transcript)?.[1] === session) return false;
    if (FOREIGN_TRANSCRIPT.test(transcript)) return true;
  }
  if (transcript === null || FOREIGN_FIELDS.some((field) => payload[field] !== undefined)) return true;
  return isText(env.CURSOR_VERSION) || isText(env.COPILOT_CLI) || isDevin(payload, env);
}

function isDevin(payload: Fields, env: Environment): boolean {
  if (!isText(env.DEVIN_PROJECT_DIR)) return false;
  const thin = !isText(payload.cwd) && !isText(payload.transcript_path);
  return thin || !isText(env.CLAUDE_PROJECT_DIR);
}
