import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkClock } from './check-clock.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

/** A delivery of 10 minutes ago that took 2 s, accepted there at a time that differs by so much from ours. */
function delivery(toNode: string, differenceMs: number, agoMs = 600_000) {
  const sentAt = NOW - agoMs;
  return {
    subject: `${toNode}.REQPing.EventACK`,
    sentAt,
    acceptedAt: sentAt + 2000,
    thereAt: sentAt + 1000 + differenceMs,
  };
}

test('a year that cannot be is a fault', () => {
  const [found] = checkClock(Date.UTC(1970, 0, 1), []);
  assert.equal(found?.verdict, 'fail');
  assert.match(found.text, /it is 1970-01-01T00:00:00Z here, which cannot be/);
});

test('without deliveries there is nothing to compare with, which is no fault', () => {
  const [found] = checkClock(NOW, [delivery('ship1', 90_000, 2 * 86_400_000)]);
  assert.deepEqual([found?.verdict, /no node has told its time/.test(found!.text)], ['ok', true]);
});

test('a difference is what the time between sending and answer does not explain', () => {
  const same = checkClock(NOW, [delivery('ship1', 0), delivery('ship2', 900)]);
  assert.deepEqual(
    same.map(({ verdict, text }) => [verdict, text]),
    [['ok', '2026-11-22T12:00:00Z, compared with 2 nodes: no difference that matters']],
  );
  const ahead = checkClock(NOW, [delivery('ship1', 0), delivery('ship2', 61_000)]);
  assert.equal(ahead.length, 1);
  assert.match(ahead[0]!.text, /^the clock of ship2 is 60 s ahead of this one/);
  assert.equal(ahead[0]!.verdict, 'warn');
  assert.match(checkClock(NOW, [delivery('ship3', -31_000)])[0]!.text, /ship3 is 30 s behind this one/);
});

test('a clock that was set since is judged by its newest delivery', () => {
  const found = checkClock(NOW, [delivery('ship1', 0), delivery('ship1', 3_600_000, 1_200_000)]);
  assert.deepEqual([found.length, found[0]?.verdict], [1, 'ok']);
});
