import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import type { CallConfig } from '../config/link-config.ts';
import type { Clock } from '../lib/clock.ts';
import { KeptClock } from '../store/kept-clock.ts';
import type { Store } from '../store/store.ts';
import { Calls, callTimes } from './calls.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVERY_6H: CallConfig = { times: { everyMs: 6 * HOUR }, limitMs: 0, isUrgentAtOnce: true };
const QUIET_MS = 12_000;

/** The bus of a node, and the calls that were placed over it. */
class FakeBus {
  readonly traffic = { inBytes: 0, outBytes: 0, inMessages: 0, look: () => this.traffic };
  isConnected = false;
  calls: Calls | undefined;
  placed = 0;
  /** What it says that it waits for while it is hung up. */
  waitsFor: string | undefined;
  /** Whether somebody answers. */
  isReachable = true;

  readonly line = {
    open: (): void => {
      this.placed++;
      this.isConnected = this.isReachable;
      if (this.isReachable) this.calls?.connected();
    },
    hangUp: (waitsFor?: string): void => {
      this.waitsFor = waitsFor;
    },
  };

  hangUp(waitsFor: string): void {
    this.line.hangUp(waitsFor);
    if (this.isConnected) this.calls?.disconnected();
    this.isConnected = false;
  }

  hear(): void {
    this.traffic.inMessages++;
  }
}

/** A life of a node that calls; one after the other on the same store. */
async function start(
  on: { store: Store; clock: Clock },
  { config = EVERY_6H, isReachable = true }: { config?: CallConfig; isReachable?: boolean } = {},
) {
  const kept = await KeptClock.open({ ...on, times: [callTimes] });
  const bus = new FakeBus();
  const state = { isBusy: false };
  const link = { measured: { roundTripMs: undefined } };
  const deps = { ...on, kept, bus, link, logger: { info: () => {} }, isBusy: () => state.isBusy };
  const calls = new Calls(config, deps);
  bus.calls = calls;
  bus.isReachable = isReachable;
  calls.begin();
  const end = async () => {
    calls[Symbol.dispose]();
    await kept[Symbol.asyncDispose]();
  };
  return { calls, bus, state, end };
}

async function machine(t: TestContext) {
  return { store: await tempStore(t), clock: new ManualClock() };
}

test('the first start calls, hangs up when nothing came for a while, and calls again when the next call is due', async (t) => {
  const on = await machine(t);
  const { calls, bus, end } = await start(on);
  assert.equal(bus.placed, 1);
  await on.clock.advance(10_000);
  bus.hear();
  await on.clock.advance(QUIET_MS);
  assert.ok(bus.isConnected);
  await on.clock.advance(2000);
  assert.ok(!bus.isConnected && !calls.isCalling);
  await on.clock.advance(6 * HOUR - MINUTE);
  assert.equal(bus.placed, 1);
  await on.clock.advance(MINUTE + 5000);
  assert.equal(bus.placed, 2);
  await end();
});

test('what runs since a moment ago, or waits to go, holds a call for a minute; what is sent in vain does not', async (t) => {
  const on = await machine(t);
  const { bus, state, end } = await start(on);
  state.isBusy = true;
  for (let second = 0; second < 58; second++) {
    bus.traffic.outBytes += 50;
    await on.clock.advance(1000);
  }
  assert.ok(bus.isConnected);
  await on.clock.advance(5000);
  assert.ok(!bus.isConnected);
  await end();
});

test('a large message that nobody answers in parts holds a call while it goes', async (t) => {
  const on = await machine(t);
  const { bus, end } = await start(on);
  for (let second = 0; second < 120; second++) {
    bus.traffic.outBytes += 6000;
    await on.clock.advance(1000);
  }
  assert.ok(bus.isConnected);
  await end();
});

test('due times outlast restarts; a call that a crash cut short is made again', async (t) => {
  const on = await machine(t);
  const first = await start(on);
  await on.clock.advance(5000);
  await first.end();
  const second = await start(on);
  assert.equal(second.bus.placed, 1, 'the first had not ended');
  await on.clock.advance(QUIET_MS + 2000);
  const { nextAt } = second.calls;
  await second.end();
  await on.clock.advance(HOUR);
  const third = await start(on);
  assert.equal(third.bus.placed, 0);
  assert.equal(third.calls.nextAt, nextAt);
  await third.end();
  await on.clock.advance(6 * HOUR);
  const fourth = await start(on);
  assert.equal(fourth.bus.placed, 1, 'it was due while the node was off');
  await fourth.end();
});

