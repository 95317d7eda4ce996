import { createLineSink } from './line-sink.ts';
import { writeTo } from './output-sink.ts';
import { bytesAsJson, runResult } from './run-result.ts';
import type { RunView, ViewOptions } from './view.ts';

/** Prints one JSON value at the end, with all output in it. */
export function createJsonView({ call, tracker, batch, label }: ViewOptions): RunView {
  const outputs = new Map<string, { stdout: Uint8Array[]; stderr: Uint8Array[] }>();
  return {
    sink: {
      piece(node, stream, data) {
        const both = outputs.get(node) ?? { stdout: [], stderr: [] };
        both[stream].push(data);
        outputs.set(node, both);
      },
      end: () => {},
    },
    changed: () => {},
    note: (text) => void call.stderr.write(`steward: ${text}\n`),
    async finish(end) {
      const outputOf = (node: string) => {
        const { stdout, stderr } = outputs.get(node) ?? { stdout: [], stderr: [] };
        return { stdout: bytesAsJson(Buffer.concat(stdout)), stderr: bytesAsJson(Buffer.concat(stderr)) };
      };
      const result = runResult({ batch, label }, { tracker, end, outputOf });
      await writeTo(call.stdout, `${JSON.stringify(result, undefined, 2)}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}

/** Prints a line of JSON for each line of output and each change, and one for the whole at the end. */
export function createJsonLinesView({ call, tracker, batch, label }: ViewOptions): RunView {
  const print = (value: object) => writeTo(call.stdout, `${JSON.stringify(value)}\n`);
  return {
    sink: createLineSink(({ node, stream, bytes }) =>
      print({ type: 'line', node, stream, line: bytesAsJson(bytes) }),
    ),
    changed(requests) {
      for (const request of requests) void print({ type: 'request', ...request });
    },
    note: (text) => void call.stderr.write(`steward: ${text}\n`),
    async finish(end) {
      const { nodes, ...whole } = runResult({ batch, label }, { tracker, end, outputOf: () => ({}) });
      for (const one of nodes) if (one.request?.endedAt == null) await print({ type: 'open', ...one });
      await print({ type: 'end', ...whole });
    },
    [Symbol.dispose]: () => {},
  };
}
