import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { parseLeft } from '../message/link-word.ts';
import { Allowance } from './allowance.ts';
import { LinkBudget } from './link-budget.ts';

const DAY = 86_400_000;
const [URGENT, NORMAL] = [0, 1];
const BUDGET = 1_000_000;

/** A node at noon, whose traffic is what the test says. */
function start(more: { bytesPerDay?: number; saved?: string; clock?: ManualClock } = {}) {
  const clock = more.clock ?? new ManualClock(new Date(2026, 2, 1, 12, 0).getTime());
  const link = { bytes: 0, inBytes: 0 };
  const saves: string[] = [];
  const changes: number[] = [];
  const budget = new LinkBudget(
    { bytesPerDay: 'bytesPerDay' in more ? more.bytesPerDay! : BUDGET },
    {
      clock,
      kept: { now: () => clock.wallNow() },
      traffic: { look: () => ({ inBytes: link.inBytes, outBytes: link.bytes }) },
      saved: more.saved,
      save: (text) => void saves.push(text),
    },
  );
  budget.listen({ onRoom: () => void changes.push(link.bytes) });
  return { clock, link, saves, changes, budget };
}

function spentIn(saved: string | undefined): number {
  return (JSON.parse(saved ?? '{}') as { spentBytes: number }).spentBytes;
}

test('messages go until the budget is used up but for what an idle node needs, urgent ones for a fifth more', () => {
  const { link, budget, changes } = start();
  // At noon half of the share for being there is left to be kept.
  assert.equal(budget.room(NORMAL), 0.985 * BUDGET);
  assert.equal(budget.room(URGENT), 1.2 * BUDGET);
  link.bytes = 0.98 * BUDGET;
  assert.equal(budget.room(NORMAL), 0.005 * BUDGET);
  assert.deepEqual([budget.heldMs(NORMAL), changes.length], [0, 0]);
  link.bytes = 0.984 * BUDGET;
  assert.equal(budget.room(NORMAL), 0);
  assert.deepEqual([budget.heldMs(NORMAL), budget.heldMs(URGENT)], [DAY / 2, 0]);
  assert.deepEqual(changes, [0.984 * BUDGET]);
  link.bytes = 1.1995 * BUDGET;
  assert.equal(budget.heldMs(URGENT), DAY / 2);
});

test('what was handed over counts before it is seen on the connection, and once', () => {
  const { link, budget } = start();
  budget.sent(500_300);
  assert.equal(budget.room(NORMAL), 0.985 * BUDGET - 500_300);
  link.inBytes = 10_000;
  assert.equal(budget.room(NORMAL), 0.985 * BUDGET - 510_300);
  link.bytes = 500_300;
  assert.equal(budget.room(NORMAL), 0.985 * BUDGET - 510_300);
});

test('messages that were smaller than they were taken for leave what they did not need', async () => {
  const { clock, link, budget } = start();
  for (let sent = 0; sent < 1000; sent++) {
    budget.sent(360);
    link.bytes += 260;
    assert.ok(budget.room(NORMAL) > 0.98 * BUDGET - link.bytes - 5000);
    await clock.advance(100);
  }
  for (let second = 0; second < 2; second++) {
    await clock.advance(1000);
    budget.look();
  }
  assert.equal(budget.told?.leftBytes, BUDGET - link.bytes);
});

test('what was handed over counts until it can be seen, however often anybody asks', async () => {
  const { clock, link, budget } = start();
  budget.room(NORMAL);
  await clock.advance(5000);
  budget.sent(100_000);
  for (let asked = 0; asked < 9; asked++) {
    assert.equal(budget.told?.leftBytes, BUDGET - 100_000);
    await clock.advance(100);
  }
  link.bytes = 100_000;
  assert.equal(budget.told?.leftBytes, BUDGET - 100_000);
});

test('at midnight there is a new budget, which those who wait hear of', async () => {
  const { clock, link, budget, changes } = start();
  link.bytes = BUDGET;
  budget.look();
  await clock.advance(DAY / 2 - 120_000);
  assert.equal(changes.length, 1);
  await clock.advance(120_000);
  assert.equal(changes.length, 2);
  const room = budget.room(NORMAL);
  assert.ok(room > 0.48 * BUDGET && room < 0.49 * BUDGET, 'others may have waited for midnight too');
  await clock.advance(5000);
  assert.ok(budget.room(NORMAL) > 0.96 * BUDGET);
  budget[Symbol.dispose]();
});

