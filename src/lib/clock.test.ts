import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createSteadyNow, systemClock, wallTimeOf } from './clock.ts';

/** A machine whose clocks a test moves; its uptime is as coarse as on some systems. */
function machine() {
  const times = { wall: 1_800_000_000_000, awake: 5000, up: 60_000, looks: 0 };
  const steadyNow = createSteadyNow({
    wallNow: () => times.wall,
    awakeNow: () => times.awake,
    uptimeMs: () => {
      times.looks++;
      return Math.floor(times.up / 10) * 10;
    },
  });
  const pass = (ms: number) => {
    times.wall += ms;
    times.awake += ms;
    times.up += ms;
  };
  return { times, steadyNow, pass };
}

test('the steady clock counts the time that the machine slept', () => {
  const { times, steadyNow, pass } = machine();
  const before = steadyNow();
  pass(1000);
  times.wall += 3_600_000;
  times.up += 3_600_000;
  assert.equal(steadyNow() - before, 3_601_000);
});

test('a wall clock that is set moves the steady clock neither forth nor back', () => {
  const { times, steadyNow, pass } = machine();
  const before = steadyNow();
  for (const step of [86_400_000, -172_800_000, 700]) {
    times.wall += step;
    pass(7);
  }
  assert.equal(steadyNow() - before, 21);
});

test('the uptime is read when clocks have moved apart, and not otherwise', () => {
  const { times, steadyNow, pass } = machine();
  for (let second = 0; second < 100; second++) {
    steadyNow();
    pass(1000);
  }
  assert.equal(times.looks, 1);
});

test('the machine names the moment that its steady clock counts from', () => {
  assert.equal(systemClock.steadyOrigin, systemClock.steadyOrigin);
  assert.notEqual(systemClock.steadyOrigin, '');
  const [first, second] = [systemClock.steadyNow(), systemClock.steadyNow()];
  assert.ok(first > 0 && second >= first, `${first} ${second}`);
});

test('a task that is to come after 0 ms comes after what is ready, and a cancelled one never', async () => {
  const order: string[] = [];
  const cancel = systemClock.after(0, () => order.push('cancelled'));
  cancel();
  const came = new Promise<void>((resolve) => {
    systemClock.after(0, () => {
      order.push('task');
      resolve();
    });
  });
  await Promise.resolve().then(() => order.push('ready'));
  await came;
  assert.deepEqual(order, ['ready', 'task']);
});

test('a moment keeps its distance from now when the wall clock is set', async () => {
  const clock = new ManualClock();
  const moment = clock.steadyNow();
  for (const setBy of [-8 * 86_400_000, 10 * 365 * 86_400_000]) {
    await clock.advance(1500);
    const age = clock.wallNow() - wallTimeOf(moment, clock);
    clock.setBy(setBy);
    assert.equal(clock.wallNow() - wallTimeOf(moment, clock), age);
  }
});
