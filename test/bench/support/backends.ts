/** Backends in every state that a delivery can meet, all on the loopback interface. */

import { connect, type Socket } from "node:net";

/** A backend and how to end it. */
export interface Backend {
  readonly name: string;
  readonly url: string;
  readonly stop: () => void;
}

/** How long a connection may take on a machine's own loopback before it counts as dropped, in ms. */
const CONNECT_MS = 300;

/** More connections than a listener's queue takes, whatever backlog the runtime asks for. */
const FILLERS = 5_000;

/** Answers every request with 200. */
export function up(): Backend {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  return { name: "up", url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
}

/** Nobody listens. */
export function refused(): Backend {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const url = `http://127.0.0.1:${server.port}`;
  server.stop(true);
  return { name: "refused", url, stop: () => {} };
}

/** Accepts and never answers. */
export function hanging(): Backend {
  const server = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data: () => {} } });
  return { name: "hanging", url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

/**
 * Drops connection attempts: a stopped process whose queue of connections is full, so that the kernel answers nobody.
 * @throws when the queue cannot be filled on this system
 */
export async function blackHoled(): Promise<Backend> {
  const script = `
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      require("node:fs").writeSync(1, server.address().port + "\\n");
      process.kill(process.pid, "SIGSTOP");
    });`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  const fillers: Socket[] = [];
  const stop = () => {
    for (const socket of fillers) socket.destroy();
    child.kill("SIGKILL");
  };
  for (let i = 0; i < FILLERS; i++) {
    const socket = connect({ port, host: "127.0.0.1" });
    fillers.push(socket);
    if (!(await connected(socket))) return { name: "black-holed", url: `http://127.0.0.1:${port}`, stop };
  }
  stop();
  throw new Error(`Port ${port} took ${FILLERS} connections although its process is stopped`);
}

function connected(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECT_MS);
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
