import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { copyRequest, makeFile } from '../support/copying.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';

const METHODS = ['REQCopyFileTo', 'REQCopyFileFrom', 'REQToFileAppend'];

test('a reference node gets a file in one message, as it was captured; one that is too large is not sent', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker, methods: METHODS }, t);
  await makeFile(join(central.folder, 'small.txt'), 400_000);
  const content = await readFile(join(central.folder, 'small.txt'));
  const request = { ...copyRequest('./small.txt', './in/copied.txt'), retries: 2, methodTimeout: 4 };
  const [id] = await submitAll(central, request);
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  assert.equal(
    await central.waitForFile('copy/central/copy.log'),
    'info: succesfully read the file ./small.txt, and sent the content to ship1\n',
  );
  const [probe, message] = peer.messages('REQCopyFileTo');
  // What a node that is not known yet is asked: a reference node writes an empty file that nobody needs.
  assert.deepEqual(probe!.methodArgs!.slice(2, 4), ['/dev/null', 'begin']);
  assert.equal(Buffer.concat(probe!.data!).length, 0);
  assert.deepEqual(
    { ...message!, data: null },
    newMessage({
      toNode: 'ship1',
      fromNode: 'central',
      method: 'REQCopyFileTo',
      methodArgs: ['./small.txt', 'ship1', './in/copied.txt'],
      replyMethod: message!.replyMethod,
      ackTimeout: 1,
      retries: 2,
      methodTimeout: 4,
      directory: 'in',
      fileName: 'copied.txt',
    }),
  );
  assert.deepEqual(Buffer.concat(message!.data!), content);
  await makeFile(join(central.folder, 'large'), 1_100_000);
  const [large] = await submitAll(central, copyRequest('large', '/tmp/large'));
  const row = await waitForEnd(central, large!);
  assert.equal(row.state, 'failed');
  assert.match(
    String(row.reason),
    /has 1100000 bytes, and ship1, which runs the original program, takes no more than/,
  );
  assert.equal(peer.messages('REQCopyFileTo').length, 2, 'nothing of it was sent');
});

test('the one message of a reference node is written, and answered with its line', async (t) => {
  const broker = await startBroker(t);
  const ship1 = await startStewardNode({ name: 'ship1', broker }, t);
  const peer = await startReferencePeer({ node: 'central', broker, methods: METHODS }, t);
  const message = newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    data: [Buffer.from('content-of-file\n')],
    method: 'REQCopyFileTo',
    methodArgs: ['./tmp2.txt', 'ship1', './in/copied.txt'],
    replyMethod: 'REQToFileAppend',
    ackTimeout: 3,
    retries: 2,
    methodTimeout: 4,
    directory: 'in',
    fileName: 'copied.txt',
  });
  assert.match((await peer.publish(message)).answer!, /confirmed from: ship1/);
  assert.equal(await readFile(join(ship1.folder, 'in/copied.txt'), 'utf8'), 'content-of-file\n');
  const reply = await peer.waitFor('the reply', ({ message }) => message.method === 'REQToFileAppend');
  assert.equal(
    Buffer.concat(reply.message.data!).toString(),
    'info: succesfully created and wrote the file [105 110 47 99 111 112 105 101 100 46 116 120 116]\n',
  );
  assert.equal(reply.message.fileName, 'copied.txt');
});

test('a request of a reference node, with the fields of a relayed one, copies a file of any size', async (t) => {
  const broker = await startBroker(t);
  const ship1 = await startStewardNode({ name: 'ship1', broker }, t);
  const ship2 = await startStewardNode({ name: 'ship2', broker }, t);
  const peer = await startReferencePeer({ node: 'central', broker, methods: METHODS }, t);
  await makeFile(join(ship1.folder, 'source'), 3_000_000, 0o700);
  const request = newMessage({
    ...{
      toNode: 'ship1',
      fromNode: 'central',
      method: 'REQCopyFileFrom',
      methodArgs: ['source', 'ship2', 'target'],
    },
    ...{ replyMethod: 'REQToFileAppend', ackTimeout: 3, retries: 2, directory: 'copy', fileName: 'copy.log' },
    ...{ relayFromNode: 'ship9', relayToNode: 'ship1', relayOriginalMethod: 'REQCopyFileFrom' },
  });
  await peer.publish(request);
  const reply = (words: string) =>
    peer.waitFor(
      words,
      ({ message: { method, data } }) =>
        method === 'REQToFileAppend' && Buffer.concat(data ?? []).includes(words),
      20_000,
    );
  await reply('info: succesfully read the file source');
  // Who asked hears of it from the target too.
  assert.equal((await reply('succesfully created and wrote the file')).message.fromNode, 'ship2');
  assert.deepEqual(
    await readFile(join(ship2.folder, 'target')),
    await readFile(join(ship1.folder, 'source')),
  );
  assert.equal((await stat(join(ship2.folder, 'target'))).mode & 0o777, 0o700);
});