test('a call that was placed between two that are due is made again, too, after a crash', async (t) => {
  const on = await machine(t);
  const first = await start(on);
  await on.clock.advance(QUIET_MS + 2000);
  first.calls.call();
  await on.clock.advance(5000);
  await first.end();
  const second = await start(on);
  assert.equal(second.bus.placed, 1);
  await on.clock.advance(QUIET_MS + 2000);
  await second.end();
  const third = await start(on);
  assert.equal(third.bus.placed, 0, 'the second ended by itself');
  await third.end();
});

test('a node says by the clock as it is set when its next call is due', async (t) => {
  const on = { store: await tempStore(t), clock: new ManualClock(new Date(2026, 2, 1, 12).getTime()) };
  const { bus, end } = await start(on, { config: { ...EVERY_6H, times: { cron: '0 6 * * *' } } });
  await on.clock.advance(QUIET_MS + 2000);
  assert.match(bus.waitsFor ?? '', /at 2026-03-02 06:00$/);
  on.clock.setBy(30 * 24 * HOUR);
  await on.clock.advance(5000);
  assert.match(bus.waitsFor ?? '', /at 2026-04-01 06:00$/);
  await end();
});

test('a step of the clock neither puts off nor repeats a call by a span', async (t) => {
  const on = await machine(t);
  const { bus, end } = await start(on);
  await on.clock.advance(QUIET_MS + 2000);
  on.clock.setBy(-30 * 24 * HOUR);
  await on.clock.advance(3 * HOUR);
  on.clock.setBy(60 * 24 * HOUR);
  await on.clock.advance(3 * HOUR - MINUTE);
  assert.equal(bus.placed, 1);
  await on.clock.advance(MINUTE + 5000);
  assert.equal(bus.placed, 2);
  await end();
  on.clock.setBy(-30 * 24 * HOUR);
  const again = await start(on);
  assert.equal(again.bus.placed, 1, 'the call that went on is made again');
  await again.end();
});

test('a call by cron is made once a day by the clock of the machine, wherever that is set', async (t) => {
  const on = { store: await tempStore(t), clock: new ManualClock(new Date(2026, 2, 1, 5, 59).getTime()) };
  const config = { ...EVERY_6H, times: { cron: '0 6 * * *' } };
  const { bus, end } = await start(on, { config });
  await on.clock.advance(QUIET_MS + 2000);
  await on.clock.advance(2 * MINUTE);
  assert.equal(bus.placed, 2, 'at start and at six');
  on.clock.setBy(3 * HOUR);
  await on.clock.advance(20 * HOUR);
  assert.equal(bus.placed, 2);
  await on.clock.advance(2 * HOUR);
  assert.equal(bus.placed, 3);
  await end();
});

test('a call that reaches nobody ends when its time is over, and the next one is due as usual', async (t) => {
  const on = await machine(t);
  const config = { ...EVERY_6H, limitMs: 20 * MINUTE };
  const { calls, end } = await start(on, { config, isReachable: false });
  await on.clock.advance(19 * MINUTE);
  assert.ok(calls.isCalling);
  await on.clock.advance(MINUTE + 5000);
  assert.ok(!calls.isCalling);
  assert.ok(Math.abs(calls.nextAt - on.clock.wallNow() - 6 * HOUR) < 10_000);
  await end();
});

test('an urgent message places a call at once, unless that is switched off', async (t) => {
  for (const isUrgentAtOnce of [true, false]) {
    const on = await machine(t);
    const { calls, bus, end } = await start(on, { config: { ...EVERY_6H, isUrgentAtOnce } });
    calls.urgent();
    assert.equal(bus.placed, 1, 'one goes on');
    await on.clock.advance(QUIET_MS + 2000);
    calls.urgent();
    assert.equal(bus.placed, isUrgentAtOnce ? 2 : 1);
    await end();
  }
});
