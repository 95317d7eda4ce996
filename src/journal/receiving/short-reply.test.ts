import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { decodeMessage } from '../../message/codec/decode-message.ts';
import { encodeMessage, encodeWithBytes } from '../../message/codec/encode-message.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import { newMessage } from '../../message/message.ts';
import type { Incoming } from '../../message/method-contract.ts';
import { shortSerial, withoutTold } from '../../message/told-output.ts';

const OUTPUT = Buffer.from('what the request printed '.repeat(100));

/** A reply to the request `asked` without the first bytes of its data, for a method. */
function shortReply(method: string, fromNode = 'central') {
  const fields = {
    toNode: 'ship1',
    fromNode,
    method,
    isReply: true,
    data: [Buffer.concat([OUTPUT, Buffer.from('!')])],
  };
  const encoded = encodeMessage(newMessage(fields), { serialization: 'cbor', compression: '' });
  const short = withoutTold(encoded.payload, { serial: 'cbor', cmp: '' }, { from: 0, count: OUTPUT.length })!;
  const headers = { [HEADER.serial]: shortSerial('cbor'), [HEADER.told]: short.header, [HEADER.re]: 'asked' };
  return { payload: short.payload, headers };
}

async function start(t: Parameters<typeof TestJournal.open>[0], told: Uint8Array | undefined) {
  const applied: string[] = [];
  const made = await TestJournal.open(t, {
    told: new Map(told ? [['asked', told]] : []),
    apply: async (batch: readonly Incoming[]) => {
      applied.push(...batch.map(({ message }) => String(Buffer.concat(message.data ?? []))));
      return batch.map(() => ({ ok: true }));
    },
  });
  return { made, applied };
}

test('what a short reply leaves out is put before its data', async (t) => {
  const { made, applied } = await start(t, Buffer.concat([OUTPUT, Buffer.from('more')]));
  made.journal.receive(made.arrival(made.effect, { seq: 1 }, shortReply('REQToFileAppend')), made.effect);
  await made.settled();
  assert.deepEqual(applied, [`${OUTPUT}!`]);
  assert.deepEqual(made.taken(), ['accepted 1-1']);
});

test('a short reply that cannot be made whole is to come again, and its lane waits for that', async (t) => {
  for (const told of [undefined, OUTPUT.subarray(10), Buffer.from(OUTPUT).fill(1, 3, 4)]) {
    const { made, applied } = await start(t, told);
    const arrival = made.arrival(made.effect, { seq: 1 }, shortReply('REQToFileAppend'));
    made.journal.receive(arrival, made.effect);
    await made.settled();
    assert.deepEqual([applied, made.taken()], [[], ['busy 1-1']]);
    made.journal.receive(made.arrival(made.effect, { seq: 1 }), made.effect);
    await made.settled();
    assert.deepEqual([applied, made.taken()], [[''], ['accepted 1-1']]);
  }
});

test('a short reply of another node than the one that was asked, and one that is a command, are to come whole', async (t) => {
  const { made, applied } = await start(t, OUTPUT);
  const other = shortReply('REQToFileAppend', 'ship2');
  made.journal.receive(made.arrival(made.effect, { seq: 1, epoch: 'e2' }, other), made.effect);
  const command = shortReply('REQCliCommand');
  made.journal.receive(made.arrival(made.run, { seq: 1 }, command), made.run);
  await made.settled();
  assert.deepEqual([applied, made.taken().sort(), made.rows()], [[], ['busy 1-1', 'busy 1-1'], []]);
});

test('data of an earlier message is put into what goes on to other nodes alone: a command with it is to come whole', async (t) => {
  const made = await TestJournal.open(t, { keptData: OUTPUT });
  const command = newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: 'REQCliCommand',
    data: [OUTPUT],
  });
  const { payload } = encodeMessage(command, { serialization: 'cbor', compression: '' });
  const headers = {
    [HEADER.serial]: shortSerial('cbor'),
    [HEADER.told]: `kept+${OUTPUT.length}/${'0'.repeat(32)}`,
  };
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { payload, headers }), made.run);
  await made.settled();
  assert.deepEqual([made.taken(), made.rows()], [['busy 1-1'], []]);
});

test('what says in one header alone that it is a short reply is refused', async (t) => {
  const { made, applied } = await start(t, OUTPUT);
  const { payload, headers } = shortReply('REQToFileAppend');
  const { [HEADER.told]: told, ...noStretch } = headers;
  const broken = [noStretch, { ...headers, [HEADER.serial]: 'cbor' }];
  for (const [at, wrong] of broken.entries()) {
    const arrival = made.arrival(made.effect, { seq: at + 1 }, { payload, headers: wrong });
    made.journal.receive(arrival, made.effect);
  }
  await made.settled();
  assert.deepEqual([applied, made.taken()], [[], ['rejected 1-1', 'rejected 2-2']]);
});

test('data that came as bytes in CBOR is journalled as every version reads it', async (t) => {
  const kept: { format: number; body: Uint8Array }[] = [];
  const run = async () => {
    kept.push(...made.store.all<(typeof kept)[0]>('SELECT format, body FROM journal'));
    return { state: 'succeeded' as const };
  };
  const made = await TestJournal.open(t, { run });
  const data = [Uint8Array.of(0xff, 0xfe)];
  const fields = { toNode: 'ship1', fromNode: 'central', method: 'REQCliCommand', data };
  const { payload, serial } = encodeWithBytes(newMessage(fields));
  assert.equal(serial, 'cbor-bytes');
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { payload, headers: { serial } }), made.run);
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 1-1']);
  await waitFor('it to run', () => kept.length > 0);
  assert.equal(kept[0]?.format, 0);
  const read = decodeMessage(kept[0].body, { serial: '', cmp: '', maxBytes: 1e6 });
  assert.deepEqual(
    read.data?.map((item) => [...item]),
    [[0xff, 0xfe]],
  );
});
