/** The settings of one session, resolved from its environment and `config.json`. See `resolve.ts` for precedence. */

import type { Scalar } from "../trace/node.ts";

/** Where spans go besides the local store. */
export type SinkKind = "phoenix" | "arize" | "otlp";

/** The content switches: what may appear in spans in clear. */
export interface ContentSwitches {
  readonly prompts: boolean;
  readonly toolDetails: boolean;
  readonly toolContent: boolean;
}

/**
 * A sink of one session, without its secret. Endpoint and credential come from one layer together.
 * `id` is equal exactly when kind, endpoint, project, headers and credential fingerprint are equal.
 */
export interface SinkTarget {
  readonly id: string;
  readonly kind: SinkKind;
  /** Full URL that spans are posted to (`…/v1/traces`). */
  readonly url: string;
  readonly project: string;
  readonly encoding: "protobuf" | "json";
  readonly compression: "gzip" | "none";
  /** Non-secret headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which layer the endpoint and the credential came from. */
  readonly layer: "environment" | "file";
  /** Salted fingerprint of the credential; absent when the sink needs none. */
  readonly credential?: string;
}

/** Resolved settings. */
export interface Settings {
  readonly enabled: boolean;
  readonly dryRun: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly userId?: string;
  /** Custom attributes of every span, layers merged. */
  readonly attributes: Readonly<Record<string, Scalar>>;
  readonly log: ContentSwitches;
  readonly messages: "new" | "full";
  /** Mask credential-shaped values. */
  readonly mask: boolean;
  /** Characters a single captured text may have before it is cut with a marker. */
  readonly maxTextChars: number;
  readonly flush: "async" | "sync";
  /** No sinks = local only. */
  readonly sinks: readonly SinkTarget[];
  readonly retentionDays: number;
  readonly maxStoreMb: number;
}

/** Something wrong in the configuration: which file, which field, what to do. Never fatal. */
export interface ConfigProblem {
  readonly file: string;
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}

/** Secret headers of a sink, found in this process's environment or in the file. */
export type Credentials = Readonly<Record<string, string>>;
