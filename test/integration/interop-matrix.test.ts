import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Message, newMessage } from '../../src/message/message.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { type ReferencePeer, startReferencePeer } from '../support/reference-peer.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

/** Every method that a message between two nodes may ask for, but those that are tried with the central node alone. */
const METHODS = [
  ...['REQCliCommand', 'REQCliCommandCont', 'REQTailFile', 'REQHttpGet', 'REQPing', 'REQPong', 'REQNone'],
  ...['REQToFile', 'REQToFileAppend', 'REQToConsole', 'REQToSocket', 'REQCopyFileFrom', 'REQCopyFileTo'],
  ...['REQOpProcessList', 'REQOpProcessStart', 'REQOpProcessStop'],
];
const ENCODINGS = (['gob', 'cbor'] as const).flatMap((serialization) =>
  (['', 'z', 'g'] as const).map((compression) => ({ serialization, compression })),
);
/** A disk that is busy with other tests must not look like a lost answer. */
const PATIENT = { ackTimeoutMs: 60_000 };

const scene = shared(async (scope) => {
  const fleet = await startFleet(scope, {
    centralFlags: { startSubREQRelay: true },
  });
  const { broker, ship1 } = fleet;
  const peers = await Promise.all(
    ENCODINGS.map((encoding, index) =>
      startReferencePeer({ node: `original${index}`, broker, methods: METHODS, ...encoding }, scope),
    ),
  );
  await waitFor('requests to be taken', () => ship1.logLines().some(({ msg }) => msg === 'taking requests'));
  return { ...fleet, peers, url: await serve(scope) };
});

