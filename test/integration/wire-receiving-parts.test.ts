import assert from 'node:assert/strict';
import { test } from 'node:test';
import { v7 as uuidV7 } from 'uuid';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient, type Wire, type WireClient } from '../support/wire-client.ts';

const MB = 1024 * 1024;
const SUBJECT = 'ship1.REQToFile.EventACK';

function wholeMessage(bytes: number, fileName: string): Uint8Array {
  const fields = { toNode: 'ship1', fromNode: 'tester', method: 'REQToFile', directory: 'd', fileName };
  const message = newMessage({ ...fields, data: [Buffer.alloc(bytes, 'x')] });
  return encodeMessage(message, { serialization: 'gob', compression: '' }).payload;
}

/** Sends pieces of messages of one epoch. */
class PartSender {
  readonly #client: WireClient;
  readonly #epoch = uuidV7();
  readonly #ids = new Map<number, string>();

  constructor(client: WireClient) {
    this.#client = client;
  }

  ask(seq: number, part: string | undefined, payload: Uint8Array): Promise<Wire> {
    const id = this.#ids.get(seq) ?? uuidV7();
    this.#ids.set(seq, id);
    const headers: Record<string, string> = part === undefined ? {} : { 'Steward-Part': part };
    return this.#client.ask({ subject: SUBJECT, payload, id, lane: `${this.#epoch}/${seq}/1`, headers });
  }
}

function status({ headers }: Wire): string {
  return headers['Steward-Status'] ?? '';
}

