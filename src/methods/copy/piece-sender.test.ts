import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { CopySource } from './copy-source.ts';
import type { Piece } from './piece-channel.ts';
import type { PieceAnswer, PiecePlace } from './piece-place.ts';
import { PieceSender } from './piece-sender.ts';

const SIZE = 1_000_000;

interface Sent {
  readonly place: PiecePlace;
  readonly bytes: number;
}

/** A sender whose target is the test: it sees what is sent, and answers. */
async function setUp(
  t: TestContext,
  { patienceMs = 60_000, answers = true, clock = systemClock as Pick<Clock, 'after'> } = {},
) {
  const folder = await tempFolder(t);
  const path = join(folder.path, 'source');
  await writeFile(path, Buffer.alloc(SIZE, 'abc'));
  const source = await CopySource.open(path, { folder: folder.path, id: 't1' });
  t.after(() => source[Symbol.asyncDispose]());
  const stop = new AbortController();
  const sent: Sent[] = [];
  const target = { there: 0, isConnected: true, answers, begun: 0, isForgotten: false, heldMs: 0 };
  let answer: (answer: PieceAnswer | undefined) => void = () => {};
  const receive = (place: PiecePlace, bytes: number): PieceAnswer => {
    if (target.isForgotten) return { place, status: 'unknown' };
    if (place.offset > target.there) return { place: { ...place, offset: target.there }, status: 'gap' };
    if (place.offset === target.there) target.there += bytes;
    return { place: { ...place, offset: target.there }, status: 'accepted' };
  };
  const sender = new PieceSender(
    { transfer: 't1', toNode: 'ship1', longestPauseMs: 1000, patienceMs, signal: stop.signal },
    {
      source,
      clock,
      openChannel: async (_, listener) => {
        answer = (one) => listener.answered(one);
        let out: { end: number; bytes: number }[] = [];
        const send = (place: PiecePlace, { bytes }: Pick<Piece, 'bytes'>, end = 0) => {
          if (!target.isConnected) return false;
          sent.push({ place, bytes: bytes.length });
          if (bytes.length > 0) out.push({ end, bytes: bytes.length });
          const said = target.answers ? receive(place, bytes.length) : undefined;
          if (said) setImmediate(() => answer(said));
          return true;
        };
        return {
          ...{ pieceBytes: 50_000, overdueMs: 0, takesBlocks: false, tellsFine: false, isFast: false },
          get outBytes() {
            return out.reduce((sum, { bytes }) => sum + bytes, 0);
          },
          get heldMs() {
            return target.heldMs;
          },
          findRoom: () => (target.heldMs > 0 ? 0 : Number.POSITIVE_INFINITY),
          send,
          ask: (place) => void send(place, { bytes: new Uint8Array(0) }),
          arrived: (position) => {
            out = out.filter(({ end }) => end > position);
          },
          forget: () => {
            out = [];
          },
          [Symbol.dispose]: () => {},
        };
      },
      begin: async () => {
        target.begun++;
        target.isForgotten = false;
      },
      progress: { reached: () => {} },
    },
  );
  const bytesSent = () => sent.reduce((sum, { bytes }) => sum + bytes, 0);
  return { sender, target, sent, bytesSent, stop, source, path, say: (said?: PieceAnswer) => answer(said) };
}

test('a file is sent once, in order, with a bounded part of it ahead of the answers', async (t) => {
  const { sender, sent, target, bytesSent } = await setUp(t);
  await sender.run();
  assert.equal(target.there, SIZE);
  assert.equal(bytesSent(), SIZE);
  const offsets = sent.filter(({ bytes }) => bytes > 0).map(({ place }) => place.offset);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
  assert.ok(sent.every(({ bytes }) => bytes <= 50_000));
});

test('sending begins where the target has the file, and its sum is that of the whole', async (t) => {
  const { sender, target, bytesSent, source, stop } = await setUp(t);
  target.there = 600_000;
  await sender.run();
  assert.equal(bytesSent(), 400_000);
  await source.hashUpTo(SIZE, stop.signal);
  const whole = await CopySource.open(source.path, { folder: '/none', id: 't2' });
  await whole.hashUpTo(SIZE, stop.signal);
  assert.equal(await source.sha256(stop.signal), await whole.sha256(stop.signal));
  await whole[Symbol.asyncDispose]();
});

test('what was lost on the way is sent again, and no more than that', async (t) => {
  const { sender, target, bytesSent, sent } = await setUp(t, { answers: false });
  const running = sender.run();
  const question = await waitFor('the question', () => sent[0]);
  assert.equal(question.bytes, 0);
  target.answers = true;
  await running;
  assert.ok(bytesSent() <= SIZE * 1.05, String(bytesSent()));
});

test('nothing of the file is sent while nobody listens or there is no connection', async (t) => {
  const { sender, target, bytesSent, say } = await setUp(t, { answers: false });
  const running = sender.run();
  say(undefined);
  target.isConnected = false;
  assert.equal(bytesSent(), 0);
  target.isConnected = true;
  target.answers = true;
  await running;
  assert.equal(bytesSent(), SIZE);
});

test('what a budget holds up is not asked about until there is the next one', async (t) => {
  const clock = new ManualClock();
  const { sender, target, sent, bytesSent } = await setUp(t, { clock });
  target.heldMs = 3_600_000;
  const running = sender.run();
  await waitFor('the question', () => sent[0]);
  await settle();
  for (let minute = 0; minute < 59; minute++) await clock.advance(60_000);
  assert.equal(sent.length, 1);
  target.heldMs = 0;
  await clock.advance(60_000);
  await running;
  assert.equal(bytesSent(), SIZE);
});

test('a target that has forgotten the transfer gets its beginning again', async (t) => {
  const { sender, target } = await setUp(t);
  target.isForgotten = true;
  await sender.run();
  assert.equal(target.begun, 1);
  assert.equal(target.there, SIZE);
});

test('what the target refuses, long silence and a changed source end the sending with the reason', async (t) => {
  const refused = await setUp(t, { answers: false });
  const running = refused.sender.run();
  await waitFor('the question', () => refused.sent[0]);
  refused.say({ place: { transfer: 't1', offset: 0, round: 0 }, status: 'rejected', reason: 'no space' });
  await assert.rejects(running, { name: 'CopyError', code: 'target', message: 'no space' });
  const silent = await setUp(t, { answers: false, patienceMs: 100 });
  await assert.rejects(silent.sender.run(), { code: 'silent', message: /ship1 has not answered for 0 s/ });
  const changed = await setUp(t);
  await writeFile(changed.path, 'other');
  await assert.rejects(changed.sender.run(), { code: 'source', message: /changed while it was copied/ });
});

test('a signal ends the sending', async (t) => {
  const { sender, stop } = await setUp(t, { answers: false });
  const running = sender.run();
  stop.abort(new Error('enough'));
  await assert.rejects(running, { message: 'enough' });
});
