import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../test/support/manual-clock.ts';
import { LinkScheduler, type Source } from './scheduler.ts';
import { type OutboundMessage, type Sent, unanswered } from './way-out.ts';

const KB = 1024;
const [URGENT, NORMAL, BULK] = [0, 1, 2];

/** Something that has `left` messages of one size to send, and notes each time it is asked. */
class Heap implements Source {
  readonly name: string;
  readonly toNode: string;
  urgency = NORMAL;
  readonly bytes: number;
  left: number;
  pulls = 0;
  readonly failures: Error[] = [];

  constructor(name: string, left: number, bytes: number, more: { toNode?: string; urgency?: number } = {}) {
    this.name = name;
    this.toNode = more.toNode ?? name;
    this.urgency = more.urgency ?? NORMAL;
    this.left = left;
    this.bytes = bytes;
  }

  pull(roomBytes: number): readonly OutboundMessage[] {
    this.pulls++;
    const count = Math.min(this.left, Math.max(1, Math.floor(roomBytes / this.bytes)));
    const format = { serial: '', cmp: '' } as const;
    return Array.from({ length: count }, () => unanswered(this.name, Buffer.alloc(this.bytes), format));
  }

  sent(sent: readonly Sent[]): boolean {
    this.left -= sent.length;
    return this.left > 0;
  }

  failed(error: Error): void {
    this.failures.push(error);
  }
}

function start() {
  const order: string[] = [];
  let bytes = 0;
  let clock = 0;
  let flushed = Promise.withResolvers<void>();
  const link = new LinkScheduler({
    send: (messages) =>
      messages.map(({ subject, payload }) => {
        if (order.at(-1) !== subject) order.push(subject);
        bytes += payload.length;
        return { bytes: payload.length, wholeBytes: payload.length };
      }),
    bus: { flush: () => flushed.promise },
    now: () => (clock += 0.01),
  });
  /** The broker says that it has all. */
  const pong = async () => {
    flushed.resolve();
    flushed = Promise.withResolvers();
    await settle();
  };
  /** Makes the window as large as it becomes where all arrives at once. */
  const widen = async () => {
    link.offer(new Heap('first', 1, 64 * KB));
    await pong();
    bytes = 0;
    order.length = 0;
  };
  return { link, order, pong, widen, published: () => bytes };
}

test('those who have something to send take turns, whoever has how much', async () => {
  const { link, order, widen } = start();
  await widen();
  const [a, b] = [new Heap('a', 6, 200 * KB), new Heap('b', 2, 200 * KB)];
  const offers: Source = {
    toNode: 'nobody',
    urgency: NORMAL,
    pull: () => [],
    sent: () => false,
    failed: () => {},
  };
  link.offer(offers);
  link.offer(a);
  link.offer(b);
  assert.equal(a.left, 0);
  order.length = 0;
  // While one is pulled the others offer, as they do when answers come together.
  const first = new Heap('first', 1, KB);
  const [c, d] = [new Heap('c', 3, 200 * KB), new Heap('d', 3, 200 * KB)];
  first.sent = () => {
    link.offer(c);
    link.offer(d);
    return false;
  };
  link.offer(first);
  assert.deepEqual(order, ['first', 'c', 'd', 'c', 'd', 'c', 'd']);
});

test('what was sent is counted by class, in the class in which it went', async () => {
  const { link, widen } = start();
  await widen();
  const before = [...link.sentBytes];
  const turned = new Heap('turned', 1, 3 * KB, { urgency: URGENT });
  turned.sent = () => {
    turned.urgency = BULK;
    return false;
  };
  for (const heap of [turned, new Heap('b', 2, 5 * KB, { urgency: BULK })]) link.offer(heap);
  assert.deepEqual(
    link.sentBytes.map((bytes, urgency) => bytes - before[urgency]!),
    [3 * KB, 0, 10 * KB],
  );
});

test('what the broker has not confirmed bounds what is pulled; the rest is not even read', async () => {
  const { link, pong, published, widen } = start();
  await widen();
  const heap = new Heap('heap', 1000, 100 * KB);
  link.offer(heap);
  assert.ok(published() >= 4096 * KB && published() < 4096 * KB + 256 * KB, `${published()} bytes`);
  const pulls = heap.pulls;
  link.offer(heap);
  assert.equal(heap.pulls, pulls, 'not asked without room');
  await pong();
  assert.ok(heap.pulls > pulls);
  assert.ok(published() < 9000 * KB, `${published()} bytes`);
});

test('another connection has its whole window, whatever was under way in the last one', async () => {
  const { link, published, widen } = start();
  await widen();
  const heap = new Heap('heap', 1000, 100 * KB);
  link.offer(heap);
  const before = published();
  link.reset();
  link.offer(heap);
  assert.ok(published() >= 2 * before - 256 * KB);
});

