import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationOption, momentOption, secondsOption } from './option-values.ts';

const NOW = new Date(2026, 2, 1, 14, 3, 22).getTime();

test('an option that is no time, or no span of time, is refused with how to write one', () => {
  assert.throws(() => durationOption('wait', 'soon'), {
    exitCode: 1,
    message: /--wait "soon" is no span of time: write/,
  });
  assert.throws(
    () => momentOption('since', 'soon', { now: NOW, isPast: true }),
    /--since "soon" is no time: write it/,
  );
});

test('a time to wait is whole seconds that a timer can hold', () => {
  assert.deepEqual(
    [
      secondsOption('wait', undefined, 5),
      secondsOption('wait', '200ms', 5),
      secondsOption('wait', '1.5s', 5),
    ],
    [5, 1, 2],
  );
  for (const text of ['0', '30d', '9e9'])
    assert.throws(() => secondsOption('wait', text, 5), { exitCode: 1, message: /--wait/ }, text);
});
