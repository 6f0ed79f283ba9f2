/** A change of one file, as data: shown as a diff before it is written, kept for undo after. */
export interface FileChange {
  readonly path: string;
  /** Content now; undefined when the file does not exist. */
  readonly before: string | undefined;
  /** Content to be; undefined removes the file. */
  readonly after: string | undefined;
  /** Mode for a new file (an existing one keeps its own). */
  readonly mode?: number;
  /**
   * What undo puts back, where that is not `before`: registrations of a predecessor, and older ones of our own, are
   * replaced for good. `content` undefined removes the file.
   */
  readonly undo?: { readonly content: string | undefined };
}
