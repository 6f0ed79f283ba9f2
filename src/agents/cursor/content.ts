/** Inputs and outputs of tools as Cursor's payloads hold them: partly objects, partly JSON texts of objects. */

/** The value of a JSON text that holds an object or a list; anything else as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** A field of a value that may be an object. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** What a shell command printed and how it ended. */
export interface ShellResult {
  readonly output: unknown;
  readonly exitCode?: number;
}

/** Of `{"output": "…", "exitCode": 0}`; anything else is the output. */
export function shellResult(value: unknown): ShellResult {
  const result = parsed(value);
  const output = fieldOf(result, "output");
  const exitCode = fieldOf(result, "exitCode");
  return {
    output: typeof output === "string" ? output : result,
    ...(typeof exitCode === "number" && { exitCode }),
  };
}
