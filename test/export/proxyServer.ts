/** A forward proxy: CONNECT tunnels and absolute-form requests, with optional Basic authentication. */

import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

export interface ProxyServer {
  /** Without user-info. */
  readonly host: string;
  /** One line per request: method, target, decoded credentials. */
  readonly log: string[];
  readonly stop: () => void;
}

/** Starts a proxy. Every tunnel ends at `upstream` on loopback, whatever its host, so names need not resolve. */
export async function startProxy(upstream: number, credentials?: string): Promise<ProxyServer> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const admitted = (header: string | undefined): boolean => {
    const given = Buffer.from(header?.replace(/^Basic /, "") ?? "", "base64").toString();
    return credentials === undefined || given === credentials;
  };
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    response.statusCode = admitted(request.headers["proxy-authorization"]) ? 200 : 407;
    response.end("from the proxy");
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.on("connect", (request, client: Socket, head: Buffer) => {
    log.push(`CONNECT ${request.url}`);
    if (!admitted(request.headers["proxy-authorization"])) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (upstream === 0) {
      client.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const tunnel = connect(upstream, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      tunnel.write(head);
      tunnel.pipe(client);
      client.pipe(tunnel);
    });
    sockets.add(tunnel);
    tunnel.on("error", () => client.destroy());
    client.on("error", () => tunnel.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    log,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
