import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import type { Answer } from '../listeners/answer-line.ts';
import type { Parcel } from '../outbox/outbox.ts';
import type { SubmitDeps } from './submission.ts';
import { createSubmit } from './submit.ts';

const CONFIG = {
  ...{ nodeName: 'central', serialization: '', compression: '' },
  ...{ defaultMessageTimeoutSeconds: 10, defaultMessageRetries: 1, defaultMethodTimeoutSeconds: 10 },
} as Config;

function start(more: Partial<SubmitDeps> = {}) {
  const stored: Parcel[][] = [];
  const published: Parcel[] = [];
  const counts: number[] = [];
  const submit = createSubmit(CONFIG, {
    isKnownMethod: () => false,
    enqueue: async (parcels) => void stored.push([...parcels]),
    publishUnanswered: (parcel) => published.push(parcel) > 0,
    cancelQueued: () => {},
    onSubmitted: (count) => void counts.push(count),
    now: () => 0,
    logger: { warn: () => {} },
    ...more,
  });
  const send = async (items: unknown) =>
    JSON.parse(
      await submit(Buffer.from(typeof items === 'string' ? items : JSON.stringify(items))),
    ) as Answer;
  return { send, stored, published, counts };
}

function message(fields: object = {}) {
  return { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['echo'], ...fields };
}

test('each message of a submission is answered with its place, its node and the id under which it is stored', async () => {
  const { send, stored, counts } = start();
  const answer = await send([message(), message({ toNode: undefined, toNodes: ['ship1', 'ship2'] })]);
  assert.deepEqual(
    answer.accepted.map(({ index, toNode }) => [index, toNode]),
    [
      [0, 'ship1'],
      [1, 'ship1'],
      [1, 'ship2'],
    ],
  );
  assert.deepEqual(
    stored.flat().map(({ id }) => id),
    answer.accepted.map(({ id }) => id),
  );
  assert.ok(stored.flat().every(({ batch }) => batch === answer.batch));
  assert.deepEqual([answer.refused, counts], [[], [3]]);
});

test('what is wrong with one message does not keep the others', async () => {
  const { send } = start();
  const answer = await send([message({ method: 'REQNothing' }), message(), message({ toNode: 'a.b' }), 5]);
  assert.deepEqual(
    answer.accepted.map(({ index }) => index),
    [1],
  );
  assert.deepEqual(answer.refused.map(({ index, field }) => [index, field]).slice(0, 2), [
    [0, 'method'],
    [2, 'toNode'],
  ]);
  assert.equal(answer.refused.length, 3);
});

test('a large submission is stored in slices, in its order', async () => {
  const { send, stored } = start();
  const answer = await send(Array.from({ length: 1000 }, () => message()));
  assert.deepEqual(
    stored.map(({ length }) => length),
    [256, 256, 256, 232],
  );
  assert.deepEqual(
    answer.accepted.map(({ index }) => index),
    Array.from({ length: 1000 }, (_, index) => index),
  );
});

test('what cannot be stored is refused, and the rest stays accepted', async () => {
  let calls = 0;
  const { send } = start({
    enqueue: async () => {
      if (++calls === 2) throw new Error('the disk is full');
    },
  });
  const answer = await send(Array.from({ length: 600 }, () => message()));
  assert.deepEqual([answer.accepted.length, answer.refused.length], [344, 256]);
  assert.deepEqual(
    [answer.refused[0]?.index, answer.refused[0]?.reason],
    [256, 'not accepted: the disk is full'],
  );
});

test('a message that nobody answers is published at once, or refused without a connection', async () => {
  const hello = message({ method: 'REQHello', methodArgs: [] });
  const { send, published, stored } = start();
  assert.equal((await send(hello)).accepted.length, 1);
  assert.deepEqual([published.length, stored.length], [1, 0]);
  const offline = start({ publishUnanswered: () => false });
  assert.match((await offline.send(hello)).refused[0]!.reason, /there is no connection to the broker/);
});

test('what is no submission is refused as a whole', async () => {
  const { send } = start();
  assert.equal((await send('[]')).refused[0]?.reason, 'the submission holds no message');
  const { accepted, refused, batch } = await send('[{"toNode": ');
  assert.deepEqual([accepted, refused.length, refused[0]?.index, batch], [[], 1, null, undefined]);
});
