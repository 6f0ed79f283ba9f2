/** What a file in `sections/` offers to the benchmark's runner, as `section`. */

/** One measured figure. */
export interface Row {
  /** What was measured. */
  readonly measure: string;
  /** The figure with its unit, as it is printed. */
  readonly value: string;
  /** The bound it must keep, as it is printed; absent for figures that are only told. */
  readonly budget?: string;
  /** False when the bound is broken: the benchmark then fails. */
  readonly ok?: boolean;
}

/** How much to measure. */
export interface BenchOptions {
  /** Samples per figure. */
  readonly samples: number;
}

/** A group of figures. */
export interface Section {
  readonly title: string;
  readonly run: (options: BenchOptions) => Promise<readonly Row[]>;
}
