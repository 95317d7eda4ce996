import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newId } from '../lib/new-id.ts';
import { unbundled } from '../message/codec/bundle.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { outgoingChain } from './outgoing-chain.ts';
import type { OutboundMessage } from './way-out.ts';
import { unanswered } from './way-out.ts';

const SUBJECT = 'ship1.REQToFile.EventACK';
const PARTS = { form: 'offset', bytes: 2000, wholeUpTo: 2000, from: 0 } as const;

function messages(count: number, more: Partial<OutboundMessage> = {}): OutboundMessage[] {
  return Array.from({ length: count }, (_, at) => ({
    ...unanswered(SUBJECT, Buffer.from(`body ${at}`), { serial: 'cbor', cmp: '' }),
    ...{ id: newId(), place: { epoch: 'e1', seq: 7 + at, floor: 3, isFollowed: at < count - 1 } },
    ...{ reply: 'reply', parts: PARTS, isLean: true, isBrief: true, mayBundle: true, ...more },
  }));
}

interface Published {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply?: string;
  readonly headers: Record<string, string>;
}

function start({ takes = 1000, maxPayload = 1_048_576 } = {}) {
  const published: Published[] = [];
  const broker = {
    maxPayload,
    publish: (subject: string, payload: Uint8Array, more: Omit<Published, 'subject' | 'payload'>) => {
      if (published.length >= takes) return false;
      published.push({ subject, payload, ...more });
      return true;
    },
  };
  const addresses = {
    arePlain: false,
    subjectFor: (subject: string) => `${subject}.from.central`,
  };
  return { published, send: outgoingChain({ compression: '' }, broker, addresses) };
}

/** The places of what was published, those of one bundle as one. */
function placesOf(published: readonly Published[]): string[] {
  return published.map(({ subject, payload, headers }) => {
    const arrival = { subject, payload, reply: '', noResponders: false };
    const all = unbundled({ ...arrival, header: (name) => headers[name] });
    const places = all.map((one) => one.header(HEADER.lane) ?? one.header(HEADER.brief)?.split(' ')[1]);
    return places.join(' ');
  });
}

test('messages that go together go as one, under the subject that proves their sender, and each says what it is to', () => {
  const { published, send } = start();
  const sent = send(messages(3, { re: 'a request' }));
  const [{ subject, reply, headers, payload }] = published as [Published];
  assert.deepEqual([published.length, subject, reply], [1, `${SUBJECT}.from.central`, 'reply-b']);
  assert.deepEqual({ ...headers }, { [HEADER.bundle]: 'e1/7/3' });
  assert.deepEqual(placesOf(published), ['e1/7/3/+ e1/8/3/+ e1/9/3']);
  const arrival = { subject, payload, reply: '', noResponders: false };
  const all = unbundled({ ...arrival, header: (name) => headers[name] });
  assert.deepEqual(
    all.map((one) => [one.header('serial'), one.header(HEADER.re), Buffer.from(one.payload).toString()]),
    [0, 1, 2].map((at) => ['cbor', 'a request', `body ${at}`]),
  );
  // Of payload and envelope each took its share.
  const [bytes, envelopes] = [sent.map((one) => one.bytes), sent.map((one) => one.envelopeBytes!)];
  assert.ok(Math.abs(bytes.reduce((sum, one) => sum + one) - payload.length) <= 3);
  assert.equal(Math.round(envelopes.reduce((sum, one) => sum + one)), 300);
});

test('where the way is not thin few go as ever, and many count as what they are without their bundle', () => {
  const { published, send } = start();
  const [few, many] = [7, 8].map((count) => send(messages(count, { isLean: false, isBrief: false })));
  assert.equal(published.length, 8);
  const sizes = many!.map((one) => one.bytes);
  assert.deepEqual(sizes, few!.map((one) => one.bytes).concat('body 7'.length));
  const whole = many!.reduce((sum, one) => sum + one.bytes - one.savedBytes!, 0);
  assert.ok(Math.abs(whole - published.at(-1)!.payload.length) <= 8);
});

test('a message that is alone goes as ever, as do all to a node that reads no bundles', () => {
  const { published, send } = start();
  send(messages(1));
  send(messages(2, { mayBundle: false }));
  assert.deepEqual(
    published.map(({ headers }) => Object.keys(headers)),
    [['S'], ['S'], ['S']],
  );
});

test('what goes in parts, was compressed before, has a schedule or an id that is no UUID goes by itself, and in its turn', () => {
  const [first, second, third, fourth, fifth] = messages(5) as [OutboundMessage, ...OutboundMessage[]];
  const special: [string, Partial<OutboundMessage>, string[]][] = [
    [
      'compressed',
      { format: { serial: 'cbor', cmp: 'z' } },
      ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+', 'e1/10/3/+ e1/11/3'],
    ],
    ['an id', { id: 'id' }, ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+', 'e1/10/3/+ e1/11/3']],
    ['a schedule', { needsLanes: true }, ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+']],
    ['in its midst', { parts: { ...PARTS, from: 2 } }, ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+']],
    ['large', { payload: randomBytes(4000) }, ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+']],
  ];
  for (const [what, more, places] of special) {
    const { published, send } = start();
    const sent = send([first, second!, { ...third!, ...more }, fourth!, fifth!]);
    assert.deepEqual(placesOf(published), places, what);
    assert.equal(sent.length, places.join(' ').split(' ').length, what);
  }
});

test('a bundle holds no more than its target takes, and than the broker does', () => {
  const { published, send } = start();
  assert.equal(send(messages(300)).length, 300);
  assert.deepEqual(
    placesOf(published).map((places) => places.split(' ').length),
    [256, 44],
  );
  const tight = start({ maxPayload: 4096 });
  assert.equal(tight.send(messages(5, { payload: Buffer.alloc(900, 'x') })).length, 5);
  assert.deepEqual(placesOf(tight.published), ['e1/7/3/+ e1/8/3/+', 'e1/9/3/+ e1/10/3/+', 'e1/11/3']);
});

test('where the connection is lost, what did not go is to go again', () => {
  const { published, send } = start({ takes: 1 });
  assert.equal(send(messages(300)).length, 256);
  assert.equal(published.length, 1);
  assert.deepEqual(send(messages(3)), []);
});

test('what may be compressed with what went before goes so alone, too, unless it becomes too large; what became larger than was thought goes as fewer', () => {
  const { published, send } = start();
  const one = (seq: number, payload: Uint8Array) => {
    const place = { epoch: 'e1', seq, floor: 1 };
    return messages(1, { payload, place, dictionary: 'used' });
  };
  const noise = randomBytes(1500);
  for (const [seq, payload] of [noise, noise, randomBytes(4000), randomBytes(100_000), noise].entries())
    send(one(seq + 1, payload));
  const forms = published.map(({ headers }) => headers[HEADER.bundle] ?? Object.keys(headers).join());
  assert.deepEqual(forms, ['e1/1/1 0', 'e1/2/1 1*1', 'S,Steward-Part', 'S,Steward-Part', 'e1/5/1 1*2']);
  assert.ok(published.at(-1)!.payload.length < 100);
  const many = start();
  const sent = many.send(
    messages(4).map((each) => ({ ...each, payload: randomBytes(1500), dictionary: 'used' as const })),
  );
  assert.deepEqual([sent.length, many.published.length], [4, 4]);
});