test('what goes leaves its half to what comes, for as long as something comes', async () => {
  const { clock, link, budget, changes } = start();
  const half = 0.4925 * BUDGET;
  budget.connected();
  assert.equal(budget.room(NORMAL), half);
  link.bytes = 600_000;
  assert.deepEqual([budget.room(NORMAL), budget.heldMs(NORMAL)], [0, 4000], 'others may have waited too');
  for (let second = 0; second < 60; second++) {
    link.inBytes += 1000;
    budget.header('a');
    await clock.advance(1000);
    assert.equal(budget.room(NORMAL), 0, 'it needs what is left until midnight');
  }
  assert.equal(budget.room(URGENT), 1.2 * BUDGET - 660_000, 'what is urgent passes');
  const told = changes.length;
  await clock.advance(12_000);
  assert.equal(changes.length, told + 1, 'nothing comes any more: what waits goes on');
  assert.ok(budget.room(NORMAL) > 0.29 * BUDGET, 'what was let come is on its way');
  budget[Symbol.dispose]();
});

test('what comes leaves its half to what goes, and is never told to wait for the next day because of that', async () => {
  const { clock, link, budget } = start();
  const left = () => parseLeft(budget.header('a'))!.bytes;
  link.inBytes = 600_000;
  for (let second = 0; second < 10; second++) {
    link.bytes += 1000;
    assert.ok(budget.room(NORMAL) > 0);
    await clock.advance(1000);
    assert.equal(left(), 1324);
  }
  await clock.advance(12_000);
  assert.equal(left(), BUDGET / 32, 'nothing goes any more');
  budget[Symbol.dispose]();
});

test('a way that takes little keeps no more than that of the budget for itself', async () => {
  const { clock, link, budget } = start();
  link.bytes = 500_000;
  for (let second = 0; second < 60; second++) {
    link.inBytes += 2;
    budget.header('a');
    await clock.advance(1000);
    const room = budget.room(NORMAL);
    assert.ok(room > 0.28 * BUDGET && room < 0.485 * BUDGET, `${room}`);
  }
  budget[Symbol.dispose]();
});

test('another node may send a share of the budget until it hears again, several less each as it ends, and none then', () => {
  const { link, budget } = start();
  const leftFor = (node: string) => parseLeft(budget.header(node))!;
  assert.deepEqual(leftFor('a'), { bytes: BUDGET / 32, urgentBytes: BUDGET / 32, untilMs: DAY / 2 });
  link.bytes = 0.945 * BUDGET;
  assert.equal(leftFor('a').bytes, 20_000);
  assert.equal(leftFor('b').bytes, 5000, 'the first may have used its share by now');
  assert.equal(leftFor('a').bytes, 8750);
  link.bytes = 0.982 * BUDGET;
  assert.equal(leftFor('a').bytes, 0, 'it is too little for both');
  assert.equal(leftFor('b').bytes, 1324);
  link.bytes = BUDGET;
  assert.deepEqual([leftFor('a').bytes, leftFor('a').urgentBytes], [0, BUDGET / 32]);
  link.bytes = 1.3 * BUDGET;
  assert.deepEqual([leftFor('a').bytes, leftFor('a').urgentBytes], [0, 0]);
});

test('a crash forgets nothing of what went, an end in peace costs nothing, and few writes are needed for it', () => {
  const { clock, link, saves, budget } = start();
  const onDisk = () => spentIn(saves.at(-1));
  for (; link.bytes < BUDGET; link.bytes += 1000) {
    budget.look();
    assert.ok(link.bytes === 0 || (onDisk() >= link.bytes && onDisk() <= link.bytes + BUDGET / 100 + 1000));
  }
  assert.ok(saves.length <= 100, `${saves.length} writes`);
  const crashed = start({ clock, saved: saves.at(-1)! });
  assert.equal(crashed.budget.room(NORMAL), 0);
  crashed.budget[Symbol.dispose]();
  // What the end of the connection takes is counted ahead.
  assert.equal(spentIn(crashed.budget.saved), onDisk() + 1000);
  budget[Symbol.dispose]();
});

