/** Claude Code's terminal UI. */

import { Terminal as AnyTerminal } from "../terminal.ts";
import type { ClaudeSession } from "./session.ts";

export class Terminal extends AnyTerminal {
  constructor(session: ClaudeSession, name: string) {
    super(session, name, { command: [session.claude], ready: /shortcuts|❯/ });
  }
}
