import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers, type Msg, type MsgHdrsImpl } from '@nats-io/transport-node';
import { publishOptions, toWireMessage } from './to-wire-message.ts';

/** A message as the library makes it of what it read. */
function arrived(head: Uint8Array, payload = ''): Msg {
  const data = Buffer.from(payload);
  return {
    ...{ subject: 'ship1.REQPing.CommandACK', reply: 'answers', data },
    ...{ _msg: { hdr: head.length }, _rdata: Buffer.concat([head, data]) },
  } as unknown as Msg;
}

test('headers are written as the library writes them', () => {
  const given = { 'Steward-Id': 'id-1', 'Steward-Reason': ' die Größe: 1 MB ', Cmp: '' };
  const own = headers();
  for (const [name, value] of Object.entries(given)) own.set(name, value);
  const options = publishOptions({ reply: 'answers', headers: given });
  assert.equal(options.reply, 'answers');
  const encoded = (options.headers as MsgHdrsImpl).encode();
  assert.equal(String(encoded), String(Buffer.from((own as MsgHdrsImpl).encode())));
  assert.equal((publishOptions({ headers: {} }).headers as MsgHdrsImpl).encode().length, 0);
  const twoLines = publishOptions({ headers: { 'Steward-Reason': 'one\ntwo' } }).headers as MsgHdrsImpl;
  assert.throws(() => twoLines.encode(), /the header Steward-Reason has more than one line/);
});

test('of each header the first value is read, by its name as it came, and an empty one is none', () => {
  const text =
    'NATS/1.0\r\na: 1\r\nA:2\r\na: 3\r\nempty:\r\nno colon\r\n: no name\r\nlong: a: \u00fc \r\ntwo: 1\n2\r\nreturn: 1\r2\r\n__proto__: p\r\n\r\n';
  const { header, payload, noResponders } = toWireMessage(arrived(Buffer.from(text), 'data'));
  assert.deepEqual(
    ['a', 'A', 'empty', 'no colon', '', 'long', 'two', 'return', 'other', '__proto__'].map((name) =>
      header(name),
    ),
    ['1', '2', undefined, undefined, undefined, 'a: \u00fc', undefined, undefined, undefined, 'p'],
  );
  assert.equal(String(payload), 'data');
  assert.equal(noResponders, false);
});

test('that nobody listens is told by the status of a message without content', () => {
  const nobody = Buffer.from('NATS/1.0 503\r\n\r\n');
  assert.equal(toWireMessage(arrived(nobody)).noResponders, true);
  assert.equal(toWireMessage(arrived(Buffer.from('NATS/1.0 503 No Responders\r\n\r\n'))).noResponders, true);
  assert.equal(toWireMessage(arrived(nobody, 'content')).noResponders, false);
  assert.equal(toWireMessage(arrived(Buffer.from('NATS/1.0 404\r\n\r\n'))).noResponders, false);
  assert.equal(toWireMessage(arrived(new Uint8Array(0))).noResponders, false);
  assert.equal(toWireMessage(arrived(new Uint8Array(0))).header('a'), undefined);
});