test('a restart on the next day has a new budget, and one on the same day has what was left', async () => {
  const { clock, link, budget } = start();
  link.bytes = 900_000;
  budget[Symbol.dispose]();
  const { saved } = budget;
  const sameDay = start({ clock, saved });
  assert.equal(sameDay.budget.told?.leftBytes, 99_000);
  sameDay.budget[Symbol.dispose]();
  await clock.advance(DAY);
  const nextDay = start({ clock, saved });
  assert.equal(nextDay.budget.told?.leftBytes, BUDGET);
  nextDay.budget[Symbol.dispose]();
});

test('without a budget nothing waits or is written, and one that is set later knows what went', () => {
  const { clock, link, saves, budget } = start({ bytesPerDay: 0 });
  link.bytes = 5_000_000;
  assert.deepEqual([budget.room(NORMAL), budget.heldMs(NORMAL)], [Number.POSITIVE_INFINITY, 0]);
  assert.deepEqual([budget.told, budget.header('a'), saves], [undefined, undefined, []]);
  const later = start({ clock, saved: budget.saved });
  assert.equal(later.budget.told?.leftBytes, 0);
});

test('a budget that nobody gave is refused at once, and what was saved and cannot be read begins a day anew', () => {
  for (const bytesPerDay of [undefined, Number.NaN, -1, 0.5] as number[])
    assert.throws(() => start({ bytesPerDay }), {
      name: 'RangeError',
      message: `the budget of the link is ${bytesPerDay} bytes a day: it is a whole number of bytes, and 0 for none`,
    });
  for (const saved of [
    '',
    '{',
    'null',
    '7',
    '{"day":"2026-03-01"}',
    '{"day":1,"beganAt":0,"spentBytes":5}',
  ]) {
    const { budget } = start({ saved });
    assert.equal(budget.told?.leftBytes, BUDGET);
    budget[Symbol.dispose]();
  }
});

test('what waits for what others were let send goes on, though somebody else asked meanwhile how long it waits', async () => {
  // It is looked at each full minute of its own, which ends 20 s after midnight.
  const { clock, link, budget, changes } = start({
    clock: new ManualClock(new Date(2026, 2, 1, 12, 0, 20).getTime()),
  });
  await clock.advance(DAY / 2 - 50_000);
  link.bytes = BUDGET - 2600;
  assert.ok(parseLeft(budget.header('a'))!.bytes > 0);
  assert.equal(budget.room(NORMAL), 0, 'somebody here waits');
  await clock.advance(40_000);
  const before = changes.length;
  assert.equal(budget.heldMs(NORMAL), 0, 'it is another day');
  await clock.advance(60_000);
  assert.equal(changes.length, before + 1);
  await clock.advance(600_000);
  assert.equal(changes.length, before + 1, 'nobody waits any more');
  budget[Symbol.dispose]();
});

test('what several senders send in the evening and after midnight is within the budget of each day', async () => {
  const { clock, link, budget } = start();
  await clock.advance(DAY / 2 - 7_200_000);
  const senders = ['a', 'b', 'c'].map((name) => ({
    name,
    allowance: new Allowance(() => clock.steadyNow()),
  }));
  const days = [0, 0];
  for (let minute = 0; minute < 240; minute++) {
    for (const { name, allowance } of senders) {
      const bytes = Math.min(20_000, allowance.room(NORMAL, true));
      allowance.take(bytes);
      link.inBytes += bytes;
      days[minute < 120 ? 0 : 1]! += bytes;
      // Each third answer is lost.
      if (minute % 3 > 0) allowance.tell(parseLeft(budget.header(name)));
    }
    await clock.advance(60_000);
  }
  for (const bytes of days) assert.ok(bytes > 0.9 * BUDGET && bytes < 1.05 * BUDGET, `${days} of ${BUDGET}`);
  budget[Symbol.dispose]();
});
