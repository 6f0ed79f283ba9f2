/** Everything that a drain reaches outside itself, as parameters: tests give it another home, clock, agent or network. */

import type { AgentEntry } from "../agents/agent.ts";
import type { Credentials, Settings, SinkTarget } from "../config/settings.ts";
import type { Deliver } from "../export/sink.ts";
import type { Paths } from "../paths.ts";
import type { RetentionLimits } from "../store/types.ts";
import type { Log } from "./log.ts";

/** What the newest event of a session said about its environment. */
export interface SessionContext {
  readonly env: Readonly<Record<string, string>>;
  /** Salted fingerprints of credentials, by variable name. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** The configuration as this process sees it; asked afresh in every pass, since a drain may outlive a change. */
export interface Configuration {
  /** Changes whenever the configuration does: what paused a sink may have been put right. */
  readonly stamp: string;
  /** Settings of a session of an agent. Problems go to the log, nothing is fatal. */
  readonly settingsOf: (agentKey: string, context: SessionContext) => Settings;
  /** Secret headers of an agent's sink; undefined when this process has not got the credential that the sink was made with. */
  readonly credentialsFor: (target: SinkTarget, agentKey: string) => Credentials | undefined;
  /** What the store may keep. */
  readonly retention: RetentionLimits;
}

export interface DrainDeps {
  readonly paths: Paths;
  readonly agents: readonly AgentEntry[];
  readonly configuration: () => Configuration;
  readonly deliver: Deliver;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  /** Is there a process with this id? */
  readonly alive: (pid: number) => boolean;
  readonly log: Log;
  /** How long this drain may live, ms. */
  readonly lifeMs: number;
  /** Called before and after everything that changes the disk or the world, with its name: where a crash may hit. */
  readonly checkpoint?: (point: string) => void;
}
