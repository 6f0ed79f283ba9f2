/** The whole input of each request (`capture.messages = full`): system prompt and conversation as the event log has them. */

import type { Message } from "../../trace/node.ts";

/** Text kept of one context (characters); of a longer one the oldest messages are left out, visibly. */
const MAX_CHARS = 400_000;

/** What is remembered of a thread's context. JSON-serialisable. */
export interface Context {
  system?: Message;
  said: Message[];
  /** Messages left out so far. */
  missing?: number;
}

/** Something was said; what no longer fits is forgotten from the beginning. */
export function noteSaid(context: Context, message: Message): void {
  context.said.push(message);
  let size = context.said.reduce((sum, one) => sum + JSON.stringify(one.parts).length, 0);
  while (size > MAX_CHARS && context.said.length > 1) {
    const oldest = context.said.shift();
    size -= JSON.stringify(oldest?.parts).length;
    context.missing = (context.missing ?? 0) + 1;
  }
}

/** A compaction left nothing of the conversation but its summary. */
export function noteSummary(context: Context, summary: Message): void {
  context.said = [summary];
  delete context.missing;
}

/** The input of a request that is sent now. */
export function inputOf({ system, said, missing }: Context): readonly Message[] {
  const note: Message = {
    role: "system",
    parts: [{ type: "text", text: `…<${missing ?? 0} earlier messages left out>` }],
  };
  return [...(system ? [system] : []), ...(missing ? [note] : []), ...said];
}