test('messages in parts', async (t) => {
  const broker = await startBroker(t);
  const ship = await startStewardNode({ name: 'ship1', broker, flags: { maxMessageMB: 2 } }, t);
  const client = await startWireClient(broker, t);
  const half = 600_000;

  await t.test('each part is answered, the last one for the whole message', async () => {
    const sender = new PartSender(client);
    const whole = wholeMessage(MB, 'whole');
    const first = await sender.ask(1, '1/2', whole.subarray(0, half));
    assert.deepEqual([status(first), first.headers['Steward-Part']], ['part', '1/2']);
    assert.equal(status(await sender.ask(1, '2/2', whole.subarray(half))), 'accepted');
    assert.equal((await ship.file('d/ship1/whole')).length, MB);
    assert.equal(status(await sender.ask(1, '2/2', whole.subarray(half))), 'duplicate');
    assert.equal(status(await sender.ask(2, '1/1', wholeMessage(5, 'one'))), 'accepted');
    assert.equal(await ship.file('d/ship1/one'), 'xxxxx');
  });

  await t.test('a part out of its order, or missing, is a gap; sending begins anew', async () => {
    const sender = new PartSender(client);
    const whole = wholeMessage(1000, 'parts');
    const third = (index: number) => whole.subarray(index * 400, index * 400 + 400);
    assert.equal(status(await sender.ask(1, '2/3', third(1))), 'gap');
    assert.equal(status(await sender.ask(1, '1/3', third(0))), 'part');
    const gap = await sender.ask(1, '3/3', third(2));
    assert.deepEqual([status(gap), gap.headers['Steward-Expects']], ['gap', '1']);
    assert.equal(status(await sender.ask(1, '1/3', third(0))), 'part');
    assert.equal(status(await sender.ask(1, '2/3', third(1))), 'part');
    assert.equal(status(await sender.ask(1, '3/3', whole.subarray(800))), 'accepted');
    assert.equal((await ship.file('d/ship1/parts')).length, 1000);
  });

  await t.test('a message of the next place does not pass for a part that is missing', async () => {
    const sender = new PartSender(client);
    const whole = wholeMessage(1000, 'next');
    assert.equal(status(await sender.ask(1, '1/2', whole.subarray(0, 600))), 'part');
    assert.equal(status(await sender.ask(2, '2/2', whole.subarray(600))), 'gap');
    assert.equal(status(await sender.ask(1, '2/2', whole.subarray(600))), 'accepted');
  });

  await t.test('parts of another division do not become a message', async () => {
    const sender = new PartSender(client);
    const whole = wholeMessage(1000, 'mixed');
    assert.equal(status(await sender.ask(1, '1/3', whole.subarray(0, 600))), 'part');
    assert.equal(status(await sender.ask(1, '2/2', whole.subarray(600))), 'gap');
  });

  await t.test('parts that make no message are rejected, and so are headers that are none', async () => {
    const sender = new PartSender(client);
    await sender.ask(1, '1/2', Buffer.alloc(100, 0xff));
    assert.equal(status(await sender.ask(1, '2/2', Buffer.alloc(100, 0xff))), 'rejected');
    for (const [index, header] of [
      'x',
      '1',
      '1/',
      '/2',
      '0/2',
      '3/2',
      '1/2/3',
      '1.5/2',
      '-1/2',
      '1e0/2',
    ].entries()) {
      const answer = await sender.ask(index + 2, header, wholeMessage(10, 'wrong'));
      assert.equal(status(answer), 'rejected', header);
      assert.match(answer.headers['Steward-Reason']!, /Steward-Part/);
    }
    assert.equal(status(await sender.ask(12, undefined, wholeMessage(3, 'after'))), 'accepted');
    await assert.rejects(ship.file('d/ship1/wrong'));
  });

  await t.test('a message above maxMessageMB is rejected with the limit, and the lane goes on', async () => {
    const sender = new PartSender(client);
    const piece = Buffer.alloc(900_000, 1);
    assert.equal(status(await sender.ask(1, '1/4', piece)), 'part');
    assert.equal(status(await sender.ask(1, '2/4', piece)), 'part');
    const third = await sender.ask(1, '3/4', piece);
    assert.equal(status(third), 'rejected');
    assert.match(third.headers['Steward-Reason']!, /maxMessageMB: 2/);
    assert.equal(status(await sender.ask(1, '4/4', piece)), 'rejected', 'what is left of it changes nothing');
    assert.equal(status(await sender.ask(2, undefined, wholeMessage(3, 'small'))), 'accepted');
  });

  await t.test('a compressed message that grows above maxMessageMB is rejected (fault 24)', async () => {
    const fields = {
      toNode: 'ship1',
      fromNode: 'tester',
      method: 'REQToFile',
      directory: 'd',
      fileName: 'bomb',
    };
    const message = newMessage({ ...fields, data: [Buffer.alloc(40 * MB)] });
    for (const [index, compression] of (['z', 'g'] as const).entries()) {
      const { payload } = encodeMessage(message, { serialization: 'gob', compression });
      assert.ok(payload.length < 200_000);
      const lane = `bomb${index}/1/1`;
      const answer = await client.ask({ subject: SUBJECT, payload, lane, headers: { cmp: compression } });
      assert.equal(status(answer), 'rejected');
    }
  });

  await t.test('many senders that never finish their messages cannot fill the memory', async () => {
    const piece = Buffer.alloc(900_000, 1);
    const before = await ship.rssBytes();
    const answers: Wire[] = [];
    for (let sender = 0; sender < 300; sender++)
      answers.push(await new PartSender(client).ask(1, '1/9', piece));
    assert.ok(answers.every((answer) => status(answer) === 'part'));
    const grown = ((await ship.rssBytes()) - before) / MB;
    assert.ok(grown < 150, `${grown} MB more`);
    // What is whole is taken all the same.
    const sender = new PartSender(client);
    assert.equal(status(await sender.ask(1, undefined, wholeMessage(3, 'still'))), 'accepted');
  });
});

test('thousands of epochs of a hostile sender take neither long nor much memory', async (t) => {
  const broker = await startBroker(t);
  const ship = await startStewardNode({ name: 'ship1', broker }, t);
  const client = await startWireClient(broker, t);
  const answers = await client.gather('epochs.answers');
  const fields = { toNode: 'ship1', fromNode: 'tester', directory: 'd', fileName: 'epochs' };
  const message = newMessage({ ...fields, method: 'REQToFileAppend', data: [Buffer.from('x')] });
  for (let round = 1; round <= 4; round++) {
    for (let count = 0; count < 1000; count++)
      client.send({ message, lane: `h${round}-${count}/1/1`, reply: 'epochs.answers' });
    await waitFor('all answers', () => answers.length === round * 1000, { timeoutMs: 30_000 });
  }
  assert.ok(answers.every((answer) => status(answer) === 'accepted'));
  assert.ok((await ship.rssBytes()) < 300 * MB);
  assert.equal((await ship.file('d/ship1/epochs')).length, 4000);
  await ship.restart();
  client.send({ message, lane: 'h1-77/1/1', reply: 'epochs.answers' });
  const last = await waitFor('an answer after the restart', () => answers[4000]);
  assert.equal(status(last), 'duplicate', 'each epoch is remembered');
});
