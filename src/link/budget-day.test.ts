import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BudgetDay, dayAt, firstDay, type Moment, nextDayAt } from './budget-day.ts';

const HOUR = 3_600_000;

/** A ship that goes through time hour by hour; `kept` runs steadily, the wall clock is set. */
class Ship {
  now: Moment;
  state: BudgetDay;
  /** When budgets began, by the kept clock. */
  readonly begun: number[] = [];

  constructor(wall: number) {
    this.now = { kept: 0, wall };
    this.state = { ...firstDay(this.now), spentBytes: 1 };
  }

  pass(hours: number): this {
    for (let left = hours; left > 0; left -= 0.5) {
      this.now = { kept: this.now.kept + HOUR / 2, wall: this.now.wall + HOUR / 2 };
      this.look();
    }
    return this;
  }

  set(hours: number): this {
    this.now = { ...this.now, wall: this.now.wall + hours * HOUR };
    return this.look();
  }

  look(): this {
    const next = dayAt(this.state, this.now);
    if (next.spentBytes === 0) this.begun.push(this.now.kept / HOUR);
    this.state = { ...next, spentBytes: 1 };
    return this;
  }

  /** How long until the next budget, h. */
  get waitHours(): number {
    return (nextDayAt(this.state, this.now) - this.now.wall) / HOUR;
  }
}

function inZone(t: TestContext, zone: string): void {
  const before = process.env.TZ;
  process.env.TZ = zone;
  t.after(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
}

test('a budget begins at midnight of the ship, also where it was set up an hour before', () => {
  const ship = new Ship(new Date(2026, 2, 1, 23, 0).getTime());
  assert.equal(ship.waitHours, 1);
  assert.deepEqual(ship.pass(60).begun, [1, 25, 49]);
  assert.equal(ship.state.day, '2026-03-04');
  assert.equal(ship.waitHours, 13);
});

test('days of 23 and 25 hours have one budget each, from midnight to midnight', (t) => {
  inZone(t, 'Europe/Berlin');
  const spring = new Ship(new Date(2026, 2, 28, 12, 0).getTime());
  assert.deepEqual(spring.pass(72).begun, [12, 35, 59]);
  const autumn = new Ship(new Date(2026, 9, 24, 12, 0).getTime());
  assert.deepEqual(autumn.pass(72).begun, [12, 37, 61]);
});

test('a zone whose midnight is skipped once begins its day an hour later', (t) => {
  inZone(t, 'Africa/Cairo');
  // On 2026-04-24 the clock goes from 00:00 to 01:00.
  const ship = new Ship(new Date(2026, 3, 23, 12, 0).getTime());
  assert.equal(ship.waitHours, 12);
  assert.deepEqual(ship.pass(48).begun, [12, 35]);
});

test('a clock that is set begins no budget, whatever date it shows', () => {
  const noon = new Date(2026, 2, 1, 12, 0).getTime();
  for (const hours of [-24 * 365 * 50, -24, -13, -1, 1, 11, 13, 24, 72, 24 * 365 * 50]) {
    const ship = new Ship(noon).set(hours);
    assert.deepEqual(ship.begun, [], `set by ${hours} h`);
    const waits = ship.waitHours;
    assert.ok(waits > 0 && waits <= 44, `set by ${hours} h: ${waits} h`);
    ship.pass(waits);
    assert.deepEqual(ship.begun, [waits], `set by ${hours} h: told ${waits} h`);
  }
});

test('a clock that is set again and again gets no more than a budget for every 20 hours', () => {
  const ship = new Ship(new Date(2026, 2, 1, 20, 30).getTime());
  for (let round = 0; round < 200; round++) ship.set(((round * 7919) % 71) - 30).pass(1.5);
  assert.ok(ship.begun.length >= 5 && ship.begun.length <= 300 / 20 + 1, `${ship.begun}`);
});

test('a machine that was off for days has a new budget at once, and the next one at midnight', () => {
  const ship = new Ship(new Date(2026, 2, 1, 12, 0).getTime());
  ship.now = { kept: ship.now.kept + 83 * HOUR, wall: ship.now.wall + 83 * HOUR };
  ship.look();
  assert.deepEqual(ship.begun, [83]);
  assert.equal(ship.waitHours, 1);
  assert.deepEqual(ship.pass(1).begun, [83, 84]);
});