async function serve(scope: TestScope): Promise<string> {
  const server = createServer((_, response) => response.end('page\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(async () => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The data of the first message of a method for a file, once it has come. */
async function textOf(peer: ReferencePeer, method: string, fileName: string): Promise<string> {
  const { message } = await peer.waitFor(
    `${method} for ${fileName}`,
    (got) => got.message.method === method && got.message.fileName === fileName,
  );
  return Buffer.concat(message.data ?? []).toString();
}

for (const [index, { serialization, compression }] of ENCODINGS.entries()) {
  const node = `original${index}`;
  const name = `${serialization}${compression && `, ${compression}`}`;

  test(`an original node asks ours for every method, in ${name}`, async () => {
    const { ship1, central, peers, url } = await scene();
    const peer = peers[index]!;
    const file = (what: string) => join(ship1.folder, `${node}-${what}`);
    await writeFile(file('source'), 'copied\n');
    await writeFile(file('tailed'), '');
    const ask = (method: string, more: Partial<Message>) =>
      peer.publish(
        newMessage({
          ...{ toNode: 'ship1', fromNode: node, method, directory: 'matrix', fileName: method },
          ...{ ackTimeout: 5, retries: 3, methodTimeout: 10, ...more },
        }),
        PATIENT,
      );
    const rows: [string, Partial<Message>, RegExp][] = [
      ['REQCliCommand', { methodArgs: ['echo', 'æ'] }, /^æ\n$/],
      ['REQCliCommandCont', { methodArgs: ['echo', 'on'] }, /^on\n$/],
      ['REQHttpGet', { methodArgs: [url] }, /^page\n$/],
      ['REQOpProcessList', {}, /process: .*ship1\.REQCliCommand\.CommandACK/],
      ['REQOpProcessStart', { methodArgs: ['REQHttpGet'] }, /REQHttpGet/],
      [
        'REQCopyFileTo',
        { methodArgs: ['s', 'ship1', file('to')], data: [Buffer.from('to\n')] },
        /wrote the file/,
      ],
      ['REQCopyFileFrom', { methodArgs: [file('source'), node, '/x/from'] }, /read the file/],
    ];
    for (const [method, more, wanted] of rows) {
      const { answer, attempts } = await ask(method, more);
      assert.deepEqual([answer, attempts], ['confirmed from: ship1: 0', 1], method);
      assert.match(await textOf(peer, 'REQToFileAppend', method), wanted, method);
    }
    assert.equal(await readFile(file('to'), 'utf8'), 'to\n');
    assert.equal(await textOf(peer, 'REQCopyFileTo', 'from'), 'copied\n');
    await ask('REQPing', { replyMethod: 'REQPong', fileName: 'ping' });
    await textOf(peer, 'REQPong', 'ping');
    await ask('REQTailFile', {
      methodArgs: [file('tailed')],
      replyMethod: 'REQToConsole',
      methodTimeout: 60,
    });
    await waitFor('a line of the tail', async () => {
      await appendFile(file('tailed'), 'line\n');
      return peer.messages('REQToConsole').length > 0;
    });
    const data = [Buffer.from(`${node} 1\n`), Buffer.from(`${node} 2\n`)];
    for (const method of ['REQToFile', 'REQToFileAppend', 'REQToConsole', 'REQNone'])
      assert.equal((await ask(method, { data, fileName: `${node}-${method}` })).attempts, 1);
    for (const method of ['REQToFile', 'REQToFileAppend'])
      assert.equal(await ship1.file(`matrix/ship1/${node}-${method}`), `${node} 1\n${node} 2\n`);
    await waitFor('the console', () => ship1.program.stdout.includes(`${node} 2\n`));

    const toCentral = { toNode: 'central', directory: 'hello-messages', fileName: 'hello.log' };
    await ask('REQHello', toCentral);
    await central.waitForFile(`hello-messages/${node}/hello.log`);
    const error = { toNode: 'errorCentral', directory: 'errorLog', fileName: 'error.log' };
    await ask('REQErrorLog', { ...error, data: [Buffer.from(`Mon, node: ${node}, error: matrix\n`)] });
    await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
      text.includes(`node: ${node}, error`),
    );
    assert.deepEqual(peer.faults, []);
  });

  test(`our node asks an original one for every method, also through a third, in ${name}`, async () => {
    const { ship1, central, peers } = await scene();
    const peer = peers[index]!;
    const place = { directory: 'asked', fileName: `${node}.log`, ACKTimeout: 5 };
    const ids = await submitAll(
      central,
      METHODS.filter((method) => method !== 'REQNone').map((method) => ({
        ...{ toNode: node, method, methodArgs: ['echo', 'there', '/x'], data: ['æ'], ...place },
      })),
    );
    const rows = await Promise.all(ids.map((id) => waitForEnd(central, id, 30_000)));
    for (const { state } of rows) assert.match(String(state), /^(handed-over|succeeded)$/);
    for (const method of METHODS.filter((method) => method !== 'REQNone'))
      assert.deepEqual(
        peer.messages(method).find(({ fileName }) => fileName === place.fileName)?.methodArgs,
        ['echo', 'there', '/x'],
        method,
      );
    await central.waitForFile(`asked/${node}/${node}.log`, (text) => text === 'there /x\n');

    const relay = { relayViaNode: 'central', relayReplyMethod: 'REQToFile', directory: 'relayed' };
    const [id] = await submitAll(ship1, {
      ...{ toNode: node, method: 'REQCliCommand', methodArgs: ['echo', 'relayed'], ...place, ...relay },
    });
    for (const at of [ship1, central])
      await at.waitForFile(`relayed/${node}/${node}.log`, (text) => text === 'relayed\n');
    assert.equal((await waitForEnd(ship1, id!)).state, 'handed-over');
    await peer.publish(
      newMessage({
        ...{ toNode: 'ship1.central', fromNode: node, method: 'REQRelay', relayFromNode: node },
        ...{ relayToNode: 'ship1', relayOriginalViaNode: 'central', relayOriginalMethod: 'REQCliCommand' },
        ...{
          methodArgs: ['echo', 'back'],
          relayReplyMethod: 'REQToFile',
          directory: 'relayed',
          fileName: 'back',
        },
        ...{ ackTimeout: 5, retries: 3, methodTimeout: 10 },
      }),
      { ...PATIENT, subject: 'ship1.central.REQRelay.EventACK' },
    );
    assert.equal(await textOf(peer, 'REQToFile', 'back'), 'back\n');
    assert.deepEqual(peer.faults, []);
  });
}
