import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRelease } from "../../build/release-files.ts";
import { KEY_VARIABLE, publicKeyOf, readPrivateKey, sshPublicKey, sshSignature } from "../../build/release-sign.ts";
import { TARGETS } from "../../build/targets.ts";
import { parseManifest } from "../../src/update/manifest.ts";
import { RELEASE_PUBLIC_KEY, REPOSITORY, SIGNATURE_NAMESPACE } from "../../src/update/release.ts";
import { isSigned } from "../../src/update/signature.ts";
import { builtProgram } from "../support/program.ts";
import { TEST_KEY } from "../support/release-key.ts";

const ROOT = join(import.meta.dir, "../..");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-release-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = new Uint8Array(Buffer.from("program ".repeat(1000)));

async function release(name: string, effort: "best" | "quick" = "best"): Promise<string> {
  const path = join(folder, name);
  const input = { version: "1.2.3", targets: TARGETS, program: async () => program, key: TEST_KEY, effort };
  await writeRelease(input, path);
  return path;
}

const text = (path: string) => readFileSync(path, "utf8");
const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

test("every target has an asset that its installer unpacks, and the smallest one for updates", async () => {
  const { version, assets } = parseManifest(text(join(await release("a"), "release.json")));
  expect(version).toBe("1.2.3");
  for (const { name } of TARGETS) {
    const formats = assets.filter(({ target }) => target === name).map(({ format }) => format);
    expect([...formats]).toEqual([name.startsWith("windows") ? "tar.gz" : "gz", "zst"]);
  }
});

test("manifest and SHA256SUMS say what the files are", async () => {
  const path = await release("a");
  const { assets } = parseManifest(text(join(path, "release.json")));
  for (const { file, size, sha256, program_size, program_sha256 } of assets) {
    expect(readFileSync(join(path, file)).length).toBe(size);
    expect(hash(join(path, file))).toBe(sha256);
    expect({ program_size, program_sha256 }).toEqual({
      program_size: program.length,
      program_sha256: createHash("sha256").update(program).digest("hex"),
    });
  }
  const sums = text(join(path, "SHA256SUMS")).trim().split("\n");
  expect(sums).toHaveLength(assets.length + 1);
  for (const line of sums) expect(line).toBe(`${hash(join(path, line.slice(66)))}  ${line.slice(66)}`);
});

test("the files unpack to the program with the tools that the installers use", async () => {
  const path = await release("a");
  const unpacked = (...command: string[]) => new Uint8Array(Bun.spawnSync(command).stdout);
  expect(unpacked("gzip", "-dc", join(path, "harness-tracing-linux-x64.gz"))).toEqual(program);
  expect(unpacked("tar", "-xzOf", join(path, "harness-tracing-windows-x64.tar.gz"))).toEqual(program);
  expect(new Uint8Array(Bun.zstdDecompressSync(readFileSync(join(path, "harness-tracing-linux-x64.zst"))))).toEqual(
    program,
  );
  const listed = Bun.spawnSync(["tar", "-tvzf", join(path, "harness-tracing-windows-x64.tar.gz")]).stdout.toString();
  expect(listed).toMatch(/^-rwxr-xr-x .* 8000 .* harness-tracing\.exe\n$/);
});

test("two releases of the same programs are equal, byte for byte", async () => {
  const [one, other] = [await release("a"), await release("b")];
  expect(readdirSync(one)).toEqual(readdirSync(other));
  for (const file of readdirSync(one)) expect(hash(join(one, file))).toBe(hash(join(other, file)));
});

