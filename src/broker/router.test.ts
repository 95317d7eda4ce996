import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomTest } from '../../test/support/random-test.ts';
import { Router, type Subscription } from './router.ts';
import { isWithin } from './subject.ts';

function subscription(subject: string, queue = ''): Subscription {
  return { owner: undefined, subject, queue, sid: '', isEnded: false };
}

randomTest('a router finds what each subject matches, whatever came and went before', (_t, { random }) => {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const tokens = ['a', 'b', 'c', '*'];
  const make = (last: readonly string[]) =>
    [...Array.from({ length: pick([0, 1, 2, 3]) }, () => pick(tokens)), pick(last)].join('.');
  const router = new Router();
  const all: Subscription[] = [];
  for (let step = 0; step < 5000; step += 1) {
    if (all.length < 10 || (all.length < 200 && pick([true, false]))) {
      const added = subscription(make([...tokens, '>']), pick(['', '', 'q']));
      router.add(added);
      all.push(added);
    } else {
      const gone = pick(all);
      all.splice(all.indexOf(gone), 1);
      router.remove(gone);
    }
    const subject = make(['a', 'b', 'c']).replaceAll('*', 'a');
    const { plain, groups } = router.match(subject);
    const expected = all.filter((one) => isWithin(subject, one.subject));
    assert.deepEqual(new Set([...plain, ...groups.flat()]), new Set(expected), subject);
    assert.ok(groups.length <= 1 && plain.every(({ queue }) => queue === ''));
    assert.equal(router.size, all.length);
  }
});

test('a router that everybody has left knows nobody, and leaving twice is nothing', () => {
  const router = new Router();
  const all = ['a', 'a.b', 'a.*.>', '>', 'a.b.c.d.e'].map((subject) => subscription(subject));
  for (const one of all) router.add(one);
  for (const one of all) router.remove(one);
  for (const one of all) router.remove(one);
  assert.equal(router.size, 0);
  assert.deepEqual(router.match('a.b').plain, []);
});

test('a subject of many dots is found without a deep stack', () => {
  const router = new Router();
  const deep = subscription(`${'*.'.repeat(5000)}x`);
  router.add(deep);
  assert.deepEqual(router.match(`${'y.'.repeat(5000)}x`).plain, [deep]);
});
