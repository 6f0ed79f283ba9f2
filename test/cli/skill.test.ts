import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { AGENTS } from "../../src/agents/registry.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { SKILL_FILE, SKILL_NAME, SKILL_TEXT } from "../../src/skill/text.ts";
import { cli, program, temporaryHome } from "../support/cli.ts";
import { builtProgram } from "../support/program.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const home = () => temporary.home;
const file = () => `${home()}/.claude/skills/${SKILL_NAME}/SKILL.md`;
const run = (line: string) => cli(home(), line.split(" "));

describe("the text", () => {
  test("is printed as it is compiled in", async () => {
    expect(await run("skill show")).toEqual({ code: 0, out: SKILL_TEXT, err: "" });
  });

  test("names only commands and options that exist", () => {
    const calls = [...SKILL_TEXT.matchAll(/harness-tracing ([a-z]+)([^`\n|]*)/g)];
    expect(calls.length).toBeGreaterThan(15);
    for (const [call, name, rest = ""] of calls) {
      const command = COMMANDS.find((one) => one.name === name);
      // "harness-tracing turns sessions into" and "harness-tracing is not installed" are sentences.
      if (!command) {
        expect(["turns", "with", "sessions"]).toContain(name ?? "");
        continue;
      }
      for (const [, option = ""] of rest.matchAll(/--([a-z-]+)/g)) {
        expect({ call, known: option in command.options }).toEqual({ call, known: true });
      }
    }
  });

  test("has the front matter that agents demand, in the placed file too", () => {
    for (const text of [SKILL_TEXT, SKILL_FILE]) {
      const [, block = ""] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
      const front = Bun.YAML.parse(block) as { name: string; description: string };
      expect(Object.keys(front)).toEqual(["name", "description"]);
      expect(front.name).toBe(SKILL_NAME);
      expect(front.name).toMatch(/^[a-z0-9-]{1,64}$/);
      expect(front.description.length).toBeLessThanOrEqual(1024);
    }
  });

  test("the placed file leads to the program and says nothing that could grow old", () => {
    expect(SKILL_FILE).toContain("~/.arize/harness/bin/harness-tracing skill show");
    expect(SKILL_FILE).not.toContain("--target");
  });
});

describe("skill install", () => {
  test("places the file, twice is once, uninstall leaves nothing behind", async () => {
    const { code, out } = await run("skill install claude");
    expect(code).toBe(0);
    expect(out).toContain("✓ placed ~/.claude/skills/manage-harness-tracing/SKILL.md");
    expect(readFileSync(file(), "utf8")).toBe(SKILL_FILE);
    expect((await run("skill install claude")).out).toBe("Nothing to change.\n");
    expect((await run("skill uninstall claude")).code).toBe(0);
    expect(existsSync(`${home()}/.claude`)).toBe(false);
  });

  test("a dry run writes nothing", async () => {
    const { out } = await run("skill install claude --dry-run");
    expect(out).toContain("Nothing was changed (dry run).");
    expect(existsSync(file())).toBe(false);
  });

  test("a stranger's skill of that name stays, with a way out", async () => {
    mkdirSync(`${home()}/.claude/skills/${SKILL_NAME}`, { recursive: true });
    writeFileSync(file(), "mine");
    const { code, err } = await run("skill install claude");
    expect(code).toBe(1);
    expect(err).toContain("it exists and is not ours");
    expect(err).toContain(`move ${file()} away`);
    await run("skill uninstall claude");
    expect(readFileSync(file(), "utf8")).toBe("mine");
  });

  test("wrong calls are wrong usage", async () => {
    for (const line of ["skill", "skill remove claude", "skill install", "skill install nobody", "skill show claude"]) {
      expect({ line, code: (await run(line)).code }).toEqual({ line, code: 2 });
    }
  });
});

describe("install --with-skills", () => {
  let binary = "";
  beforeAll(async () => {
    binary = await builtProgram();
  }, 120_000);

  const compiled = (line: string) => program(binary, home(), line.split(" "));

  test("places the skill, a later installation renews it, uninstall takes it away", async () => {
    mkdirSync(`${home()}/.claude`);
    expect((await compiled("install claude --yes")).code).toBe(0);
    expect(existsSync(file())).toBe(false);
    expect((await compiled("install claude --yes --with-skills")).code).toBe(0);
    expect(readFileSync(file(), "utf8")).toBe(SKILL_FILE);
    writeFileSync(file(), `${SKILL_FILE}An older sentence.\n`);
    expect((await compiled("install claude --yes")).code).toBe(0);
    expect(readFileSync(file(), "utf8")).toBe(SKILL_FILE);
    expect((await compiled("uninstall claude --yes")).code).toBe(0);
    expect(readdirSync(`${home()}/.claude`)).toEqual([]);
  });
});

test("every agent that knows skills has a folder of its own or shares one; all of them come and go together", async () => {
  const agents = (await Promise.all(AGENTS.map(async (one) => ({ ...one, setup: (await one.load()).setup })))).filter(
    ({ setup }) => setup.skillFolder,
  );
  expect(agents.length).toBeGreaterThan(6);
  const names = agents.map(({ name }) => name).join(" ");
  expect((await run(`skill install ${names}`)).code).toBe(0);
  for (const { setup } of agents) {
    const folder = setup.skillFolder?.({
      home: home(),
      env: {},
      platform: "linux",
      program: "",
      version: async () => undefined,
    });
    expect(readFileSync(`${folder}/${SKILL_NAME}/SKILL.md`, "utf8")).toBe(SKILL_FILE);
  }
  expect((await run(`skill install ${names}`)).out).toBe("Nothing to change.\n");
  expect((await run(`skill uninstall ${names}`)).code).toBe(0);
  expect(readdirSync(home()).filter((name) => name !== ".arize")).toEqual([]);
});
