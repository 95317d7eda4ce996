import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SendWindow } from '../../link/send-window.ts';
import { newEntry } from './lane-rows.ts';
import { type Entry, LaneWindow } from './lane-window.ts';

function entryAt(seq: number, queuedAt = seq): Entry {
  const rest = { expiresAt: null, ackTimeoutMs: 1000, format: 0, isUntried: true };
  return newEntry({ seq, id: `id ${seq}`, queuedAt, size: 100, ...rest });
}

function windowOf(...seqs: number[]): LaneWindow {
  const window = new LaneWindow();
  for (const seq of seqs) window.push(entryAt(seq));
  return window;
}

function send(window: LaneWindow, count: number): void {
  for (let index = 0; index < count; index++) window.sent(window.next!, { bytes: 100, wholeBytes: 100 });
}

function seqs(entries: readonly Entry[]): number[] {
  return entries.map(({ seq }) => seq);
}

test('an empty window has no first, no next and nothing on its way', () => {
  const window = new LaneWindow();
  assert.equal(window.first, undefined);
  assert.equal(window.next, undefined);
  assert.equal(window.oldestInFlight, undefined);
  assert.deepEqual(window.take(1, 9), []);
  assert.equal(window.find(1), undefined);
  window.rewind();
  assert.deepEqual([window.length, window.unsent, window.inFlight, window.bytesInFlight], [0, 0, 0, 0]);
});

test('what is sent moves from unsent to on its way, lowest first', () => {
  const window = windowOf(3, 4, 5);
  send(window, 2);
  assert.deepEqual([window.unsent, window.inFlight, window.bytesInFlight], [1, 2, 200]);
  assert.equal(window.next?.seq, 5);
  assert.equal(window.oldestInFlight?.seq, 3);
});

test('taking a run out frees its place, whichever of it was on its way', () => {
  const window = windowOf(1, 2, 3, 4, 5);
  send(window, 3);
  assert.deepEqual(seqs(window.take(2, 4)), [2, 3, 4]);
  assert.deepEqual([window.length, window.inFlight, window.bytesInFlight], [2, 1, 100]);
  assert.equal(window.next?.seq, 5);
  assert.deepEqual(seqs(window.take(5, 5)), [5]);
  assert.equal(window.inFlight, 1);
  assert.deepEqual(window.take(7, 9), []);
});

test('pieces of a message count one by one, and arrive one by one', () => {
  const window = windowOf(1, 2);
  const first = window.next!;
  window.sent(first, { bytes: 60, wholeBytes: 100 });
  assert.equal(window.next, first);
  assert.equal(window.oldestInFlight, first);
  assert.deepEqual([window.inFlight, window.bytesInFlight, first.sentBytes], [0, 60, 60]);
  window.arrived(first, 60);
  assert.equal(window.bytesInFlight, 0);
  window.sent(first, { bytes: 40, wholeBytes: 100 });
  assert.deepEqual([window.inFlight, window.bytesInFlight], [1, 40]);
  window.arrived(first, 5000);
  assert.deepEqual([window.bytesInFlight, first.flights], [0, []], 'no more is credited than was sent');
});

test('a rewind makes everything unsent again, half a message too', () => {
  const window = windowOf(1, 2, 3);
  send(window, 1);
  window.sent(window.next!, { bytes: 50, wholeBytes: 100 });
  window.rewind();
  assert.deepEqual([window.unsent, window.inFlight, window.bytesInFlight], [3, 0, 0]);
  assert.equal(window.next?.seq, 1);
  assert.deepEqual([window.find(2)?.sentBytes, window.find(2)?.flights], [0, []]);
});

test('a target that keeps parts gets the rest, and the last byte again where the answer to that is missing', () => {
  const window = windowOf(1);
  const entry = window.next!;
  entry.isByOffset = true;
  window.sent(entry, { bytes: 40, wholeBytes: 100 });
  window.sent(entry, { bytes: 40, wholeBytes: 100 });
  window.arrived(entry, 40);
  window.rewind();
  assert.deepEqual([entry.sentBytes, entry.isSent], [40, false]);
  window.arrived(entry, 70);
  assert.equal(entry.sentBytes, 70, 'an earlier life of this process had sent more');
  window.sent(entry, { bytes: 30, wholeBytes: 100 });
  window.arrived(entry, 100);
  window.rewind();
  assert.equal(entry.sentBytes, 99);
});

test('entries are found by place, over gaps too, and by id', () => {
  const window = windowOf(3, 4, 9, 12);
  assert.deepEqual(
    [3, 4, 9, 12].map((seq) => window.find(seq)?.seq),
    [3, 4, 9, 12],
  );
  assert.deepEqual(
    [1, 5, 13].map((seq) => window.find(seq)),
    [undefined, undefined, undefined],
  );
  assert.equal(window.findById('id 9')?.seq, 9);
  assert.equal(window.findById('id 5'), undefined);
});

test('a lane that hears of room while it rewinds may send again', async () => {
  const target = new SendWindow(() => 0);
  const window = new LaneWindow(target);
  for (const seq of [1, 2, 3]) window.push(entryAt(seq));
  const sent = window.next!;
  window.sent(sent, { bytes: target.rate.windowBytes, wholeBytes: target.rate.windowBytes });
  send(window, 1);
  target.awaitRoom({ urgency: 1, onRoom: () => send(window, 1) });
  window.rewind();
  await Promise.resolve();
  assert.deepEqual(
    [window.inFlight, window.bytesInFlight, window.next?.seq, window.find(2)?.isSent],
    [1, 100, 2, false],
  );
});

test('an answer to what went before says nothing of how fast this attempt is', () => {
  let now = 0;
  const target = new SendWindow(() => now);
  const window = new LaneWindow(target);
  for (const seq of [1, 2]) window.push(entryAt(seq));
  for (const isKnown of [false, true]) {
    send(window, 1);
    now += 10;
    if (!isKnown) window.unmeasured(1, 1);
    window.take(1, 2 - Number(!isKnown));
    assert.equal(target.measured.bytesPerMs !== undefined, isKnown);
    assert.equal(window.bytesInFlight, 0);
  }
});
