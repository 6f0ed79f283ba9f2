/** Unified diffs of small texts, for showing a change before it is written. */

/** Unchanged lines shown around a change. */
const CONTEXT_LINES = 3;

/** Above this many line pairs the changed middle is shown as one removal and one addition. */
const MAX_TABLE_CELLS = 4_000_000;

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

/** Unified diff (`@@` hunks, no file header); empty when the texts are equal. Line ends are not shown. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  const lines = compare(linesOf(before), linesOf(after));
  const out: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let index = 0;
  while (index < lines.length) {
    const change = lines.findIndex((line, at) => at >= index && line.mark !== " ");
    if (change < 0) break;
    const from = Math.max(index, change - CONTEXT_LINES);
    oldLine += from - index;
    newLine += from - index;
    const to = hunkEnd(lines, change);
    const hunk = lines.slice(from, to);
    const removed = hunk.filter((line) => line.mark !== "+").length;
    const added = hunk.filter((line) => line.mark !== "-").length;
    out.push(`@@ -${range(oldLine, removed)} +${range(newLine, added)} @@`);
    out.push(...hunk.map((line) => line.mark + line.text));
    oldLine += removed;
    newLine += added;
    index = to;
  }
  return out.join("\n");
}

function range(start: number, count: number): string {
  return count === 0 ? `${start - 1},0` : count === 1 ? `${start}` : `${start},${count}`;
}

function hunkEnd(lines: readonly Line[], change: number): number {
  let last = change;
  for (let at = change; at < lines.length && at - last <= 2 * CONTEXT_LINES; at++) {
    if (lines[at]?.mark !== " ") last = at;
  }
  return Math.min(lines.length, last + 1 + CONTEXT_LINES);
}

/** A last line without a newline differs from one with it, as in every other diff. */
function linesOf(text: string): readonly string[] {
  if (text === "") return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  else lines.push("\\ no newline at the end of the file");
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  const same = (text: string): Line => ({ mark: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** Longest common subsequence by table; the middles of real edits are short. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const removals = before.map((text): Line => ({ mark: "-", text }));
  const additions = after.map((text): Line => ({ mark: "+", text }));
  if (before.length === 0 || after.length === 0 || before.length * after.length > MAX_TABLE_CELLS) {
    return [...removals, ...additions];
  }
  const width = after.length + 1;
  const table = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) => table[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      table[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const removed = before[row];
    const added = after[column];
    if (removed !== undefined && removed === added) {
      lines.push({ mark: " ", text: removed });
      row++;
      column++;
    } else if (removed !== undefined && (added === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ mark: "-", text: removed });
      row++;
    } else {
      lines.push({ mark: "+", text: added ?? "" });
      column++;
    }
  }
  return lines;
}
