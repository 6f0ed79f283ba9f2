/** Codex's own app-server as a way to let Codex write its trust in our hooks: JSON lines over stdin and stdout, no login. */

/** Codex starts in well under a second; a cold disk takes longer. */
const TIMEOUT_MS = 20_000;

/** A hook as Codex lists it. */
interface ListedHook {
  readonly key: string;
  readonly command?: string | null;
  readonly currentHash: string;
  readonly trustStatus?: string;
}

/**
 * Has Codex trust hooks.
 * @param program path of Codex
 * @param folder any folder: user hooks are the same everywhere
 * @param chosen which of the hooks that Codex lists
 * @returns how many were trusted anew, or what went wrong
 */
export async function trustThroughCodex(
  program: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  chosen: (command: string) => boolean,
): Promise<{ readonly trusted: number } | { readonly problem: string }> {
  const server = Bun.spawn([program, "app-server"], {
    cwd: folder,
    env: { ...env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    timeout: TIMEOUT_MS,
    windowsHide: true,
  });
  try {
    const answers = linesOf(server.stdout);
    let id = 0;
    const call = async (method: string, params: unknown): Promise<unknown> => {
      id += 1;
      server.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
      await server.stdin.flush();
      for (;;) {
        const { value, done } = await answers.next();
        if (done) throw new Error(`Codex ended before it answered ${method}`);
        const answer = JSON.parse(value) as { id?: number; result?: unknown; error?: { message?: string } };
        if (answer.id !== id) continue;
        if (answer.error) throw new Error(`${method}: ${answer.error.message ?? "failed"}`);
        return answer.result;
      }
    };
    await call("initialize", { clientInfo: { name: "harness-tracing", title: "harness-tracing", version: "1" } });
    server.stdin.write(`${JSON.stringify({ method: "initialized" })}\n`);
    const pending = await ours(call, folder, chosen);
    if (pending.length === 0) return { trusted: 0 };
    const value = Object.fromEntries(pending.map(({ key, currentHash }) => [key, { trusted_hash: currentHash }]));
    await call("config/batchWrite", {
      edits: [{ keyPath: "hooks.state", value, mergeStrategy: "upsert" }],
      reloadUserConfig: true,
    });
    const left = await ours(call, folder, chosen);
    return left.length === 0
      ? { trusted: pending.length }
      : { problem: `Codex still does not trust ${left.length} hooks` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    server.kill();
    await server.exited;
  }
}

/** The chosen hooks that Codex does not trust yet. */
async function ours(
  call: (method: string, params: unknown) => Promise<unknown>,
  folder: string,
  chosen: (command: string) => boolean,
): Promise<readonly ListedHook[]> {
  const listed = (await call("hooks/list", { cwds: [folder] })) as { data?: { hooks?: ListedHook[] }[] };
  const hooks = (listed.data ?? []).flatMap((one) => one.hooks ?? []);
  return hooks.filter(
    ({ command, trustStatus }) => trustStatus !== "trusted" && trustStatus !== "managed" && command && chosen(command),
  );
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "");
  }
  return undefined;
}
