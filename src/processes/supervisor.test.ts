import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ManualClock, settle } from '../../test/support/manual-clock.ts';
import { type ProcessKind, restartDelayMs } from './process.ts';
import { Supervisor } from './supervisor.ts';

function setUp(firstId?: number) {
  const clock = new ManualClock();
  const crashes: string[] = [];
  const logged: string[] = [];
  const logger = { error: (_: object, text: string) => void logged.push(text) };
  const supervisor = new Supervisor(
    { firstId },
    { logger, clock, errorReporter: { report: (text) => void crashes.push(text) } },
  );
  return { clock, crashes, logged, supervisor };
}

/** A process whose starts and stops are noted, and which fails when it is told to. */
function work(name: string, notes: string[], kind: ProcessKind = 'subscriber') {
  let fail: (error: Error) => void = () => {};
  return {
    kind,
    name,
    async start(onFailed: (error: Error) => void): Promise<AsyncDisposable> {
      notes.push(`start ${name}`);
      fail = onFailed;
      return {
        async [Symbol.asyncDispose]() {
          notes.push(`stop ${name}`);
        },
      };
    },
    fail(text: string) {
      fail(new Error(text));
      return settle();
    },
  };
}

test('processes are numbered and listed in that order', async () => {
  const { supervisor, clock } = setUp(7);
  const notes: string[] = [];
  await supervisor.start(work('a', notes));
  await supervisor.start(work('b', notes, 'publisher'));
  const startedAt = clock.wallNow();
  assert.deepEqual(supervisor.list(), [
    { id: 7, kind: 'subscriber', name: 'a', startedAt, state: 'running', restarts: 0 },
    { id: 8, kind: 'publisher', name: 'b', startedAt, state: 'running', restarts: 0 },
  ]);
  assert.ok(supervisor.has('publisher', 'b'));
  assert.ok(!supervisor.has('subscriber', 'b'));
});

test('fault 16: what runs already is not started again', async () => {
  const { supervisor } = setUp();
  const notes: string[] = [];
  await supervisor.start(work('a', notes));
  await assert.rejects(supervisor.start(work('a', notes)), {
    code: 'already-running',
    message: 'the subscriber a runs already, with id 1',
  });
  await supervisor.start(work('a', notes, 'publisher'));
  assert.deepEqual(notes, ['start a', 'start a']);
});

test('a stopped process is gone, by its id or by its name, and may be started again', async () => {
  const { supervisor } = setUp();
  const notes: string[] = [];
  const { id } = await supervisor.start(work('a', notes));
  assert.equal((await supervisor.stop(id))?.name, 'a');
  assert.equal((await supervisor.start(work('a', notes))).id, 2);
  assert.equal((await supervisor.stop({ kind: 'subscriber', name: 'a' }))?.id, 2);
  assert.equal(await supervisor.stop(2), undefined);
  assert.deepEqual(notes, ['start a', 'stop a', 'start a', 'stop a']);
  assert.deepEqual(supervisor.list(), []);
});

test('a process that fails is reported, cleaned up and restarted under its id', async () => {
  const { supervisor, clock, crashes } = setUp();
  const notes: string[] = [];
  const process = work('a', notes);
  await supervisor.start(process);
  await process.fail('broken');
  assert.deepEqual(crashes, ['error: process a failed and is started again: broken']);
  assert.equal(supervisor.list()[0]?.state, 'waiting');
  await clock.advance(99);
  assert.deepEqual(notes, ['start a', 'stop a']);
  await clock.advance(1);
  assert.deepEqual(notes, ['start a', 'stop a', 'start a']);
  const [info] = supervisor.list();
  assert.deepEqual([info?.id, info?.state, info?.restarts], [1, 'running', 1]);
});

test('restarts come ever more slowly, and at once again after a minute of health', async () => {
  const { supervisor, clock } = setUp();
  const process = work('a', []);
  await supervisor.start(process);
  const delays: (number | undefined)[] = [];
  for (let n = 0; n < 3; n++) {
    await process.fail('broken');
    delays.push(clock.nextInMs);
    await clock.advance(clock.nextInMs!);
  }
  await clock.advance(60_000);
  await process.fail('broken');
  assert.deepEqual([...delays, clock.nextInMs], [100, 200, 400, 100]);
  assert.equal(restartDelayMs(50), 30_000);
});

test('a process that cannot start is reported and tried again', async () => {
  const { supervisor, clock, crashes } = setUp();
  let attempts = 0;
  await supervisor.start({
    kind: 'publisher',
    name: 'a',
    async start() {
      if (attempts++ < 2) throw new Error(`attempt ${attempts}`);
      return { async [Symbol.asyncDispose]() {} };
    },
  });
  await clock.advance(1000);
  assert.deepEqual(
    crashes,
    [1, 2].map((n) => `error: process a failed and is started again: attempt ${n}`),
  );
  assert.equal(supervisor.list()[0]?.state, 'running');
});

test('what the broker refuses is tried every ten minutes in the end, and is said where it was refused alone', async () => {
  const { supervisor, clock, crashes, logged } = setUp();
  let attempts = 0;
  const refuse = async () => {
    attempts++;
    throw Object.assign(new Error('the broker does not allow it'), { code: 'refused' });
  };
  await supervisor.start({ kind: 'subscriber', name: 'a', start: refuse });
  while (clock.nextInMs! < 600_000) await clock.advance(clock.nextInMs!);
  assert.equal(clock.nextInMs, 600_000);
  assert.ok(attempts > 10);
  assert.deepEqual([crashes, logged, supervisor.list()[0]?.state], [[], [], 'waiting']);
});

test('a process that is stopped while it waits or starts does not run again', async () => {
  const { supervisor, clock } = setUp();
  const notes: string[] = [];
  const waiting = work('waiting', notes);
  await supervisor.start(waiting);
  await waiting.fail('broken');
  await supervisor.stop(1);
  const opened = Promise.withResolvers<AsyncDisposable>();
  const starting = supervisor.start({ kind: 'subscriber', name: 'slow', start: () => opened.promise });
  const stopped = supervisor.stop(2);
  await assert.rejects(supervisor.start(work('slow', notes)), { message: /is still stopping/ });
  opened.resolve(await work('slow', notes).start(() => {}));
  await Promise.all([starting, stopped]);
  await clock.advance(100_000);
  assert.deepEqual(notes, ['start waiting', 'stop waiting', 'start slow', 'stop slow']);
});

test('the end stops all processes, the youngest first, although one cannot stop cleanly', async () => {
  const { supervisor } = setUp();
  const notes: string[] = [];
  await supervisor.start(work('a', notes));
  await supervisor.start({
    ...work('b', notes),
    start: async () => ({
      async [Symbol.asyncDispose]() {
        throw new Error('stuck');
      },
    }),
  });
  await supervisor.start(work('c', notes));
  await supervisor[Symbol.asyncDispose]();
  await supervisor[Symbol.asyncDispose]();
  assert.deepEqual(notes.slice(2), ['stop c', 'stop a']);
  await assert.rejects(supervisor.start(work('d', notes)), { code: 'stopped' });
});
