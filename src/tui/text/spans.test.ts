import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactJson, filledJson } from './compact-json.ts';
import { fitLine, lineText, lineWidth, paint, span } from './spans.ts';

const PLAIN = { isColoured: false, isUnicode: true };

test('a line is cut or filled to a width without losing its styles', () => {
  const line = [span('船船', 'good'), ' and more'];
  for (const width of [1, 2, 3, 4, 5, 13, 20]) assert.equal(lineWidth(fitLine(line, width)), width);
  assert.deepEqual(fitLine(line, 2), [span('船', 'good')]);
  assert.equal(lineText(fitLine(line, 7)), '船船 an');
});

test('whatever a line holds, nothing but its own styles reaches the terminal', () => {
  const painted = paint([span('\u001B[2Jcleared\u0007', 'bad')], { isColoured: true, isUnicode: true });
  assert.equal(painted, '\u001B[31mcleared^G\u001B[39m');
});

test('without colours a line has bold, dim and inverse text only, and marks are ASCII where UTF-8 is not known', () => {
  assert.equal(
    paint([span('● here', 'good'), ' ', span('x', 'chosen')], PLAIN),
    '● here \u001B[7mx\u001B[27m',
  );
  assert.equal(paint(['● ○ · … ─ 船'], { isColoured: false, isUnicode: false }), '* o - ~ - 船');
});

test('JSON stands on one line where it fits, and every form of it is the same value', () => {
  const value = {
    toNodes: ['ship1', 'ship2'],
    method: 'REQCliCommand',
    methodArgs: [],
    deep: { a: null, b: [1, [2]] },
  };
  assert.equal(compactJson({ a: [1, 2], b: {} }, 40), '{ "a": [1, 2], "b": {} }');
  for (const width of [1, 20, 30, 45, 200]) {
    assert.deepEqual(JSON.parse(compactJson(value, width)), value);
    assert.deepEqual(JSON.parse(filledJson(value, width)), value);
  }
  assert.equal(filledJson({}, 9), '{}');
  assert.equal(
    filledJson({ toNode: 'ship1', method: 'REQPing', retries: 3 }, 41),
    '{ "toNode": "ship1", "method": "REQPing",\n  "retries": 3 }',
  );
  assert.equal(
    compactJson({ toNode: 'ship1', methodArgs: ['bash', '-c'] }, 32),
    '{\n  "toNode": "ship1",\n  "methodArgs": ["bash", "-c"]\n}',
  );
});
