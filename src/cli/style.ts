/** Colours for terminals, nothing for everything else. */

/** Wraps text in a colour, or returns it as it is. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly magenta: (text: string) => string;
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** Colours when `enabled`; otherwise every function returns its text. */
export function makeStyle(enabled: boolean): Style {
  const wrap = ([open, close]: readonly [number, number]) =>
    enabled ? (text: string) => `\x1b[${open}m${text}\x1b[${close}m` : (text: string) => text;
  return {
    bold: wrap(CODES.bold),
    dim: wrap(CODES.dim),
    red: wrap(CODES.red),
    green: wrap(CODES.green),
    yellow: wrap(CODES.yellow),
    blue: wrap(CODES.blue),
    magenta: wrap(CODES.magenta),
    cyan: wrap(CODES.cyan),
  };
}

/** Colours only on a terminal that understands them and whose user did not say no (`NO_COLOR`, https://no-color.org). */
export function styleFor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Style {
  return makeStyle(isTerminal && !env.NO_COLOR && env.TERM !== "dumb");
}
