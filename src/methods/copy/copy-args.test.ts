import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../message/message.ts';
import { type CopyOrder, copyMessage, readOrder, writeOrder } from './copy-args.ts';
import { CopyProgress, describeBytes } from './copy-progress.ts';
import { formatPlace, parsePlace } from './piece-place.ts';

const SUM = 'ab'.repeat(32);
const ORDERS: readonly CopyOrder[] = [
  { step: 'plain', target: '/t' },
  { step: 'probe' },
  { step: 'whole', target: '/t', mode: 0o751, sha256: SUM },
  { step: 'begin', transfer: 'a-1', target: '/t', total: 5e9, mode: 0o600, identity: 'x' },
  { step: 'end', transfer: 'a-1', target: '/t', sha256: SUM },
  { step: 'abort', transfer: 'a-1' },
];

test('an order is read back from the arguments that it is written to', () => {
  for (const order of ORDERS) {
    assert.deepEqual(readOrder({ methodArgs: writeOrder(order, { source: '/s', node: 'ship1' }) }), order);
  }
});

test('a reference node that gets an order which is not for it writes no part of a file', () => {
  for (const order of ORDERS.filter(({ step }) => step !== 'plain' && step !== 'whole')) {
    assert.equal(writeOrder(order, { source: '/s', node: 'ship1' })[2], '/dev/null');
  }
});

test('arguments that make no sense are refused in a sentence', () => {
  for (const methodArgs of [
    null,
    ['a', 'ship1'],
    ['a', 'ship1', ''],
    ['a', 'ship1', 'x\0y'],
    ['a', 'ship1', '/t', 'fly'],
    ['a', 'ship1', '/t', 'whole', '7777', SUM],
    ['a', 'ship1', '/t', 'whole', '644', 'short'],
    ['a', 'ship1', '/t', 'begin', '../../etc', '/t', '5', '644', 'x'],
    ['a', 'ship1', '/t', 'begin', 'a-1', '/t', 'many', '644', 'x'],
    ['a', 'ship1', '/t', 'end', 'a-1', '', SUM],
    ['a', 'ship1', '/t', 'abort', ''],
  ]) {
    assert.equal(typeof readOrder({ methodArgs }), 'string', JSON.stringify(methodArgs));
  }
});

test('the message has the fields that the reference gives it', () => {
  const request = newMessage({
    ...{
      toNode: 'central',
      methodArgs: ['./tmp2.txt', 'ship1', './in/copied.txt'],
      replyMethod: 'REQToFileAppend',
    },
    ...{ ackTimeout: 3, retries: 2, methodTimeout: 4, directory: 'copy', fileName: 'copy.log' },
  });
  const order = { step: 'plain', target: './in/copied.txt' } as const;
  const message = copyMessage(order, { request, nodeName: 'central', data: Buffer.from('content') });
  const { directory, fileName, replyMethod, ackTimeout, retries, methodTimeout, toNode } = message;
  assert.deepEqual(
    { directory, fileName, replyMethod, ackTimeout, retries, methodTimeout, toNode },
    {
      ...{ directory: 'in', fileName: 'copied.txt', replyMethod: 'REQToFileAppend' },
      ...{ ackTimeout: 3, retries: 2, methodTimeout: 4, toNode: 'ship1' },
    },
  );
});

test('a place is read back from its text, and nothing else is', () => {
  const place = { transfer: 'a-1', offset: 2 ** 40, round: 3 };
  assert.deepEqual(parsePlace(formatPlace(place)), place);
  for (const text of ['', 'a/1', 'a/1/x', '../a/1/1', 'a/-1/1', 'a/1/1/1'])
    assert.equal(parsePlace(text), undefined);
});

test('the progress is said in words, seldom, and never twice', () => {
  const said: string[] = [];
  let now = 0;
  const progress = new CopyProgress(2e9, { progress: (text) => said.push(text) }, () => now);
  for (const [at, bytes] of [
    [0, 0],
    [1000, 5e8],
    [2500, 7.6e8],
    [5000, 7.61e8],
    [8000, 2e9],
  ] as const) {
    now = at;
    progress.reached(bytes);
  }
  assert.deepEqual(said, ['0 % of 2.0 GB', '38 % of 2.0 GB', '100 % of 2.0 GB']);
  assert.deepEqual([0, 999, 1000, 1.5e6, 3e13].map(describeBytes), [
    '0 bytes',
    '999 bytes',
    '1.0 KB',
    '1.5 MB',
    '30.0 TB',
  ]);
});
