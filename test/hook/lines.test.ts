import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { eachLine } from "../../src/hook/lines.ts";

const UTF8 = new TextEncoder();

function streamOf(chunks: readonly Uint8Array[], failure?: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (failure) controller.error(failure);
      else controller.close();
    },
  });
}

async function linesOf(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<string[]> {
  const lines: string[] = [];
  await eachLine(stream, maxBytes, (line) =>
    lines.push(typeof line === "string" ? line : Buffer.from(line).toString()),
  );
  return lines;
}

test("however a text is cut into chunks, its lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), fc.array(fc.nat(), { maxLength: 6 }), async (text, cuts) => {
      const bytes = UTF8.encode(text);
      const points = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      const chunks = points.slice(1).map((end, i) => bytes.slice(points[i], end));
      const expected = text.split("\n").filter((line) => line !== "");
      expect(await linesOf(streamOf(chunks), 1_000_000)).toEqual(expected);
    }),
  );
});

test("a line that is too long is told once, and the lines around it come", async () => {
  const chunks = ["short\n0123", "456789", "0123456789\nafter\n", "0123456789tail"].map((text) => UTF8.encode(text));
  expect(await linesOf(streamOf(chunks), 10)).toEqual(["short", "too long", "after", "too long"]);
});

test("a stream that breaks off has ended", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  expect(await linesOf(stream, 10)).toEqual([]);
});
