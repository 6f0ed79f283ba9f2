/** Why a release could not be installed, and what to do about it. */
export class ReleaseProblem extends Error {
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}
