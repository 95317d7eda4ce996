import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForEnd } from '../test/support/fleet.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { hashAndWriteLimit } from './limits/run-limit.ts';

/** One copy from central to ship1, compared with the same work done by one process. */
export interface CopyRun {
  readonly bytesPerSecond: number;
  readonly limitBytesPerSecond: number;
  readonly peakMb: { readonly source: number; readonly target: number };
}

const BLOCK_BYTES = 1024 * 1024;

/** Copies a file of a size in bytes, and before it does the same without nodes. */
export async function measureCopy(bytes: number): Promise<CopyRun> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const ship1 = await fleet.startShip();
  const source = join(central.folder, 'source');
  const target = join(ship1.folder, 'target');
  await writeNoise(source, bytes);
  const limitBytesPerSecond = await hashAndWriteLimit(source, join(ship1.folder, 'limit'));
  const before = performance.now();
  const answer = await central.submit([
    { toNode: 'central', method: 'REQCopyFileFrom', methodArgs: [source, 'ship1', target] },
  ]);
  expectAllAccepted(answer);
  const row = await waitForEnd(central, (answer.accepted as { id: string }[])[0]!.id, 600_000);
  const seconds = (performance.now() - before) / 1000;
  const { size } = await stat(target);
  if (row.state !== 'succeeded' || size !== bytes) throw new Error(`the copy ${row.state}: ${row.reason}`);
  const megabytes = async (peak: Promise<number>) => (await peak) / 1024 / 1024;
  return {
    bytesPerSecond: bytes / seconds,
    limitBytesPerSecond,
    peakMb: {
      source: await megabytes(central.peakRssBytes()),
      target: await megabytes(ship1.peakRssBytes()),
    },
  };
}

/** A file without two equal blocks, made by a cheap generator. */
async function writeNoise(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w');
  const block = new Uint32Array(BLOCK_BYTES / 4);
  let state = 1;
  for (let written = 0; written < bytes; written += BLOCK_BYTES) {
    for (let index = 0; index < block.length; index++) {
      state = Math.imul(state, 1664525) + 1013904223;
      block[index] = state;
    }
    await file.write(new Uint8Array(block.buffer), 0, Math.min(BLOCK_BYTES, bytes - written));
  }
}
