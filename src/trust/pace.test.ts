import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Pace } from './pace.ts';

function setUp() {
  const clock = new ManualClock();
  const reports: string[] = [];
  const seen = new Set<string>();
  const note = ({ reason }: { reason: string }) => !seen.has(reason) && Boolean(seen.add(reason));
  const pace = new Pace({ clock, refusals: { note }, report: (text) => void reports.push(text) });
  return { clock, reports, pace };
}

test('of a flood some pass at once, then the newest twice a second, and it is told once', async () => {
  const { clock, reports, pace } = setUp();
  const done: number[] = [];
  for (let count = 1; count <= 10_000; count++) pace.pass('hello', 'ship1', () => void done.push(count));
  assert.equal(done.length, 20);
  await clock.advance(500);
  assert.deepEqual(done.slice(20), [10_000]);
  for (let count = 10_001; count <= 20_000; count++) pace.pass('hello', 'ship1', () => void done.push(count));
  await clock.advance(60_000);
  assert.ok(done.length <= 23, `${done.length}`);
  assert.equal(done.at(-1), 20_000);
  assert.equal(reports.length, 1);
  assert.match(reports[0]!, /ship1 sends more hellos than 2 a second/);
  assert.equal(pace.noteOf('ship1'), 'too many hellos');
  await clock.advance(3_600_000);
  assert.equal(pace.noteOf('ship1'), undefined);
});

test('the flood of one node, or of one kind, holds nothing else up', () => {
  const { pace } = setUp();
  const done: string[] = [];
  for (let count = 0; count < 1000; count++) pace.pass('hello', 'ship1', () => {});
  pace.pass('hello', 'ship2', () => void done.push('ship2'));
  pace.pass('errors', 'ship1', () => void done.push('errors'));
  pace.pass('state', 'ship1', () => void done.push('state'));
  assert.deepEqual(done, ['ship2', 'errors', 'state']);
  assert.equal(pace.noteOf('ship2'), undefined);
});

test('what waits when the node stops is not done any more', async () => {
  const { clock, pace } = setUp();
  let done = 0;
  for (let count = 0; count < 100; count++) pace.pass('hello', 'ship1', () => void done++);
  pace[Symbol.dispose]();
  await clock.advance(10_000);
  assert.equal(done, 20);
});

test('a node that is forgotten leaves nothing: neither what waits of it nor what was said of it', async () => {
  const { clock, pace } = setUp();
  const done: string[] = [];
  for (let count = 0; count < 100; count++) {
    pace.pass('hello', 'ship1', () => void done.push('ship1'));
    pace.pass('hello', 'ship2', () => void done.push('ship2'));
  }
  pace.forget('ship1');
  assert.deepEqual([pace.noteOf('ship1'), pace.noteOf('ship2')], [undefined, 'too many hellos']);
  await clock.advance(10_000);
  const passed = (ship: string) => done.filter((name) => name === ship).length;
  assert.deepEqual([passed('ship1'), passed('ship2')], [20, 21]);
  // A new node of this name begins with all that is its due.
  for (let count = 0; count < 20; count++) pace.pass('hello', 'ship1', () => void done.push('ship1'));
  assert.equal(passed('ship1'), 40);
});
