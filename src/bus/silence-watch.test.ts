import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookAt, patienceOf, type Silence, watchSilence } from './silence-watch.ts';

const PATIENCE = patienceOf(60_000);

/** Looks every 3 s at a connection whose count of bytes is a function of time; the actions, by when they were taken, s. */
function watch(bytesAt: (ms: number) => number, untilMs: number): [number, string][] {
  let silence: Silence = { heardAt: 0, bytes: 0, askedAt: undefined };
  const actions: [number, string][] = [];
  for (let at = 3000; at <= untilMs; at += 3000) {
    const looked = lookAt(silence, { at, bytes: bytesAt(at) }, PATIENCE);
    silence = looked.silence;
    if (looked.action !== 'none') actions.push([at / 1000, looked.action]);
    if (looked.action === 'cut') break;
  }
  return actions;
}

test('a silent connection is asked once, and cut after 60 s in all', () => {
  assert.deepEqual(
    watch(() => 0, 300_000),
    [
      [48, 'ask'],
      [60, 'cut'],
    ],
  );
});

test('any byte counts: while some come nobody is asked, and nothing is cut', () => {
  assert.deepEqual(
    watch((ms) => Math.floor(ms / 30_000), 600_000),
    [],
  );
});

test('a byte after the question ends the matter', () => {
  assert.deepEqual(
    watch((ms) => (ms >= 55_000 ? 1 : 0), 90_000),
    [[48, 'ask']],
  );
});

test('a machine that slept asks before it cuts', () => {
  const slept = lookAt({ heardAt: 0, bytes: 7, askedAt: undefined }, { at: 36e5, bytes: 7 }, PATIENCE);
  assert.equal(slept.action, 'ask');
});

test('a connection on which much is on its way may be silent for longer', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let extraMs = 1e9;
  const actions: string[] = [];
  using _ = watchSilence(0.02, {
    bytesIn: () => 0,
    extraMs: () => extraMs,
    bus: { flush: async () => void actions.push('ask') },
    cut: () => actions.push('cut'),
  });
  for (let look = 0; look < 100; look++) t.mock.timers.tick(1);
  assert.deepEqual(actions, []);
  extraMs = 0;
  while (actions.length < 2) t.mock.timers.tick(1);
  assert.deepEqual(actions.slice(0, 2), ['ask', 'cut']);
});
