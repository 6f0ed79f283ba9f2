/** Numbers, times and foreign texts for people. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Multiples of the units that `--since 2h` may use, ms. */
const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };

// C0, DEL and C1 controls, and the direction marks that reorder what a terminal shows.
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are to be removed
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A foreign text on one line, without anything that could steer the terminal, cut to a display width. */
export function oneLine(text: string, width: number): string {
  const clean = text
    .slice(0, width * 4)
    .replace(/\s+/g, " ")
    .replace(UNSAFE, "")
    .trim();
  const points = [...clean];
  if (Bun.stringWidth(clean) <= width && text.length <= width * 4) return clean;
  let kept = "";
  let used = 0;
  for (const point of points) {
    used += Bun.stringWidth(point);
    if (used > width - 1) break;
    kept += point;
  }
  return `${kept}…`;
}

/** A foreign text with its lines kept, without anything that could steer the terminal. */
export function safeLines(text: string): string[] {
  return Bun.stripANSI(text)
    .split(/\r?\n/)
    .map((line) => line.replaceAll("\t", "  ").replace(UNSAFE, ""));
}

/** `850 ms`, `1.3 s`, `2 min 5 s`, `3 h 2 min`. */
export function duration(ms: number): string {
  if (ms < 0.95) return `${ms.toFixed(1)} ms`;
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.round((ms % MINUTE_MS) / SECOND_MS)} s`;
  return `${Math.floor(ms / HOUR_MS)} h ${Math.round((ms % HOUR_MS) / MINUTE_MS)} min`;
}

/** `5 min ago`, for status lines. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s ago`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min ago`;
  if (ms < DAY_MS) return `${Math.round(ms / HOUR_MS)} h ago`;
  return `${Math.round(ms / DAY_MS)} d ago`;
}

/** `2026-11-22 02:41:07` in local time. */
export function dateTime(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${clock(at)}`;
}

/** `02:41:07` in local time. */
export function clock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `14,911`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 turn`, `2 turns`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `3.4 MB`. */
export function bytes(value: number): string {
  if (value < 1e3) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} kB`;
  if (value < 1e9) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e9).toFixed(1)} GB`;
}

/** A path with the home folder as `~`. */
export function shortPath(path: string, home: string): string {
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** Columns padded to the widest cell; the last column is left as long as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell));
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * A moment as people write it: `2026-11-22`, `2026-11-22T02:41`, or a span back from now: `30m`, `24h`, `7d`, `2w`.
 * @returns epoch ms, undefined when it is neither
 */
export function parseMoment(text: string, now: number): number | undefined {
  const back = /^(\d+)([smhdw])$/.exec(text);
  if (back) return now - Number(back[1]) * (UNITS[back[2] ?? ""] ?? 0);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  // A bare date means the local midnight, as the other times that are shown.
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
  return Number.isNaN(at) ? undefined : at;
}
