/** The files that a program is published as. */

import { createHash } from "node:crypto";
import { programFile } from "../src/setup/program.ts";
import type { Asset } from "../src/update/manifest.ts";
import type { Target } from "./targets.ts";

/** How hard to compress. `quick` is for trying a release out. */
export type Effort = "best" | "quick";

// libdeflate's highest level is 2.5 % smaller than zlib's; zstd's highest 20 % smaller than either.
const GZIP_LEVEL = { best: 12, quick: 1 } as const;
const ZSTD_LEVEL = { best: 22, quick: 1 } as const;

const TAR_BLOCK = 512;
const MODE = "0000755";

/** An asset with its content. */
export interface PackedAsset {
  readonly asset: Asset;
  readonly content: Uint8Array;
}

/**
 * A program as every installer can unpack it, and as the smallest download. gzip is everywhere (Windows has only `tar`,
 * which wants an archive around it); zstd is what `update` takes, and `install.sh` where the machine has it.
 */
export async function pack(
  target: Target,
  program: Uint8Array<ArrayBuffer>,
  effort: Effort,
): Promise<readonly PackedAsset[]> {
  const archive = target.extension === ".exe" ? tarOf(programFile("win32"), program) : program;
  const gzip = Bun.gzipSync(archive, { library: "libdeflate", level: GZIP_LEVEL[effort] });
  const zstd = await Bun.zstdCompress(program, { level: ZSTD_LEVEL[effort] });
  return [
    packed(target.name, target.extension === ".exe" ? "tar.gz" : "gz", gzip, program),
    packed(target.name, "zst", zstd, program),
  ];
}

function packed(target: string, format: Asset["format"], content: Uint8Array, program: Uint8Array): PackedAsset {
  const asset: Asset = {
    target,
    format,
    file: `harness-tracing-${target}.${format}`,
    size: content.length,
    sha256: sha256(content),
    program_size: program.length,
    program_sha256: sha256(program),
  };
  return { asset, content };
}

/** SHA-256, hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A ustar archive with one executable file and no time, so that equal programs make equal archives. */
function tarOf(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(TAR_BLOCK);
  const field = (text: string, at: number) => header.write(text, at, "latin1");
  field(name, 0);
  field(`${MODE}\0`, 100);
  field("0000000\0", 108);
  field("0000000\0", 116);
  field(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  field("00000000000\0", 136);
  field(" ".repeat(8), 148);
  field("0", 156);
  field("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  field(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const size = TAR_BLOCK + Math.ceil(content.length / TAR_BLOCK) * TAR_BLOCK + 2 * TAR_BLOCK;
  const archive = new Uint8Array(size);
  archive.set(header, 0);
  archive.set(content, TAR_BLOCK);
  return archive;
}
