/** A real OpenTelemetry Collector, built with its own builder: OTLP/HTTP in, a file of OTLP/JSON lines out. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, CACHE, freePort, run, startBackend } from "./process.ts";

/** The version of the builder and of both components. */
export const COLLECTOR_VERSION = "0.158.0";

const MANIFEST = `dist:
  name: otelcol
  output_path: ./otelcol-${COLLECTOR_VERSION}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v${COLLECTOR_VERSION}
exporters:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter v${COLLECTOR_VERSION}
`;

/** Builds the Collector once. @returns its path. @throws when Go or the modules cannot be had */
export async function buildCollector(): Promise<string> {
  const program = join(CACHE, `otelcol-${COLLECTOR_VERSION}/otelcol`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  console.log(`building the OpenTelemetry Collector ${COLLECTOR_VERSION} …`);
  writeFileSync(join(CACHE, "builder.yaml"), MANIFEST);
  const bin = join(CACHE, `builder-${COLLECTOR_VERSION}`);
  await run(["go", "install", `go.opentelemetry.io/collector/cmd/builder@v${COLLECTOR_VERSION}`], { GOBIN: bin });
  await run([join(bin, "builder"), "--config=builder.yaml"]);
  return program;
}

/** A running Collector and the file that it writes. */
export interface Collector extends Backend {
  readonly file: string;
}

/** Starts the Collector on loopback. It writes what it receives without delay. */
export async function startCollector(program: string, folder: string, port?: number): Promise<Collector> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "traces.jsonl");
  const listen = port ?? (await freePort());
  const config = join(folder, "config.yaml");
  writeFileSync(
    config,
    `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${listen}
exporters:
  file:
    path: ${file}
    append: true
    flush_interval: 50ms
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [file]
`,
  );
  const url = `http://127.0.0.1:${listen}`;
  return { ...(await startBackend([program, `--config=${config}`], folder, {}, url, [404])), file };
}
