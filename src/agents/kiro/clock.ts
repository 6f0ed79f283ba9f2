/**
 * When things happened, as hooks saw it: the session files of CLI 2 have no times but those of prompts. Kept as a hint:
 * letters and numbers, never a text.
 */

/** What happened: a prompt, a tool began, a tool ended, the turn ended. */
export type Mark = "u" | "b" | "a" | "s";

/** Turns of which marks are kept. */
const TURNS_KEPT = 8;

/** Marks that are kept of them. */
const KEPT = 4000;

/** The marks of a turn, after its prompt's. */
export interface ClockTurn {
  readonly prompt: number;
  readonly marks: readonly { readonly mark: Mark; readonly at: number }[];
  /** When something proves that the turn is over. */
  readonly over?: number;
}

/** Adds marks of one moment. @param at epoch ms */
export function withMarks(clock: string | undefined, marks: readonly Mark[], at: number): string {
  const words = [...(clock ? clock.split(" ") : []), ...marks.map((mark) => `${mark}${at}`)];
  const prompts = words.flatMap((word, index) => (word.startsWith("u") ? [index] : []));
  return words
    .slice(prompts.at(-TURNS_KEPT) ?? 0)
    .slice(-KEPT)
    .join(" ");
}

/** The turns that a clock knows. */
export function turnsOf(clock: string | undefined): readonly ClockTurn[] {
  const turns: { prompt: number; marks: { mark: Mark; at: number }[]; over?: number }[] = [];
  for (const word of clock ? clock.split(" ") : []) {
    const mark = word[0] as Mark;
    const at = Number(word.slice(1));
    const last = turns.at(-1);
    if (mark === "u") {
      if (last) last.over ??= at;
      turns.push({ prompt: at, marks: [] });
    } else if (last) {
      last.marks.push({ mark, at });
      if (mark === "s") last.over = at;
    }
  }
  return turns;
}
