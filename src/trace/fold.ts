/** The shared fold. STUB of the interface; the implementation is being written. */

import type { Fact } from "./facts.ts";
import type { FinishedNode } from "./node.ts";

/** JSON-serialisable. */
export interface FoldState {
  readonly v: 1;
}

export interface Folded {
  readonly state: FoldState;
  /** Nodes that became final, each exactly once per state lineage, parents not necessarily first. */
  readonly nodes: readonly FinishedNode[];
  /** Epoch ms at which the fold wants a `tick` fact (quiet time of an ended turn, sweep of a dead one). */
  readonly wakeAt: number | undefined;
  /** True while an end was claimed by a hook and the history has not caught up: read the history again soon. */
  readonly awaitsHistory: boolean;
}

export function initialFold(): FoldState {
  return { v: 1 };
}

/** Pure reducer: every split of `facts` gives the same nodes and the same final state. */
export function fold(state: FoldState, _facts: readonly Fact[]): Folded {
  return { state, nodes: [], wakeAt: undefined, awaitsHistory: false };
}
