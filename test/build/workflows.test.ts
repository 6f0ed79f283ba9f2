import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, ".github/workflows");

const permissions = v.record(v.string(), v.picklist(["read", "write"]));

const step = v.looseObject({
  uses: v.optional(v.string()),
  run: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string())),
});

const workflow = v.strictObject({
  name: v.string(),
  on: v.record(v.string(), v.unknown()),
  permissions,
  concurrency: v.optional(v.unknown()),
  jobs: v.record(
    v.string(),
    v.looseObject({
      needs: v.optional(v.union([v.string(), v.array(v.string())])),
      uses: v.optional(v.string()),
      "timeout-minutes": v.optional(v.number()),
      permissions: v.optional(permissions),
      steps: v.optional(v.array(step)),
    }),
  ),
});

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const parsed = v.parse(workflow, Bun.YAML.parse(readFileSync(join(FOLDER, name), "utf8")));
  const jobs = Object.entries(parsed.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  test("may only read, but where a job says more", () => {
    expect(parsed.permissions).toEqual({ contents: "read" });
  });

  test("every job has an end, and needs only jobs that there are", () => {
    for (const [job, { needs = [], uses, "timeout-minutes": minutes }] of jobs) {
      expect({ job, ends: uses !== undefined || minutes !== undefined }).toEqual({ job, ends: true });
      for (const need of [needs].flat()) expect(Object.keys(parsed.jobs)).toContain(need);
    }
  });

  test("every step either uses a versioned action or runs a command", () => {
    for (const { uses, run } of steps) {
      expect([uses, run].filter((one) => one !== undefined).length).toBe(1);
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
    }
  });

  test("commands name scripts and files that exist, and no expression is pasted into them", () => {
    for (const { run = "" } of steps) {
      expect(run).not.toContain("${{");
      for (const [, script = ""] of run.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
      for (const [path] of run.matchAll(/\b(?:build|test)\/[\w./-]+/g)) {
        expect({ path, exists: existsSync(join(ROOT, path)) }).toEqual({ path, exists: true });
      }
    }
  });
});

describe("release.yml", () => {
  const { jobs } = v.parse(workflow, Bun.YAML.parse(readFileSync(join(FOLDER, "release.yml"), "utf8")));
  const secrets = (job: string) =>
    JSON.stringify(jobs[job])
      .match(/secrets\.\w+/g)
      ?.map((secret) => secret.slice("secrets.".length)) ?? [];

  test("the signing key is seen by the build alone, under the name that it asks for", () => {
    expect(secrets("build")).toEqual(["HARNESS_TRACING_RELEASE_KEY"]);
    for (const job of Object.keys(jobs)) if (job !== "build") expect(secrets(job)).toEqual([]);
    const sign = readFileSync(join(ROOT, "build/release-sign.ts"), "utf8");
    expect(sign).toContain('"HARNESS_TRACING_RELEASE_KEY"');
  });

  test("nothing is published that was not tested, built, signed and tried first", () => {
    const before = (job: string): string[] => {
      const needs = [jobs[job]?.needs ?? []].flat();
      return [...needs, ...needs.flatMap(before)];
    };
    for (const job of ["publish", "npm"]) {
      expect(before(job)).toEqual(expect.arrayContaining(["ci", "build", "try", "try-windows"]));
    }
  });

  test("only publishing may write to the repository", () => {
    const writing = Object.entries(jobs).filter(([, job]) => job.permissions?.contents === "write");
    expect(writing.map(([name]) => name)).toEqual(["publish"]);
  });
});
