import { LineSplitter } from './line-splitter.ts';
import type { Piece } from './output-joiner.ts';
import type { OutputSink } from './output-sink.ts';

/** Takes a line of a node's output, without its line feed. */
export type TakeLine = (line: {
  readonly node: string;
  readonly stream: Piece['stream'];
  readonly bytes: Uint8Array;
}) => void | Promise<void>;

/** Makes whole lines of what nodes print, so that those of several nodes do not mix. */
export function createLineSink(take: TakeLine): OutputSink {
  const splitters = new Map<string, Record<Piece['stream'], LineSplitter>>();
  return {
    async piece(node, stream, data) {
      let both = splitters.get(node);
      if (both === undefined) {
        both = { stdout: new LineSplitter(), stderr: new LineSplitter() };
        splitters.set(node, both);
      }
      for (const bytes of both[stream].push(data)) await take({ node, stream, bytes });
    },
    async end(node) {
      const both = splitters.get(node);
      splitters.delete(node);
      for (const stream of ['stdout', 'stderr'] as const) {
        const bytes = both?.[stream].end();
        if (bytes !== undefined) await take({ node, stream, bytes });
      }
    },
  };
}
