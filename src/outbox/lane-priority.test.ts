import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { SentMessage } from '../../test/support/fake-transport.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const [COMMANDS, FILES, PINGS] = [
  'ship1.REQCliCommand.CommandACK',
  'ship1.REQToFile.EventACK',
  'ship1.REQPing.EventACK',
];

function subjects(sent: readonly SentMessage[]): (string | undefined)[] {
  return sent.map(({ subject }) => subject);
}

/** An outbox whose way to ship1 is known, thin and full of a large file. */
async function startFull(t: Parameters<typeof TestOutbox.start>[0], words: string) {
  const made = await TestOutbox.start(t);
  const { transport } = made;
  await made.enqueue(1, { subject: FILES });
  for (const subject of [COMMANDS, PINGS]) await made.enqueue(1, { subject });
  const known = transport.take();
  await made.advance(1000);
  for (const one of known) transport.answer('accepted', [one], { [HEADER.knows]: words });
  await made.settled();
  await made.enqueue(1, { subject: FILES, body: randomBytes(200_000) });
  const parts = transport.take();
  assert.ok(parts.length > 1 && parts.every(({ subject }) => subject === FILES));
  return { made, transport, parts };
}

test('what is urgent goes at once, however full the way is; bulk waits until there is room, and then for the others', async (t) => {
  const { made, transport, parts } = await startFull(t, 'offset-parts');
  await made.enqueue(2, { subject: PINGS, body: randomBytes(3000) });
  assert.deepEqual(subjects(transport.take()), [PINGS], 'one of its lane, and the next with the answer');
  // Two lanes wait for room: that of the large file, and the urgent one behind its first message.
  const there = /^@(\d+)/.exec(parts[1]!.headers[HEADER.part]!)![1]!;
  const total = parts[1]!.headers[HEADER.part]!.replace(/^@\d+/, `@${there}`);
  transport.answer('part', [parts[0]!], { [HEADER.part]: total, [HEADER.knows]: 'offset-parts' });
  await made.settled();
  assert.deepEqual(subjects(transport.take()).slice(0, 2), [PINGS, FILES]);
});

test('what is urgent and small waits for no room, as long as little is out so', async (t) => {
  const { made, transport } = await startFull(t, 'offset-parts');
  await made.enqueue(20, { subject: PINGS });
  const sent = transport.take();
  assert.ok(sent.length > 1 && sent.length < 20, `${sent.length}`);
  transport.answer('accepted', sent, { [HEADER.knows]: 'offset-parts' });
  await made.settled();
  assert.ok(subjects(transport.take()).includes(PINGS), 'the next go with the answer');
});

test('a bulk message never begins while its way is full, and one that is said to be urgent does', async (t) => {
  const { made, transport } = await startFull(t, 'offset-parts');
  await made.enqueue(1, { subject: COMMANDS, priority: 'bulk' });
  assert.deepEqual(transport.take(), []);
  // The lane is as urgent as its most urgent message, and its order stays.
  await made.enqueue(1, { subject: COMMANDS, priority: 'urgent', body: randomBytes(3000) });
  const sent = transport.take();
  assert.deepEqual(
    sent.map(({ seq }) => seq),
    [2],
  );
});

test('what waits its turn is not taken for unanswered', async (t) => {
  const { made, transport, parts } = await startFull(t, 'offset-parts');
  await made.enqueue(1, { subject: COMMANDS, priority: 'bulk' });
  const rest = parts.at(-1)!;
  for (let n = 0; n < 8; n++) {
    await made.advance(1000);
    transport.answer('part', [rest], {
      [HEADER.part]: parts[0]!.headers[HEADER.part]!,
      [HEADER.knows]: 'offset-parts',
    });
    await made.settled();
  }
  assert.equal(made.missed, 0);
});

