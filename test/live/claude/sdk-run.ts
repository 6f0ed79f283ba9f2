/** One query with the Agent SDK. argv: path of the SDK's module, prompt, options (JSON); `callbacks` adds in-process hooks. */

const [sdk = "", words = "", json = "{}", callbacks] = process.argv.slice(2);
const { query } = (await import(sdk)) as { query: (input: object) => AsyncIterable<unknown> };

const watched = ["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"];
const tell = (event: string) => async () => {
  console.log(`callback ${event}`);
  return {};
};
const hooks = Object.fromEntries(watched.map((event) => [event, [{ hooks: [tell(event)] }]]));
const options = { ...(JSON.parse(json) as object), ...(callbacks === "callbacks" ? { hooks } : {}) };
for await (const message of query({ prompt: words, options })) console.log(JSON.stringify(message));

export {};
