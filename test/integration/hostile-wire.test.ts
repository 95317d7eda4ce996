import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { METHOD_NAMES } from '../../src/message/method-names.ts';
import { kindOf } from '../../src/message/subject.ts';
import type { Broker } from '../support/broker.ts';
import { sharedFleet, startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { startWireClient, type WireClient } from '../support/wire-client.ts';

const plainFleet = sharedFleet();

test('fault 19: a command on a ping subject is not run, and is reported', async (t) => {
  const { central, ship1, client } = await fleetWithClient(t, { startSubREQCliCommand: false });
  const trace = join(ship1.folder, 'trace');
  const message = command(`touch ${trace}`);
  for (const method of [
    'REQPing',
    'REQPong',
    'REQToFile',
    'REQNone',
    'REQOpProcessList',
    'REQReport',
    'REQHello',
  ]) {
    const subject = `ship1.${method}.${kindOf(method)}`;
    client.send({ message, subject });
    if (method === 'REQHello') continue;
    const answer = await client.ask({ message, subject, lane: `${method}/1/1` });
    assert.equal(answer.headers['Steward-Status'], 'rejected', method);
    assert.match(String(answer.headers['Steward-Reason']), /REQCliCommand/);
  }
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /ship1.*the payload asks for "REQCliCommand" on the subject ship1\.REQPing\.EventACK/.test(text),
  );
  // Switched off means that nobody listens at all.
  client.send({ message });
  await stillWorks(central);
  assert.ok(!existsSync(trace));
});

test('a message for another node, or from a name that is none, is refused', async (t) => {
  const { central, ship1, client } = await fleetWithClient(t);
  const trace = join(ship1.folder, 'trace');
  const subject = 'ship1.REQCliCommand.CommandACK';
  const bad: Partial<Message>[] = [
    { toNode: 'ship2' },
    { fromNode: '../../x' },
    { fromNode: '' },
    { fromNode: 'a b' },
    { fromNode: 'a.>' },
    { fromNode: 'x\u0000y' },
  ];
  for (const [index, fields] of bad.entries()) {
    const message = { ...command(`touch ${trace}`), ...fields };
    const answer = await client.ask({ message, subject, lane: `bad${index}/1/1` });
    assert.equal(answer.headers['Steward-Status'], 'rejected', JSON.stringify(fields));
    client.send({ message, subject });
  }
  await stillWorks(central);
  assert.ok(!existsSync(trace));
});

test('fault 20: no garbage on any subject ends a node or stops it', async (t) => {
  const { central, ship1, client } = await fleetWithClient(t);
  const pid = central.pid;
  for (const subject of allSubjects()) sendGarbage(client, subject);
  for (const lane of [
    '',
    '/',
    'a/b/c',
    'e/1',
    'e/2/9',
    'e/-1/-1',
    'e/1e99/1',
    '-central/1/1',
    `${'x'.repeat(5000)}/1/1`,
  ]) {
    client.send({ message: command('true'), lane, reply: 'nobody.listens' });
  }
  for (const part of ['', '0/0', '2/1', '1/999999999', 'x', '-1/3']) {
    const message = newMessage({
      ...place(),
      toNode: 'ship1',
      fromNode: 'eve',
      method: 'REQToFile',
      data: [],
    });
    client.send({ message, lane: 'parts/1/1', reply: 'nobody.listens', headers: { 'Steward-Part': part } });
  }
  client.send({ subject: 'ship1.Steward.Instance', payload: 'x', reply: 'nobody.listens' });
  client.send({
    subject: 'ship1.Steward.Instance',
    payload: '{"instance": {}, "startedAt": "x"}',
    reply: 'nobody',
  });
  await client.connection.flush();
  await stillWorks(central);
  assert.equal(central.pid, pid);
  assert.equal(central.program.exit ?? ship1.program.exit, undefined);
  assert.doesNotMatch(
    central.program.stderr + ship1.program.stderr,
    /unexpectedly|uncaught|is started again/i,
  );
});

test('fault 20: requests without the fields that they need end with a reason', async (t) => {
  const { central, ship1 } = await fleetWithClient(t);
  const methods = METHOD_NAMES.filter((method) => !['REQHello', 'REQNone'].includes(method));
  const messages = methods.map((method) => ({
    toNode: 'ship1',
    method,
    ACKTimeout: 1,
    retries: 3,
    replyMethod: 'REQNone',
  }));
  const answer = await central.submit(messages);
  const endings: string[] = [];
  for (const { index, id } of answer.accepted as { index: number; id: string }[]) {
    endings.push(`${methods[index]}: ${(await waitForEnd(central, id)).state}`);
  }
  t.diagnostic(endings.join(', '));
  await stillWorks(central);
  assert.equal(ship1.program.exit, undefined);
});

