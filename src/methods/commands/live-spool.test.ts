import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settle } from '../../../test/support/manual-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import type { OutputPiece } from '../../message/output.ts';
import { LiveSpool } from './live-spool.ts';
import { Spool } from './spool.ts';
import { SpooledOutput } from './spooled-output.ts';

const KB = 1024;

/** A spool whose output is sent; `tick` lets a quarter of a second go by. */
async function start(t: TestContext) {
  const { path } = await tempFolder(t);
  const spool = new Spool({ spoolFolder: path });
  t.after(() => spool[Symbol.dispose]());
  const [out, err] = (['out', 'err'] as const).map((kind) => new SpooledOutput(spool, kind).keepInFile());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: OutputPiece[] = [];
  const room = { left: Number.POSITIVE_INFINITY, pieceBytes: Number.POSITIVE_INFINITY, leaves: Infinity };
  const outputs = { stdout: out!, stderr: err! };
  const live = new LiveSpool(outputs, {
    hasRoom: () => room.left > 0,
    pieceBytes: () => room.pieceBytes,
    leaves: (bytes) => bytes > room.leaves,
    send: async (pieces) => {
      room.left--;
      told.push(...pieces);
    },
  });
  const tick = async () => {
    t.mock.timers.tick(250);
    await settle();
  };
  const sizes = () => told.splice(0).map(({ stream, offset, data }) => [stream, offset, data.length]);
  return { live, out: outputs.stdout, err: outputs.stderr, told, room, tick, sizes };
}

test('what is new is told, of both streams, byte for byte', async (t) => {
  const { live, out, err, told, tick } = await start(t);
  await tick();
  assert.deepEqual(told, [], 'nothing is said of nothing');
  await out.add(Uint8Array.of(0, 0xff, 10));
  await tick();
  await out.add(Buffer.from('more'));
  await err.add(Buffer.from('error'));
  await tick();
  const texts = told.map(({ stream, offset, data }) => [
    stream,
    offset,
    Buffer.from(data).toString('latin1'),
  ]);
  assert.deepEqual(texts, [
    ['stdout', 0, '\0\xff\n'],
    ['stdout', 3, 'more'],
    ['stderr', 0, 'error'],
  ]);
  await live.finish(0);
});

test('much output goes in pieces of 64 KB, and stays where it is while others wait to be sent', async (t) => {
  const { live, out, room, tick, sizes } = await start(t);
  room.left = 2;
  await out.add(Buffer.alloc(200 * KB));
  await tick();
  await tick();
  assert.deepEqual(sizes(), [
    ['stdout', 0, 64 * KB],
    ['stdout', 64 * KB, 64 * KB],
  ]);
  room.left = 1;
  await tick();
  assert.deepEqual(sizes(), [['stdout', 128 * KB, 64 * KB]]);
  [room.left, room.pieceBytes] = [1, 5 * KB];
  await tick();
  assert.deepEqual(sizes(), [['stdout', 192 * KB, 5 * KB]]);
  await live.finish(0);
  assert.deepEqual(sizes(), [], 'the rest of stdout comes with the reply');
});

test('at the end all of stderr is told but for what is in its tail, whether there is room or not', async (t) => {
  const { live, err, room, sizes } = await start(t);
  room.left = 0;
  await err.add(Buffer.alloc(100 * KB));
  await live.finish(4 * KB);
  assert.deepEqual(sizes(), [
    ['stderr', 0, 64 * KB],
    ['stderr', 64 * KB, 36 * KB],
  ]);
});

test('at the end all stays in its files where that is wanted', async (t) => {
  const { live, out, err, room, sizes } = await start(t);
  [room.left, room.leaves] = [0, 29 * KB];
  await out.add(Buffer.alloc(20 * KB));
  await err.add(Buffer.alloc(10 * KB));
  assert.equal(await live.finish(4 * KB), true);
  assert.deepEqual(sizes(), []);
});

test('nothing is told any more once a command could not be started', async (t) => {
  const { live, out, told, tick } = await start(t);
  live[Symbol.dispose]();
  await out.add(Buffer.from('late'));
  await tick();
  assert.deepEqual(told, []);
});
