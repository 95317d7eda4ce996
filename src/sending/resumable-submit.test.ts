import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import type { SubmissionAnswer } from '../contract/requests.ts';
import { machineEdges } from '../lib/edges.ts';
import { newId } from '../lib/new-id.ts';
import type { SubmissionDeps } from './submission.ts';
import { Submissions } from './submissions.ts';

const CONFIG = {
  nodeName: 'central',
  defaultMessageTimeoutSeconds: 10,
  defaultMessageRetries: 1,
  defaultMethodTimeoutSeconds: 10,
  serialization: '',
  compression: '',
  trust: { mode: 'open', wantsProof: false, originals: [], relays: [], replyCommands: false },
} as Partial<Config> as Config;

test('a submission that could not be stored whole goes on where it ended, and answers for all of it', async () => {
  const stored: { id: string; toNode: string }[] = [];
  let isFull = false;
  const published: string[] = [];
  const outbox: SubmissionDeps['outbox'] = {
    enqueue: async (messages) => {
      if (isFull) throw new Error('the disk is full');
      stored.push(...messages.map(({ id, subject }) => ({ id, toNode: subject.split('.')[0]! })));
      isFull = stored.length > 300;
    },
  };
  const submissions = new Submissions(CONFIG, {
    outbox,
    undelivered: { cancel: async () => 0 },
    methods: new Map(),
    send: (messages) =>
      messages.map(({ subject }) => ({ bytes: published.push(subject), pieces: 1, wholeBytes: 1 })),
    metrics: { submitted: () => {} },
    ...machineEdges(),
    logger: { warn: () => {} },
  });
  const items: object[] = Array.from({ length: 1000 }, (_, at) => ({ toNode: `n${at}`, method: 'REQPing' }));
  items[10] = { toNode: 'a*b', method: 'REQPing' };
  items[20] = { toNode: 'hello', method: 'REQHello' };
  items[900] = { toNode: 'hello', method: 'REQHello' };
  const text = Buffer.from(JSON.stringify(items));
  const batch = newId();

  await assert.rejects(submissions.resume(text, { batch, stored: [] }), /the disk is full/);
  assert.ok(stored.length > 0 && stored.length < 997);
  isFull = false;
  const before = [...stored];
  outbox.enqueue = async (messages) => {
    stored.push(...messages.map(({ id, subject }) => ({ id, toNode: subject.split('.')[0]! })));
  };
  const answer = JSON.parse(await submissions.resume(text, { batch, stored: before })) as SubmissionAnswer;

  assert.equal(stored.length, 997, 'each message once');
  assert.equal(new Set(stored.map(({ toNode }) => toNode)).size, 997);
  assert.equal(answer.batch, batch);
  assert.deepEqual(
    answer.refused.map(({ index }) => index),
    [10],
  );
  const ids = new Map(stored.map(({ id, toNode }) => [toNode, id]));
  const kept = answer.accepted.filter(({ toNode }) => toNode !== 'hello');
  assert.equal(kept.length, 997);
  for (const { index, toNode, id } of kept) {
    assert.equal(toNode, `n${index}`);
    assert.equal(id, ids.get(toNode));
  }
  assert.equal(published.length, 2, 'hellos are not stored, and those sent before are not sent again');
});

test('what was handed in a while ago has so much less time to begin', async () => {
  const lives: (number | undefined)[] = [];
  const edges = machineEdges();
  const submissions = new Submissions(CONFIG, {
    outbox: { enqueue: async (messages) => void lives.push(...messages.map((one) => one.expiresInMs)) },
    undelivered: { cancel: async () => 0 },
    methods: new Map(),
    send: () => [],
    metrics: { submitted: () => {} },
    ...{ ...edges, clock: { ...edges.clock, wallNow: () => 100_000 } },
    logger: { warn: () => {} },
  });
  const text = Buffer.from(JSON.stringify([{ toNode: 'ship1', method: 'REQPing', expiresIn: 60 }]));
  await submissions.resume(text, { batch: newId(), stored: [], since: 70_000 });
  await submissions.resume(text, { batch: newId(), stored: [] });
  assert.deepEqual(lives, [30_000, 60_000]);
});