test('fault 21: no directory, file name or node name leads out of the data folder, over the wire or the socket', async (t) => {
  const { central, ship1, client } = await fleetWithClient(t);
  const before = await Promise.all([central, ship1].map(outside));
  const bad: Partial<Message>[] = [
    { directory: '../escaped' },
    { directory: 'a/../../escaped' },
    { directory: '..' },
    { fileName: '../escaped' },
    { fileName: '..' },
    { fileName: 'a/../../../escaped' },
    { fileName: '/tmp/steward-escaped' },
    { fromNode: '../escaped' },
    { directory: 'x\u0000y' },
    { fileName: 'x\u0000y' },
    { previousMessage: newMessage({ toNode: '../../escaped', method: 'REQCliCommand' }) },
    { previousMessage: newMessage({ toNode: '..', method: 'REQCliCommand' }) },
  ];
  let epoch = 0;
  for (const method of [
    'REQToFile',
    'REQToFileAppend',
    'REQPing',
    'REQPong',
    'REQErrorLog',
    'REQCliCommand',
  ]) {
    for (const fields of bad) {
      const args = method === 'REQCliCommand' ? { methodArgs: ['echo', 'x'] } : {};
      const basis = {
        ...place(),
        toNode: 'ship1',
        fromNode: 'central',
        method,
        data: [Buffer.from('x')],
        ...args,
      };
      client.send({
        message: newMessage({ ...basis, ...fields }),
        lane: `escape${epoch++}/1/1`,
        reply: 'nobody',
      });
      client.send({ message: newMessage({ ...basis, ...fields }), reply: 'nobody' });
      const {
        fromNode: _,
        previousMessage: __,
        ...json
      } = { ...place(), ...fields } as Record<string, unknown>;
      await central.submit([{ toNode: 'ship1', method, data: ['x'], ...args, ...json }]);
    }
  }
  await client.connection.flush();
  await stillWorks(central);
  assert.ok(!existsSync('/tmp/steward-escaped'));
  for (const node of [central, ship1]) assert.ok(!existsSync(join(node.folder, '..', 'escaped')));
  assert.deepEqual(await Promise.all([central, ship1].map(outside)), before);
});

test('fault 24: a small payload that grows to 256 MB is refused, and costs no such memory', async (t) => {
  const { central, ship1, client } = await fleetWithClient(t);
  const zeros = Buffer.alloc(256 * 1024 * 1024);
  const before = await ship1.rssBytes();
  for (const [cmp, payload] of [
    ['g', gzipSync(zeros, { level: 1 }).subarray(0, 900_000)],
    ['z', zstdCompressSync(zeros)],
  ] as const) {
    for (const method of ['REQToFile', 'REQCliCommand']) {
      const sending = {
        subject: `ship1.${method}.${kindOf(method)}`,
        payload,
        headers: { cmp, serial: 'cbor' },
      };
      for (let count = 0; count < 5; count++) client.send(sending);
      const answer = await client.ask({ ...sending, lane: `bomb-${method}-${cmp}/1/1` });
      assert.equal(answer.headers['Steward-Status'], 'rejected');
    }
  }
  await stillWorks(central);
  const peak = await ship1.peakRssBytes();
  t.diagnostic(`${Math.round(before / 1e6)} MB before, peak ${Math.round(peak / 1e6)} MB`);
  assert.ok(peak < before + 250e6, `peak ${peak}`);
});

async function fleetWithClient(
  t: TestContext,
  shipFlags?: Record<string, boolean>,
): Promise<{ broker: Broker; central: StewardNode; ship1: StewardNode; client: WireClient }> {
  const fleet = shipFlags === undefined ? await plainFleet() : await startFleet(t, { shipFlags });
  return { ...fleet, client: await startWireClient(fleet.broker, t) };
}

/** Commands or, where they are switched off, appends still come through. */
async function stillWorks(central: StewardNode): Promise<void> {
  const [id] = await submitAll(central, {
    ...place(),
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: ['alive\n'],
    ACKTimeout: 1,
  });
  assert.equal((await waitForEnd(central, id!, 20_000)).state, 'succeeded');
}

function place(): { directory: string; fileName: string } {
  return { directory: 'inside', fileName: 'file.log' };
}

function command(script: string): Message {
  return newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    replyMethod: 'REQNone',
  });
}

function allSubjects(): string[] {
  return [...METHOD_NAMES, 'REQNothing', 'Steward'].flatMap((method) =>
    ['ship1', 'central', 'errorCentral'].flatMap((node) => [
      `${node}.${method}.${kindOf(method)}`,
      `${node}.${method}.Other`,
    ]),
  );
}

function sendGarbage(client: WireClient, subject: string): void {
  for (const [index, payload] of garbage().entries()) {
    const headers = headersOf(index);
    client.send({ subject, payload, headers });
    client.send({ subject, payload, headers, reply: 'nobody.listens', lane: `e${index}/1/1` });
  }
}

function garbage(): Uint8Array[] {
  const whole = Buffer.from(
    encodeMessage(command('true'), { serialization: 'cbor', compression: '' }).payload,
  );
  const gob = Buffer.from(encodeMessage(command('true'), { serialization: 'gob', compression: '' }).payload);
  return [
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.alloc(5000, 0xff),
    Buffer.from('{"toNode": "ship1"}'),
    whole.subarray(0, whole.length - 3),
    gob.subarray(0, gob.length / 2),
    Buffer.from([0x9a, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x98, 25, ...Array(25).fill(0xf6)]),
    Buffer.from([0x9f, ...Array(3000).fill(0x9f)]),
    Buffer.from([0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    gzipSync('not a message'),
  ];
}

function headersOf(index: number): Record<string, string> {
  const all = [
    { serial: 'cbor' },
    {},
    { serial: 'cbor', cmp: 'z' },
    { cmp: 'g' },
    { serial: 'xml' },
    { cmp: 'rar' },
  ];
  return all[index % all.length] as Record<string, string>;
}

/** What lies beside the data folder of a node. */
async function outside(node: StewardNode): Promise<string[]> {
  return (await readdir(node.folder)).toSorted();
}
