/**
 * `bun run bench [section…] [--samples n]`: runs every file in `sections/` (or the named ones) and prints one table.
 * Exit code 1 when a budget is broken.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Row, Section } from "./section.ts";

const DEFAULT_SAMPLES = 200;

const FOLDER = join(import.meta.dir, "sections");

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { samples: { type: "string", default: String(DEFAULT_SAMPLES) } },
  allowPositionals: true,
});
const samples = Number(values.samples);
const present = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();
const unknown = positionals.filter((name) => !present.includes(name));
if (unknown.length > 0 || !Number.isInteger(samples) || samples < 1) {
  console.error(`Usage: bun run bench [${present.join("|")}] [--samples n]`);
  process.exit(2);
}

let broken = 0;
for (const name of positionals.length > 0 ? positionals : present) {
  const { section } = (await import(join(FOLDER, `${name}.ts`))) as { readonly section: Section };
  const rows = await section.run({ samples });
  print(section.title, rows);
  broken += rows.filter((row) => row.ok === false).length;
}
console.log(broken === 0 ? "All budgets kept." : `${broken} budgets broken.`);
process.exitCode = broken === 0 ? 0 : 1;

function print(title: string, rows: readonly Row[]): void {
  const width = (pick: (row: Row) => string) => Math.max(0, ...rows.map((row) => Bun.stringWidth(pick(row))));
  const measure = width((row) => row.measure);
  const value = width((row) => row.value);
  const budget = width((row) => row.budget ?? "");
  console.log(`\n${title}`);
  for (const row of rows) {
    const verdict = row.ok === undefined ? "" : row.ok ? "kept" : "BROKEN";
    const cells = [row.measure.padEnd(measure), row.value.padStart(value), (row.budget ?? "").padEnd(budget), verdict];
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
  console.log("");
}
