import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { randomTest } from '../../../test/support/random-test.ts';
import { newId } from '../../lib/new-id.ts';
import type { WireMessage } from '../wire-message.ts';
import { frameBundle, MOST_BUNDLE_BYTES, unbundled } from './bundle.ts';
import { compress } from './compression.ts';
import { DICTIONARY, Dictionaries, dictionaryOf, formatBase, SentDictionaries } from './dictionaries.ts';
import { SHIPPED_TEXT } from './shipped-text.ts';
import { HEADER } from './wire-headers.ts';

const LANE = 'ship1.REQReport.EventACK e1';

interface Sent {
  readonly seq: number;
  readonly header: string;
  readonly payload: Uint8Array;
  readonly text: string;
}

/** A node that sends in one lane, as the way out does. */
class Sender {
  #ms = 0;
  readonly dictionaries = new SentDictionaries(() => this.#ms);

  send(seq: number, text: string, { isLacked = false, lane = LANE, ms = 1000 } = {}): Sent {
    this.#ms += ms;
    const frames = frameBundle([{ id: newId(), headers: { serial: 'cbor' }, payload: Buffer.from(text) }]);
    const found = this.dictionaries.baseFor(lane, seq, isLacked);
    const payload = compress(frames, 'z', found && { dictionary: dictionaryOf(found.before) });
    if (found) this.dictionaries.add(lane, seq, frames);
    return { seq, header: `e1/${seq}/1${found ? formatBase(found.base) : ''}`, payload, text };
  }
}

function arrivalOf({ header, payload }: Pick<Sent, 'header' | 'payload'>, sender = 'ship2'): WireMessage {
  return {
    ...{ subject: 'ship1.REQReport.EventACK', sender, reply: 'r-b', payload, noResponders: false },
    header: (name) => (name === HEADER.bundle ? header : undefined),
  };
}

/** What a node reads: a text, that it lacks something, or that it is no bundle. */
function read(sent: Pick<Sent, 'header' | 'payload'>, dictionaries: Dictionaries, sender?: string): string {
  const [message] = unbundled(arrivalOf(sent, sender), dictionaries);
  if (message?.header(HEADER.lacks)) return `lacks for ${message.header(HEADER.lane)}`;
  return message?.header(HEADER.lane) ? Buffer.from(message.payload).toString() : 'refused';
}

function line(at: number): string {
  return `Nov 28 10:${at % 60} ship1 sshd[${at * 7}]: Accepted publickey for admin from 10.0.3.${at} port ${40_000 + at}`;
}

test('what a lane repeats costs little, and comes out as it was', () => {
  const [sender, receiver] = [new Sender(), new Dictionaries()];
  const sizes: number[] = [];
  for (let seq = 1; seq < 40; seq++) {
    const sent = sender.send(seq, line(seq));
    assert.equal(read(sent, receiver), line(seq));
    sizes.push(sent.payload.length);
  }
  // The id is 16 bytes that nothing makes smaller.
  assert.ok(sizes.at(-1)! < sizes[0]! * 0.6, sizes.join());
});

test('a node that lacks what a message needs says so for its place, and reads the next that goes without', () => {
  const [sender, receiver] = [new Sender(), new Dictionaries()];
  const [first, second, third] = [1, 2, 3].map((seq) => sender.send(seq, line(seq)));
  assert.equal(read(first!, receiver), line(1));
  // The second is lost.
  assert.equal(read(third!, receiver), 'lacks for e1/3/1');
  assert.equal(read(second!, receiver), line(2));
  assert.equal(read(third!, receiver), line(3));
  // The node was started anew.
  const renewed = new Dictionaries();
  assert.equal(read(sender.send(4, line(4)), renewed), 'lacks for e1/4/1');
  assert.equal(read(sender.send(4, line(4), { isLacked: true }), renewed), line(4));
  assert.equal(read(sender.send(5, line(5)), renewed), line(5));
  // The sender was started anew.
  assert.equal(read(new Sender().send(6, line(6)), renewed), line(6));
});

test('a lane whose target lacks again and again what went before goes without for longer each time, and again with it when that goes well', () => {
  const sender = new Sender();
  let seq = 1;
  const plain: number[] = [];
  for (let round = 0; round < 9; round++) {
    const isBased = () => sender.send(seq++, line(seq)).header.includes(' ');
    sender.send(seq, line(seq), { isLacked: true });
    let count = 0;
    while (!isBased()) count++;
    plain.push(count);
  }
  assert.deepEqual(plain, [0, 0, 2, 6, 14, 30, 62, 63, 63]);
  for (let left = 40; left > 0; left--) sender.send(++seq, line(seq));
  assert.match(sender.send(++seq, line(seq), { isLacked: true }).header, / 0$/);
});

test('after a pause in which its target may have let go of all nothing is built upon that', () => {
  const sender = new Sender();
  sender.send(1, line(1));
  assert.match(sender.send(2, line(2)).header, / 1\*1$/);
  assert.match(sender.send(3, line(3), { ms: 600_000 }).header, / 0$/);
  assert.match(sender.send(4, line(4)).header, / 3\*1$/);
});

test('lanes and senders have nothing in common', () => {
  const [sender, receiver] = [new Sender(), new Dictionaries()];
  const [first, second] = [sender.send(1, line(1)), sender.send(2, line(2))];
  assert.equal(read(first, receiver, 'ship3'), line(1));
  assert.equal(read(second, receiver, 'ship4'), 'lacks for e1/2/1');
  assert.equal(
    read({ ...second, header: second.header.replace('e1', 'e2') }, receiver, 'ship3'),
    'lacks for e2/2/1',
  );
  assert.match(sender.send(3, line(3), { lane: 'another' }).header, / 0$/);
  assert.equal(read(second, receiver, 'ship3'), line(2));
});

test('with other bytes than a message was made with nothing wrong comes out of it', () => {
  const sender = new Sender();
  const text = randomBytes(3000).toString('hex');
  sender.send(1, text);
  const second = sender.send(2, text);
  assert.ok(second.payload.length < 200);
  for (let round = 0; round < 50; round++) {
    const other = Buffer.from(
      frameBundle([{ id: newId(), headers: { serial: 'cbor' }, payload: Buffer.from(text) }]),
    );
    const receiver = new Dictionaries();
    receiver.add(
      'ship2 ship1.REQReport.EventACK e1',
      1,
      other.subarray(0, other.length - (round % 5)).fill(round, 30 * round),
    );
    assert.match(read(second, receiver), /^lacks/);
  }
});

test('a range that nobody has, or that is none, is refused without harm', () => {
  const [sender, receiver] = [new Sender(), new Dictionaries()];
  for (let seq = 1; seq < 6; seq++) read(sender.send(seq, line(seq)), receiver);
  const { payload } = sender.send(6, line(6));
  for (const base of ['1*4', '2*5', '1*6', '6*1', '0*5', '1*0', '9*1', '4294967295*99999'])
    assert.equal(read({ header: `e1/6/1 ${base}`, payload }, receiver), 'lacks for e1/6/1', base);
  for (const base of ['', '1', '-1*5', '1*-5', '1*5 x', '*', '1*100000', '00', 'a*b'])
    assert.equal(read({ header: `e1/6/1 ${base}`, payload }, receiver), 'refused', base);
  assert.equal(read({ header: 'e1/6/1 0', payload }, receiver), 'refused');
  assert.equal(read({ header: 'e1/6/1 1*5', payload: Buffer.from('garbage') }, receiver), 'lacks for e1/6/1');
  assert.equal(read({ header: 'e1/6/1 1*5', payload }, receiver), line(6));
});

test('what becomes too much is not unpacked, and not kept', () => {
  const receiver = new Dictionaries();
  const before = Buffer.alloc(MOST_BUNDLE_BYTES, 'x');
  receiver.add('ship2 ship1.REQReport.EventACK e1', 1, before);
  const { size } = receiver;
  for (const bytes of [MOST_BUNDLE_BYTES + 1, 100_000_000]) {
    const payload = compress(Buffer.alloc(bytes, 'x'), 'z', { dictionary: dictionaryOf(before) });
    assert.equal(read({ header: 'e1/2/1 1*1', payload }, receiver), 'lacks for e1/2/1');
  }
  assert.equal(receiver.size, size);
});

test('10,000 lanes stay within one budget, and those used last are kept', () => {
  const dictionaries = new Dictionaries();
  const bundle = randomBytes(3000);
  for (let lane = 0; lane < 10_000; lane++) dictionaries.add(`${lane}`, 3, bundle);
  assert.ok(
    dictionaries.size <= 6 * 1024 * 1024 && dictionaries.size > 5 * 1024 * 1024,
    `${dictionaries.size}`,
  );
  assert.equal(dictionaries.baseFor('0', 4), undefined);
  assert.deepEqual(dictionaries.baseFor('9999', 4)?.base, { from: 3, count: 1 });
  for (let seq = 5; seq < 200; seq++) dictionaries.add('9999', seq, bundle);
  const { base, before } = dictionaries.baseFor('9999', 200)!;
  assert.deepEqual([base, before.length], [{ from: 179, count: 21 }, 63_000]);
});

/** Reads what arrives of some messages in their order; answers with what was read behind `known`, and whether the next one lacks something. */
function take(flight: readonly Sent[], known: number, receiver: Dictionaries) {
  const texts: string[] = [];
  let isLacked = false;
  for (const sent of flight) {
    const text = read(sent, receiver);
    const isNext = sent.seq === known + texts.length + 1;
    if (text.startsWith('lacks')) isLacked ||= isNext;
    else assert.equal(text, sent.text);
    if (isNext && !isLacked) texts.push(text);
  }
  return { texts, isLacked };
}

randomTest(
  'whatever is lost, comes twice or is started anew, what is read is what was sent, and all of it is read in the end',
  (_t, { random }) => {
    let [sender, receiver] = [new Sender(), new Dictionaries()];
    const texts = Array.from({ length: 100 }, (_, at) => line(at).repeat(1 + Math.floor(random() * 30)));
    let [known, isLacked] = [0, false];
    for (let tries = 0; known < texts.length; tries++) {
      assert.ok(tries < 2000);
      if (random() < 0.02) sender = new Sender();
      if (random() < 0.02) receiver = new Dictionaries();
      const ahead = 1 + Math.floor(random() * 4);
      const flight = texts.slice(known, known + ahead).map((text, at) => {
        return sender.send(known + at + 1, text, { isLacked: isLacked && at === 0 });
      });
      const arrived = random() < 0.2 ? Math.floor(random() * ahead) : ahead;
      const taken = take(flight.slice(0, arrived), known, receiver);
      isLacked = taken.isLacked;
      // Of some the answers are lost: they come again.
      if (random() < 0.9) known += taken.texts.length;
    }
  },
);

test('the shipped text is that of its word: nodes that name the word unpack with these very bytes', () => {
  const sum = createHash('sha256').update(SHIPPED_TEXT).digest('hex');
  assert.deepEqual(
    [DICTIONARY, sum],
    ['dict1', 'b09a5a718522cff85712f5f1fdd172e56d74ea95a42545ac962aae6f431af236'],
  );
});
