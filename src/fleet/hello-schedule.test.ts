import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatHello } from './hello-schedule.ts';

/** How many hellos are said in a time, to a central node of which that is known. */
function hellosIn(
  ms: number,
  intervalMs: number,
  isOriginal: () => boolean | undefined,
  { savingMs = intervalMs, originalMs = 30_000 } = {},
): number {
  let now = 0;
  let said = 0;
  let tick: () => void = () => {};
  let everyMs = 0;
  const clock = {
    steadyNow: () => now,
    every: (each: number, task: () => void) => {
      [everyMs, tick] = [each, task];
      return () => {};
    },
  };
  repeatHello(intervalMs, { clock, originalMs, isOriginal, savingMs: () => savingMs, hello: () => said++ });
  for (; now < ms; tick()) now += everyMs;
  return said;
}

test('a central node of ours is told every quarter of an hour, an original one every 30 s', () => {
  assert.equal(
    hellosIn(3_600_000, 900_000, () => false),
    4,
  );
  assert.equal(
    hellosIn(3_600_000, 900_000, () => true),
    120,
  );
});

test('an original one is told as often as the setting says', () => {
  assert.equal(
    hellosIn(3_600_000, 200_000, () => true, { originalMs: 200_000 }),
    18,
  );
});

test('one of which nothing is known is told every 30 s for ten minutes', () => {
  assert.equal(
    hellosIn(600_000, 900_000, () => undefined),
    19,
  );
  assert.equal(
    hellosIn(3_600_000, 900_000, () => undefined),
    22,
  );
});

test('who wants it more often gets it more often', () => {
  assert.equal(
    hellosIn(60_000, 1000, () => false),
    60,
  );
});

test('while the budget of the link is used up, hellos are as rare as with the profile for dear links', () => {
  for (const isOriginal of [true, false])
    assert.equal(
      hellosIn(86_400_000, 900_000, () => isOriginal, { savingMs: 21_600_000 }),
      4,
    );
});
