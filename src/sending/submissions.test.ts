import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import type { SubmissionAnswer } from '../contract/requests.ts';
import { machineEdges } from '../lib/edges.ts';
import type { OutgoingMessage } from '../outbox/outbox.ts';
import { Submissions } from './submissions.ts';

const CONFIG = {
  ...{ nodeName: 'central', serialization: '', compression: '' },
  ...{ defaultMessageTimeoutSeconds: 10, defaultMessageRetries: 1, defaultMethodTimeoutSeconds: 10 },
  trust: { mode: 'open', wantsProof: false, originals: [], relays: [], replyCommands: false },
} as Partial<Config> as Config;

function start(more: { enqueue?(): Promise<void>; isOffline?: boolean } = {}) {
  const stored: OutgoingMessage[][] = [];
  const published: string[] = [];
  const counts: number[] = [];
  const submissions = new Submissions(CONFIG, {
    methods: new Map(),
    outbox: {
      enqueue: more.enqueue ?? (async (messages) => void stored.push([...messages])),
    },
    undelivered: { cancel: async () => 0 },
    send: (messages) =>
      more.isOffline
        ? []
        : messages.map(({ subject }) => ({ bytes: published.push(subject), pieces: 1, wholeBytes: 1 })),
    metrics: { submitted: (count = 1) => void counts.push(count) },
    ...machineEdges(),
    logger: { warn: () => {} },
  });
  const send = async (items: unknown) =>
    JSON.parse(
      await submissions.submit(Buffer.from(typeof items === 'string' ? items : JSON.stringify(items))),
    ) as SubmissionAnswer;
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
  const answer = await send([message({ method: 'REQNothing' }), message(), message({ toNode: 'a*b' }), 5]);
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
  const offline = start({ isOffline: true });
  assert.match((await offline.send(hello)).refused[0]!.reason, /there is no connection to the broker/);
});

test('what is no submission is refused as a whole', async () => {
  const { send } = start();
  assert.equal((await send('[]')).refused[0]?.reason, 'the submission holds no message');
  const { accepted, refused, batch } = await send('[{"toNode": ');
  assert.deepEqual([accepted, refused.length, refused[0]?.index, batch], [[], 1, null, undefined]);
});
