/** Longest wait that a sink can ask for, ms: a wrong clock or a hostile header must not silence a sink for days. */
export const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/**
 * `Retry-After` in milliseconds from now, 0 to `MAX_RETRY_AFTER_MS`; undefined when absent or malformed.
 * Source: RFC 9110, section 10.2.3, delay in seconds or an HTTP date. A date is measured against the sink's own `Date`
 * when it sent one, since the two machines' clocks may differ.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  // Decimals are not in the standard, yet some gateways send them.
  const isSeconds = /^\d+(\.\d+)?$/.test(value);
  // A date begins with its weekday; `Date.parse` alone would take nearly anything.
  if (!isSeconds && !/^[A-Z][a-z]+,? /.test(value)) return undefined;
  const delay = isSeconds ? Number(value) * 1000 : Date.parse(value) - clockOf(headers, now);
  if (Number.isNaN(delay)) return undefined;
  return Math.min(Math.max(Math.ceil(delay), 0), MAX_RETRY_AFTER_MS);
}

function clockOf(headers: Headers, now: number): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? now : date;
}
