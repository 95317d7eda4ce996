import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import { newId } from '../lib/new-id.ts';
import type { Answer } from '../listeners/answer-line.ts';
import type { SubmitDeps } from './submission.ts';
import { createResumableSubmit } from './submit.ts';

const CONFIG = {
  nodeName: 'central',
  defaultMessageTimeoutSeconds: 10,
  defaultMessageRetries: 1,
  defaultMethodTimeoutSeconds: 10,
  serialization: '',
  compression: '',
} as Config;

test('a submission that could not be stored whole goes on where it ended, and answers for all of it', async () => {
  const stored: { id: string; toNode: string }[] = [];
  let isFull = false;
  const published: string[] = [];
  const deps: SubmitDeps = {
    isKnownMethod: () => true,
    enqueue: async (parcels) => {
      if (isFull) throw new Error('the disk is full');
      stored.push(...parcels.map(({ id, subject }) => ({ id, toNode: subject.split('.')[0]! })));
      isFull = stored.length > 300;
    },
    publishUnanswered: ({ subject }) => published.push(subject) > 0,
    cancelQueued: () => {},
    onSubmitted: () => {},
    now: Date.now,
    logger: { warn: () => {} },
  };
  const submit = createResumableSubmit(CONFIG, deps);
  const items: object[] = Array.from({ length: 1000 }, (_, at) => ({ toNode: `n${at}`, method: 'REQPing' }));
  items[10] = { toNode: 'a.b', method: 'REQPing' };
  items[20] = { toNode: 'hello', method: 'REQHello' };
  items[900] = { toNode: 'hello', method: 'REQHello' };
  const text = Buffer.from(JSON.stringify(items));
  const batch = newId();

  await assert.rejects(submit(text, { batch, stored: [] }), /the disk is full/);
  assert.ok(stored.length > 0 && stored.length < 997);
  isFull = false;
  const before = [...stored];
  deps.enqueue = async (parcels) => {
    stored.push(...parcels.map(({ id, subject }) => ({ id, toNode: subject.split('.')[0]! })));
  };
  const answer = JSON.parse(await submit(text, { batch, stored: before })) as Answer;

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
