import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, lastRelease, type Release, releaseOf } from '../../bench/history.ts';
import type { Row } from '../../bench/row.ts';
import { formatTable } from '../../bench/table.ts';

const APPENDS: Row = {
  name: 'append',
  figure: 'appends',
  value: 800,
  unit: '/s',
  limit: 2000,
  ratio: 0.4,
  goal: { atLeast: 0.3 },
};
const DELAY: Row = { name: 'single', figure: 'delay', value: 3, unit: 'ms', goal: { atMost: 5 } };
const LAST: Release = {
  version: '0.1',
  date: '2026-01-01',
  figures: { appends: { value: 1000, unit: '/s', ratio: 0.4 }, delay: { value: 2.5, unit: 'ms' } },
};

test('a figure has fallen when it is worse by 10 %, whichever way is worse', () => {
  assert.equal(changeOf(DELAY, LAST)?.hasFallen, true);
  assert.equal(changeOf({ ...DELAY, value: 2.7 }, LAST)?.hasFallen, false);
  assert.equal(changeOf({ ...DELAY, value: 1 }, LAST)?.hasFallen, false);
  assert.equal(changeOf({ ...APPENDS, ratio: 0.36 }, LAST)?.hasFallen, true);
  assert.equal(changeOf({ ...APPENDS, ratio: 0.8 }, LAST)?.hasFallen, false);
  const bare: Row = { name: 'tail', figure: 'lines', value: 80, unit: '/s' };
  const before = { ...LAST, figures: { lines: { value: 100, unit: '/s' } } };
  assert.equal(changeOf(bare, before)?.hasFallen, true, 'without a goal more per second is better');
});

test('a ratio is held against a ratio, so that a slower machine is no fall', () => {
  assert.deepEqual(changeOf(APPENDS, LAST), { last: 0.4, gain: 0, hasFallen: false });
  const { ratio: _, ...bare } = APPENDS;
  assert.equal(changeOf(bare, LAST)?.last, 1000);
});

test('what was never measured has not changed', () => {
  assert.equal(changeOf({ ...DELAY, figure: 'new' }, LAST), undefined);
  assert.equal(changeOf(DELAY, undefined), undefined);
  const { value: _, ...missing } = DELAY;
  assert.equal(changeOf(missing, LAST), undefined);
});

test('the table shows the change since the last release', () => {
  const lines = formatTable([APPENDS, DELAY], LAST).split('\n');
  assert.match(lines[0]!, /since 0\.1$/);
  assert.match(lines[1]!, /yes +0 %$/);
  assert.match(lines[2]!, /yes +FELL -20 %$/);
});

test('a release is recorded with all that was measured, and not at all where something failed', () => {
  const about = { version: '0.2', date: '2026-02-02' };
  assert.deepEqual(releaseOf([APPENDS, DELAY, { name: 'x', figure: 'none', unit: '' }], about), {
    ...about,
    figures: { appends: { value: 800, unit: '/s', ratio: 0.4 }, delay: { value: 3, unit: 'ms' } },
  });
  assert.throws(() => releaseOf([{ ...DELAY, fault: 'no broker' }], about), /these have no figure: delay/);
});

test('the history that is kept can be read', () => {
  const release = lastRelease();
  assert.ok(release && Object.keys(release.figures).length > 5);
});
