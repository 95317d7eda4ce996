import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropTrailingCommas, findJsonFault } from './json-fault.ts';

test('no fault is found in JSON', () => {
  const texts = [
    '1',
    '-0.5e+3',
    '"a\\u00e9\\n\\""',
    'null',
    '[]',
    '{}',
    ' [1, {"a": [true, false]}] ',
    '{"a":{"b":[]}}',
  ];
  for (const text of texts) assert.equal(findJsonFault(text), undefined, text);
});

test('the first fault is found at its place', () => {
  const faults: [string, number, RegExp][] = [
    ['{"a" 1}', 5, /":" is expected/],
    ['{"a": 1 "b": 2}', 8, /"," or "}" is expected/],
    ['[1 2]', 3, /"," or "\]" is expected/],
    ['{a: 1}', 1, /double quotes/],
    ['{"a": x}', 6, /a value is expected/],
    ['[01]', 1, /a value is expected/],
    ['["a\nb"]', 3, /line break/],
    ['["a\\x"]', 3, /escape/],
    ['["abc', 1, /closing quote/],
    ['[1', 2, /ends too early/],
    ['', 0, /ends too early/],
    ['{} {}', 3, /more text/],
    [`${'['.repeat(300)}`, 257, /nested too deeply/],
  ];
  for (const [text, offset, reason] of faults) {
    assert.equal(findJsonFault(text)?.offset, offset, text);
    assert.match(findJsonFault(text)?.reason ?? '', reason, text);
  }
});

test('commas after a last item are dropped, those inside texts are kept', () => {
  assert.equal(dropTrailingCommas('{"a": [1, 2,], "b": ",}", }'), '{"a": [1, 2 ], "b": ",}"  }');
});