describe("signatures", () => {
  test("hold for the manifest and the key, and for nothing else", async () => {
    const path = await release("a");
    const manifest = readFileSync(join(path, "release.json"));
    const signature = readFileSync(join(path, "release.json.sig"));
    const key = publicKeyOf(TEST_KEY);
    expect(isSigned(manifest, signature, key)).toBe(true);
    expect(isSigned(Buffer.concat([manifest, Buffer.from(" ")]), signature, key)).toBe(false);
    expect(isSigned(manifest, signature, publicKeyOf(generateKeyPairSync("ed25519").privateKey))).toBe(false);
    expect(isSigned(manifest, signature.subarray(1), key)).toBe(false);
    expect(isSigned(manifest, Buffer.alloc(64), key)).toBe(false);
    expect(isSigned(manifest, signature, "")).toBe(false);
  });

  test("ssh-keygen takes the one that is made for it, and no other namespace", () => {
    const message = "message\n";
    writeFileSync(join(folder, "signature"), sshSignature(message, TEST_KEY));
    writeFileSync(join(folder, "signers"), `me ssh-ed25519 ${sshPublicKey(publicKeyOf(TEST_KEY))}\n`);
    const verify = (namespace: string, input: string) =>
      Bun.spawnSync(["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "me", "-n", namespace, "-s", "signature"], {
        cwd: folder,
        stdin: Buffer.from(input),
      }).exitCode;
    expect(verify(SIGNATURE_NAMESPACE, message)).toBe(0);
    expect(verify(SIGNATURE_NAMESPACE, "other\n")).not.toBe(0);
    expect(verify("file", message)).not.toBe(0);
  });

  test("the private key comes as PEM or base64; a bad one is refused without being quoted", () => {
    const pem = TEST_KEY.export({ format: "pem", type: "pkcs8" }).toString();
    for (const form of [pem, pem.replaceAll("\n", "\\n"), pem.split("\n")[1] ?? ""]) {
      expect(publicKeyOf(readPrivateKey(form))).toBe(publicKeyOf(TEST_KEY));
    }
    const rsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const bad of ["c2VjcmV0", rsa.export({ format: "pem", type: "pkcs8" }).toString()]) {
      expect(() => readPrivateKey(bad)).toThrow(`${KEY_VARIABLE} is not an Ed25519 private key in PKCS#8 form`);
    }
  });
});

test("program and installers carry the same keys and addresses", () => {
  const shell = text(join(ROOT, "install.sh"));
  const batch = text(join(ROOT, "install.bat"));
  expect(Buffer.from(RELEASE_PUBLIC_KEY, "base64")).toHaveLength(32);
  expect(RELEASE_PUBLIC_KEY).not.toBe(publicKeyOf(TEST_KEY));
  for (const [name, value] of Object.entries({
    repository: REPOSITORY,
    public_key: RELEASE_PUBLIC_KEY,
    ssh_public_key: sshPublicKey(RELEASE_PUBLIC_KEY),
  })) {
    expect(shell).toContain(`\n${name}=${value}\n`);
    expect(batch).toContain(`\r\nset "${name.toUpperCase()}=${value}"\r\n`);
  }
  expect(shell).toContain(`\nsignature_namespace=${SIGNATURE_NAMESPACE}\n`);
});

test("without the private key, or with another one, no release is built", async () => {
  const run = async (env: Readonly<Record<string, string>>) => {
    const child = Bun.spawn([process.execPath, join(ROOT, "build/release.ts"), "--target", "linux-x64"], {
      env: { PATH: "/usr/bin:/bin", ...env },
      stdout: "ignore",
      stderr: "pipe",
    });
    return `${await child.exited} ${await child.stderr.text()}`;
  };
  expect(await run({})).toContain(`2 ${KEY_VARIABLE} is not set`);
  const pem = TEST_KEY.export({ format: "pem", type: "pkcs8" }).toString();
  expect(await run({ [KEY_VARIABLE]: pem })).toContain("is not the key whose public half is in src/update/release.ts");
});

test("the tests' key is not in the program", async () => {
  const content = readFileSync(await builtProgram());
  expect(content.includes(publicKeyOf(TEST_KEY))).toBe(false);
  expect(content.includes(RELEASE_PUBLIC_KEY)).toBe(true);
}, 120_000);