test('one who cannot say what it has holds up nobody else', () => {
  const { link, order } = start();
  const broken = new Heap('broken', 1, KB);
  broken.pull = () => {
    throw new Error('the disk cannot be read');
  };
  link.offer(broken);
  link.offer(new Heap('other', 1, KB));
  assert.match(broken.failures[0]!.message, /cannot be read/);
  assert.deepEqual(order, ['other']);
});

test('one who withdraws is not asked', async () => {
  const { link, pong, widen } = start();
  await widen();
  link.offer(new Heap('full', 41, 100 * KB));
  const gone = new Heap('gone', 1, KB);
  link.offer(gone);
  link.withdraw(gone);
  await pong();
  assert.equal(gone.pulls, 0);
});

test('the more urgent go first, and an urgent one waits for no more than what is out', async () => {
  const { link, order, pong, published, widen } = start();
  await widen();
  const bulk = new Heap('bulk', 1000, 100 * KB, { urgency: BULK });
  link.offer(bulk);
  const out = published();
  link.offer(new Heap('normal', 1, 100 * KB));
  link.offer(new Heap('urgent', 3, KB, { urgency: URGENT }));
  assert.equal(published(), out, 'there is no room');
  await pong();
  assert.deepEqual(order.slice(0, 4), ['bulk', 'urgent', 'normal', 'bulk']);
});

test('one who became more urgent goes with those', async () => {
  const { link, order, pong, widen } = start();
  await widen();
  link.offer(new Heap('full', 41, 100 * KB));
  const [first, second] = [new Heap('first', 1, KB), new Heap('second', 1, KB, { urgency: BULK })];
  link.offer(first);
  link.offer(second);
  second.urgency = URGENT;
  link.offer(second);
  await pong();
  assert.deepEqual(order, ['full', 'second', 'first']);
  assert.equal(second.pulls, 1);
});

test('within a class nodes take turns, however many sources are for one of them', async () => {
  const { link, order, pong, widen } = start();
  await widen();
  link.offer(new Heap('full', 41, 100 * KB));
  for (const name of ['a1', 'a2', 'a3']) link.offer(new Heap(name, 2, 256 * KB, { toNode: 'a' }));
  link.offer(new Heap('b1', 2, 256 * KB, { toNode: 'b' }));
  await pong();
  assert.deepEqual(order, ['full', 'a1', 'b1', 'a2', 'b1', 'a3', 'a1', 'a2', 'a3']);
});

test('what is new comes before further parts for all nodes, its own too, and these have their turns none the less', async () => {
  const { link, order, pong, widen } = start();
  await widen();
  const heap = (name: string, left: number, toNode = name) => new Heap(name, left, 200 * KB, { toNode });
  for (let at = 0; at < 15; at++) link.offer(heap(`node${at}`, 1e6));
  for (let round = 0; round < 4; round++) await pong();
  order.length = 0;
  for (const small of [heap('new', 1), heap('other', 1, 'node3')]) link.offer(small);
  await pong();
  assert.deepEqual(order.slice(0, 2), ['new', 'other']);
  // However many of them come.
  for (let at = 0; at < 30; at++) link.offer(heap(`new${at}`, 1));
  order.length = 0;
  for (let round = 0; round < 3; round++) await pong();
  const isNew = order.map((name) => name.startsWith('new'));
  assert.equal(isNew.lastIndexOf(true), 32, order.join(' '));
  assert.equal(new Set(order.filter((_, at) => !isNew[at])).size, 15);
});

test('bulk waits, but not for ever', async () => {
  const { link, order, pong, widen } = start();
  await widen();
  link.offer(new Heap('full', 41, 100 * KB));
  link.offer(new Heap('bulk', 100, 256 * KB, { urgency: BULK }));
  link.offer(new Heap('normal', 100, 256 * KB));
  for (let n = 0; n < 3; n++) await pong();
  const turns = order.filter((name) => name === 'bulk').length;
  assert.ok(turns >= 2 && turns <= 8, `${turns} turns of bulk: ${order}`);
  assert.ok(order.indexOf('normal') < order.indexOf('bulk'));
});

test('a stream of urgent messages that never ends leaves a share to the others, by their bytes', async () => {
  const { link, order, pong, widen } = start();
  await widen();
  link.offer(new Heap('full', 41, 100 * KB));
  link.offer(new Heap('bulk', 1000, 64 * KB, { urgency: BULK }));
  link.offer(new Heap('normal', 1000, 64 * KB));
  link.offer(new Heap('urgent', 10_000, 16 * KB, { urgency: URGENT }));
  for (let n = 0; n < 20; n++) await pong();
  const turns = (name: string) => order.filter((one) => one === name).length;
  assert.equal(
    order.find((name) => name !== 'full'),
    'urgent',
  );
  assert.ok(turns('normal') > 2 && turns('bulk') > 0, `${order}`);
  assert.ok(turns('urgent') >= turns('normal') + turns('bulk'), `${order}`);
});
