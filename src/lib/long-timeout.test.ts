import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longTimeout } from './long-timeout.ts';

test('a time-out of months neither ends at once nor is forgotten', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const month = 31 * 24 * 3600 * 1000;
  let calls = 0;
  longTimeout(3 * month, () => {
    calls += 1;
  });
  const cancel = longTimeout(month, () => assert.fail('was cancelled'));
  cancel();
  for (let hours = 0; hours < 3 * 31 * 24; hours += 1) {
    assert.equal(calls, 0);
    t.mock.timers.tick(3600 * 1000);
  }
  // Each new timer begins at the mocked hour, so the end comes up to as many hours late.
  t.mock.timers.tick(5 * 3600 * 1000);
  assert.equal(calls, 1);
});
