import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newEntry } from './lane-rows.ts';
import { type Entry, LaneWindow } from './lane-window.ts';

function entryAt(seq: number, queuedAt = seq): Entry {
  const rest = { expiresAt: null, ackTimeoutMs: 1000, format: 0, isUntried: true };
  return newEntry({ seq, id: `id ${seq}`, queuedAt, body: Buffer.alloc(100), ...rest });
}

function windowOf(...seqs: number[]): LaneWindow {
  const window = new LaneWindow();
  for (const seq of seqs) window.push(entryAt(seq));
  return window;
}

function send(window: LaneWindow, count: number): void {
  for (let index = 0; index < count; index++) window.sent(window.next!, { bytes: 100, isLast: true });
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
  window.sent(first, { bytes: 60, isLast: false });
  assert.equal(window.next, first);
  assert.equal(window.oldestInFlight, first);
  assert.deepEqual([window.inFlight, window.bytesInFlight, first.partsSent], [0, 60, 1]);
  window.arrived(first, 60);
  assert.equal(window.bytesInFlight, 0);
  window.sent(first, { bytes: 40, isLast: true });
  assert.deepEqual([window.inFlight, window.bytesInFlight], [1, 40]);
  window.arrived(first, 5000);
  assert.deepEqual([window.bytesInFlight, first.bytesInFlight], [0, 0], 'no more is credited than was sent');
});

test('a rewind makes everything unsent again, half a message too', () => {
  const window = windowOf(1, 2, 3);
  send(window, 1);
  window.sent(window.next!, { bytes: 50, isLast: false });
  window.rewind();
  assert.deepEqual([window.unsent, window.inFlight, window.bytesInFlight], [3, 0, 0]);
  assert.equal(window.next?.seq, 1);
  assert.deepEqual([window.find(2)?.partsSent, window.find(2)?.bytesInFlight], [0, 0]);
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

test('the entries queued up to a time are the lowest ones', () => {
  const window = windowOf(1, 2, 3);
  assert.deepEqual(seqs(window.queuedBefore(2)), [1, 2]);
  assert.deepEqual(seqs(window.queuedBefore(0)), []);
  assert.deepEqual(seqs(window.queuedBefore(9)), [1, 2, 3]);
});
