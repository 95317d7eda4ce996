import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { newId } from '../../lib/new-id.ts';
import type { WireMessage } from '../wire-message.ts';
import { type Bundled, MOST_BUNDLED, packBundle, unbundled } from './bundle.ts';
import { HEADER } from './wire-headers.ts';

const PLACE = '27e8f3631a917c58/75/64';

function arrived(payload: Uint8Array, place = PLACE): WireMessage {
  return {
    ...{ subject: 'ship1.REQToFile.EventACK', sender: 'central', reply: 'r-b', payload },
    ...{ noResponders: false, header: (name) => (name === HEADER.bundle ? place : undefined) },
  };
}

function bundled(count: number, more: Partial<Bundled> = {}): Bundled[] {
  return Array.from({ length: count }, (_, at) => ({
    id: newId(),
    headers: { serial: 'cbor', [HEADER.left]: `${at}` },
    payload: Buffer.from(`body ${at}`),
    ...more,
  }));
}

/** A frame of a bundle, with the sizes that it says it has. */
function frame(sizes: readonly [number, number], rest: string, id = newId()): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(sizes[0], 0);
  head.writeUInt16BE(sizes[1], 2);
  return Buffer.concat([head, Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.from(rest)]);
}

test('each message of a bundle comes out with what was said of it, a place of its own, and the sender that is proved', () => {
  const sent = bundled(3);
  const messages = unbundled(arrived(packBundle(sent)));
  for (const [at, { id, headers, payload }] of sent.entries()) {
    const message = messages[at]!;
    assert.deepEqual(
      [message.subject, message.sender, message.reply],
      ['ship1.REQToFile.EventACK', 'central', 'r-b'],
    );
    assert.equal(message.header(HEADER.id), id);
    assert.equal(message.header(HEADER.lane), `27e8f3631a917c58/${75 + at}/64${at < 2 ? '/+' : ''}`);
    for (const [name, value] of Object.entries(headers)) assert.equal(message.header(name), value);
    assert.deepEqual(Buffer.from(message.payload), payload);
  }
  assert.equal(messages.length, 3);
  const followed = unbundled(arrived(packBundle(sent), `${PLACE}/+`));
  assert.equal(followed.at(-1)?.header(HEADER.lane), '27e8f3631a917c58/77/64/+');
});

test('what is alike in messages costs next to nothing', () => {
  const headers = { serial: 'cbor', [HEADER.supersedes]: 'position of the ship' };
  const payload = Buffer.from(
    'a body that is the same in each of them, as the names of methods and nodes are',
  );
  const [one, many] = [1, 50].map((count) => packBundle(bundled(count, { headers, payload })).length);
  assert.ok((many! - one!) / 49 < 16, `${one} bytes for one, ${many} for 50`);
});

test('a message of a bundle has no other place and id than the bundle gives it', () => {
  const headers = { [HEADER.lane]: 'other/9/9', [HEADER.id]: newId(), [HEADER.brief]: 'x other/9/9 c' };
  const sent = bundled(1, { headers });
  const [message] = unbundled(arrived(packBundle(sent)));
  assert.equal(message?.header(HEADER.lane), PLACE);
  assert.equal(message?.header(HEADER.id), sent[0]?.id);
  assert.equal(message?.header(HEADER.brief), undefined);
});

test('a message that is no bundle is alone', () => {
  const message = { ...arrived(Buffer.from('x')), header: () => undefined };
  assert.deepEqual(unbundled(message), [message]);
});

test('a bundle that cannot be read is refused as a whole: garbage, one that is cut, says more than it has, or has too much', () => {
  const two = packBundle(bundled(2));
  const packed = (...frames: Buffer[]) => zstdCompressSync(Buffer.concat(frames));
  const bad: [string, Uint8Array][] = [
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.from('garbage')],
    ['a cut one', two.subarray(0, two.length - 3)],
    ['no message', packed(Buffer.alloc(0))],
    ['half a head', packed(frame([0, 1], 'x'), Buffer.alloc(7))],
    ['a body that is shorter than it says', packed(frame([0, 1], 'x'), frame([0, 9], 'short'))],
    ['headers that are longer than all', packed(frame([60_000, 0], ''))],
    ['262,000 empty messages', packed(Buffer.alloc(20 * 262_000))],
    ['one message too many', packed(...Array.from({ length: MOST_BUNDLED + 1 }, () => frame([0, 0], '')))],
    ['one message twice', packed(Buffer.alloc(20 * 2))],
    ['100 MB of zeros', packed(Buffer.alloc(100 * 1024 * 1024))],
  ];
  for (const [what, payload] of bad) assert.deepEqual(unbundled(arrived(payload)).length, 1, what);
  const most = Array.from({ length: MOST_BUNDLED }, () => frame([0, 0], ''));
  assert.equal(unbundled(arrived(packed(...most))).length, MOST_BUNDLED);
  for (const place of ['', 'e1/0/1', 'e1/1/2', '-/1/1', 'e1/1', `${'e'.repeat(65)}/1/1`])
    assert.equal(unbundled(arrived(two, place)).length, 1, place);
});

test('places behind the last one that there is are none', () => {
  const messages = unbundled(arrived(packBundle(bundled(2)), 'e1/4294967295/1'));
  assert.deepEqual(
    messages.map((message) => message.header(HEADER.lane)),
    ['e1/4294967295/1/+', 'e1/4294967296/1'],
  );
});
