import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { systemClock } from '../../lib/clock.ts';
import { CopySource } from './copy-source.ts';
import { IncomingCopies } from './incoming-copies.ts';
import type { Piece, PieceChannel } from './piece-channel.ts';
import { formatPlace, type PiecePlace, type SumsQuestion } from './piece-place.ts';
import { PieceSender } from './piece-sender.ts';

const SIZE = 2_000_000;

interface Way {
  readonly takesBlocks?: boolean;
  readonly tellsFine?: boolean;
  /** Hears of each piece before it arrives; false where it is lost. */
  onPiece?(piece: Piece, target: string): boolean | undefined;
}

/** Copies a file to where another one is, over a way that counts what passes. */
async function copyOver(t: TestContext, { old, content }: { old: Buffer; content: Buffer }, way: Way = {}) {
  const { path } = await tempFolder(t);
  const target = join(path, 'in/target');
  await mkdir(join(path, 'in'));
  await writeFile(target, old);
  await writeFile(join(path, 'source'), content);
  await using source = await CopySource.open(join(path, 'source'), { folder: path, id: 't1' });
  await using copies = new IncomingCopies({ folder: join(path, 'copies'), clock: systemClock });
  const { size: total, mode, identity } = source;
  const begin = () => copies.begin({ step: 'begin', transfer: 't1', target, total, mode, identity });
  await begin();
  const passed = { bytes: 0, sums: 0, stretches: 0, pieces: 0 };
  const signal = new AbortController().signal;
  const sender = new PieceSender(
    { transfer: 't1', toNode: 'ship1', longestPauseMs: 1000, patienceMs: 60_000, signal },
    {
      source,
      begin,
      progress: { reached: () => {} },
      clock: systemClock,
      openChannel: async (_, listener) => {
        let out: number[] = [];
        const give = (place: PiecePlace, piece: Piece & { sums?: SumsQuestion | undefined }) => {
          if (way.onPiece?.(piece, target) === false) return true;
          passed.bytes += piece.bytes.length + (piece.sums?.blocks?.length ?? 0);
          passed.pieces++;
          if (piece.have) passed.stretches++;
          copies.takePiece({
            ...piece,
            place: formatPlace(place),
            bytes: Buffer.from(piece.bytes),
            answer: (answer) => {
              passed.sums += answer.sums?.bytes.length ?? 0;
              setImmediate(() => listener.answered(answer));
            },
          });
          return true;
        };
        const channel: PieceChannel = {
          ...{ pieceBytes: 6000, overdueMs: 0, heldMs: 0, isFast: false },
          takesBlocks: way.takesBlocks !== false,
          tellsFine: way.tellsFine !== false,
          get outBytes() {
            return out.length * 6000;
          },
          findRoom: () => 15_000 - out.length * 6000,
          send: (place, piece, end) => {
            out.push(end);
            return give(place, piece);
          },
          ask: (place, sums) => void give(place, { bytes: new Uint8Array(0), sums }),
          arrived: (position) => {
            out = out.filter((end) => end > position);
          },
          forget: () => {
            out = [];
          },
          [Symbol.dispose]: () => {},
        };
        return channel;
      },
    },
  );
  await sender.run();
  await source.hashUpTo(total, signal);
  await copies.end({ transfer: 't1', sha256: await source.sha256(signal) });
  assert.ok(content.equals(await readFile(target)), 'the target has the file');
  return { ...passed, target };
}

function changed(old: Buffer): Buffer {
  const content = Buffer.concat([old.subarray(0, 900_000), randomBytes(333), old.subarray(900_000)]);
  randomBytes(20_000).copy(content, 300_000);
  return content;
}

test('of a file that is there in another version only the difference travels, and the sums of its blocks', async (t) => {
  const old = randomBytes(SIZE);
  const { bytes, sums, stretches } = await copyOver(t, { old, content: changed(old) });
  assert.ok(bytes < 30_000 && sums < 0.01 * SIZE, `${bytes} and ${sums} bytes`);
  assert.ok(stretches < 10, `${stretches} stretches`);
});

test('a node that does not name the word gets the whole, and nothing that it would not understand', async (t) => {
  const old = randomBytes(100_000);
  const isPlain = ({ cmp, have, ...more }: Piece) => !cmp && !have && !('sums' in more && more.sums);
  const way = {
    takesBlocks: false,
    onPiece: (piece: Piece) => {
      assert.ok(isPlain(piece));
      return undefined;
    },
  };
  assert.equal((await copyOver(t, { old, content: changed(old) }, way)).bytes, 100_333);
});

test('text is compressed on the way', async (t) => {
  const content = Buffer.from(randomBytes(200_000).toString('hex'));
  const { bytes } = await copyOver(t, { old: Buffer.from('x'), content });
  assert.ok(bytes < 0.6 * content.length, String(bytes));
});

test('what the target has no more, as another program wrote there meanwhile, is sent', async (t) => {
  const old = randomBytes(SIZE);
  let stretches = 0;
  const way: Way = {
    onPiece: ({ have }, target) => {
      // The sums are known: now most of what they tell of is not true any more.
      if (have && ++stretches === 1) writeFileSync(target, old.subarray(0, 250_000));
      return undefined;
    },
  };
  const { bytes } = await copyOver(t, { old, content: changed(old) }, way);
  assert.ok(bytes > SIZE / 2, String(bytes));
});

test('pieces and stretches that are lost on the way come again, and each byte once', async (t) => {
  const old = randomBytes(SIZE);
  let count = 0;
  const way: Way = { onPiece: () => ++count % 7 !== 3 };
  const { bytes } = await copyOver(t, { old, content: changed(old) }, way);
  assert.ok(bytes < 60_000, String(bytes));
});

test('of changes here and there little more travels than what is other: small blocks are compared where larger ones differ', async (t) => {
  const old = randomBytes(2_500_000);
  const content = Buffer.from(old);
  for (let at = 0; at < 25; at++) randomBytes(1000).copy(content, at * 100_000 + 777);
  const fine = await copyOver(t, { old, content });
  // A message and its answer take about 500 bytes more.
  const all = ({ bytes, sums, pieces }: typeof fine) => bytes + sums + 500 * pieces;
  assert.ok(all(fine) < 75_000, `${all(fine)}: ${JSON.stringify(fine)}`);
  const coarse = await copyOver(t, { old, content }, { tellsFine: false });
  assert.ok(all(coarse) > 1.2 * all(fine), `${all(coarse)}, ${all(fine)}: ${JSON.stringify(coarse)}`);
});
