import type { Writable } from 'node:stream';
import { TerminalOutput } from '../../../lib/visible.ts';
import type { Piece } from './output-joiner.ts';

/** Takes what nodes print, in order; a promise asks for patience. */
export interface OutputSink {
  piece(node: string, stream: Piece['stream'], data: Uint8Array): void | Promise<void>;
  /** The node prints no more. */
  end(node: string): void | Promise<void>;
}

/** Writes and, where the other side is slow, waits until it has taken it. A side that has gone is not waited for. */
export async function writeTo(stream: Writable, data: Uint8Array | string): Promise<void> {
  if (stream.destroyed || stream.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ENDS) stream.off(event, done);
      resolve();
    };
    for (const event of ENDS) stream.on(event, done);
  });
}

const ENDS = ['drain', 'close', 'error'] as const;

/**
 * The bytes as they are: what the command prints on stdout goes to stdout, and on stderr to stderr. A terminal gets their
 * text without what could do something to it.
 */
export function createRawSink(streams: Record<Piece['stream'], Writable>): OutputSink {
  const shown = new Map<Writable, TerminalOutput>();
  for (const stream of [streams.stdout, streams.stderr])
    if ((stream as { isTTY?: boolean }).isTTY === true) shown.set(stream, new TerminalOutput());
  return {
    piece: (_node, name, data) => {
      const stream = streams[name];
      return writeTo(stream, shown.get(stream)?.push(data) ?? data);
    },
    end: async () => {
      for (const [stream, output] of shown) await writeTo(stream, output.end());
    },
  };
}

/** Several sinks, one after the other. */
export function createTee(sinks: readonly OutputSink[]): OutputSink {
  const [first, ...more] = sinks;
  if (first !== undefined && more.length === 0) return first;
  return {
    async piece(node, stream, data) {
      for (const sink of sinks) await sink.piece(node, stream, data);
    },
    async end(node) {
      for (const sink of sinks) await sink.end(node);
    },
  };
}
