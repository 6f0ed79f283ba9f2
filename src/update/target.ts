/** Which of a release's programs this one is. */

/** Put in by the build (`build/compile.ts`); absent when the program runs from source. */
declare const BUILD_TARGET: string | undefined;

/** `linux-x64-musl` …: the target that this program was compiled for, which evidently runs here. */
export function ownTarget(): string | undefined {
  return typeof BUILD_TARGET === "string" ? BUILD_TARGET : undefined;
}
