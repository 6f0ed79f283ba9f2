/** What the shared scenarios must know of an agent that talks to a Chat Completions server. */

import type { Answer, ScriptedTool } from "./script.ts";

/** A home, a project in it, and the model server. */
export interface Place {
  readonly home: string;
  readonly project: string;
  readonly modelServer: string;
}

export interface ChatAgent {
  /** Name on our command line. */
  readonly name: string;
  /** Its own words for why an answer ended. */
  readonly finishWords: Readonly<Record<"stop" | "tool_calls", string>>;
  /** Writes its configuration: the model server, no questions, no updates. */
  readonly configure: (place: Place) => void;
  /** Variables besides the common ones. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folders on its PATH besides the system's. @param installation files of the installed agent by name */
  readonly path: (installation: Readonly<Record<string, string>>) => readonly string[];
  /** One headless turn. */
  readonly command: (
    installation: Readonly<Record<string, string>>,
    prompt: string,
    continues: boolean,
  ) => readonly string[];
  readonly bash: (command: string) => ScriptedTool;
  readonly read: (path: string) => ScriptedTool;
  /** Starts a subagent that plays the named thread; absent where there are none. */
  readonly delegate?: (thread: string) => ScriptedTool;
  /** What the main agent does until its subagents are done. */
  readonly await?: (threads: readonly string[]) => readonly Answer[];
  /** A subagent's last answer. */
  readonly report?: (text: string) => Answer;
  /** It shows every attempt of a refused request. */
  readonly showsRetries: boolean;
  /** It tells thinking tokens apart. */
  readonly countsThinking: boolean;
  /** The plugin file, below the home. */
  readonly plugin: string;
  /** Folders and files below the home to keep as evidence. */
  readonly evidence: readonly string[];
}
