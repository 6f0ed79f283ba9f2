/** Delivery of a batch to one sink. Pure of bookkeeping: the drain keeps the store in step with what this reports. */

import type { Credentials, SinkTarget } from "../config/settings.ts";
import type { Span } from "../trace/span.ts";

/** What became of a batch, in terms of law 4. Every span of the batch is in exactly one of the outcomes. */
export type DeliveryReport =
  /** 2xx. `rejected` > 0 is partial success: counted, never retried; which spans is not known. */
  | { readonly outcome: "accepted"; readonly rejected: number; readonly message?: string }
  /** 429, 5xx, connection errors: the same batch again, not before `retryAfterMs` (from `Retry-After`) if given. */
  | { readonly outcome: "retry"; readonly reason: string; readonly retryAfterMs?: number }
  /** 401, 403, 404, 415, TLS errors, redirects: nothing more to this sink until the configuration changes. */
  | { readonly outcome: "pause"; readonly reason: string }
  /** 413 or a batch over the sink's limit: send halves; a single span that is too large is refused. */
  | { readonly outcome: "split"; readonly reason: string }
  /** 400, 422: halve to find the refused span; when `spans` is one, it is the refused one. */
  | { readonly outcome: "refused"; readonly reason: string };

/** Sends one batch as one request. Never throws, never retries, never follows a redirect. */
export type Deliver = (
  target: SinkTarget,
  credentials: Credentials | undefined,
  agent: string,
  spans: readonly Span[],
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<DeliveryReport>;