test('what waits in the link of its sender is not taken for unanswered, however fast its target has been', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport } = made;
  const taken: (() => void)[] = [];
  transport.flush = () => new Promise((resolve) => taken.push(resolve));
  await made.enqueue(1, { subject: COMMANDS, body: randomBytes(3000) });
  await made.advance(10);
  transport.answer('accepted', transport.take());
  await made.settled();
  await made.advance(8000);
  for (const resolve of taken.splice(0)) resolve();
  await made.settled();
  await made.enqueue(1, { subject: COMMANDS, body: randomBytes(3000) });
  await made.advance(6000);
  assert.deepEqual([transport.take().length, made.missed], [1, 0]);
  await made.advance(20_000);
  assert.equal(made.missed, 1);
});

for (const [words, told] of [
  ['priority', 'bulk'],
  ['lean', undefined],
] as const)
  test(`a node that names ${words} is told ${told ?? 'nothing'} of what a sender said`, async (t) => {
    const made = await TestOutbox.start(t);
    await made.enqueue(1, { subject: COMMANDS });
    made.transport.answer('accepted', made.transport.take(), { [HEADER.knows]: words });
    await made.settled();
    await made.enqueue(1, { subject: COMMANDS, priority: 'bulk' });
    await made.enqueue(1, { subject: COMMANDS });
    const headers = made.transport.take().map((sent) => sent.headers[HEADER.priority]);
    assert.deepEqual(headers, [told, undefined]);
  });

test('what had arrived whole in an earlier life is known by its first part, and ends', async (t) => {
  const store = await tempStore(t);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const first = await TestOutbox.start(t, { store });
  first.outbox.peers.heardWords('ship1', 'offset-parts');
  await first.enqueue(2, { subject: FILES, body: randomBytes(200_000) });
  await first.settled();
  await first[Symbol.asyncDispose]();
  const second = await TestOutbox.start(t, { store });
  await second.settled();
  const [part] = second.transport.take();
  assert.deepEqual([part?.seq, /^@0\//.test(part!.headers[HEADER.part]!)], [1, true]);
  second.transport.answer('duplicate', [part!], { [HEADER.knows]: 'offset-parts' });
  await second.settled();
  assert.deepEqual([second.transport.take()[0]?.seq, second.outbox.length], [2, 1]);
});

/** An outbox that knows ship1, and whose budget is used up. */
async function startUsedUp(t: Parameters<typeof TestOutbox.start>[0]) {
  const budget = {
    left: 1e6,
    room: () => (budget.left < 1324 ? 0 : budget.left),
    heldMs: () => 0,
    connected: () => {},
    sent: (bytes: number) => {
      budget.left -= bytes;
    },
  };
  const made = await TestOutbox.start(t, { budget });
  await made.enqueue(1, { subject: COMMANDS });
  made.transport.answer('accepted', made.transport.take(), { [HEADER.knows]: 'offset-parts' });
  await made.settled();
  budget.left = 0;
  return { made, transport: made.transport, budget };
}

test('of a budget no more is used than there is: headers count too', async (t) => {
  const { made, transport, budget } = await startUsedUp(t);
  await made.enqueue(100, { subject: COMMANDS, body: Buffer.from('short') });
  assert.deepEqual(transport.take(), []);
  budget.left = 10_000;
  await made.enqueue(1, { subject: PINGS });
  await made.enqueue(1, { subject: COMMANDS, body: Buffer.from('short') });
  const sent = transport.take();
  assert.ok(sent.length > 25 && sent.length < 34, `${sent.length} went`);
  assert.ok(budget.left >= 0, `${budget.left} left`);
});

test('what waited for a budget goes too where the one at the other end was used up meanwhile, and begins later', async (t) => {
  const { made, transport, budget } = await startUsedUp(t);
  await made.enqueue(1, { subject: COMMANDS });
  // Nothing else is awaited any more.
  await made.advance(6000);
  made.outbox.peers.told('ship1', { bytes: 0, urgentBytes: 0, untilMs: 60_000 });
  budget.left = 10_000;
  await made.enqueue(1, { subject: 'ship2.REQPing.EventACK' });
  assert.deepEqual(subjects(transport.take()), ['ship2.REQPing.EventACK']);
  await made.advance(61_000);
  assert.ok(subjects(transport.take()).includes(COMMANDS));
});
