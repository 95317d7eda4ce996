import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitedLogger } from './limited-logger.ts';

test('a text that comes again and again is logged a few times, then counted', () => {
  const lines: string[] = [];
  const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`);
  let time = 0;
  const logger = limitedLogger({ debug: note, info: note, warn: note, error: note }, () => time);
  for (let count = 0; count < 1000; count += 1) logger.warn({ count }, 'often');
  logger.info({}, 'seldom');
  assert.equal(lines.length, 21);
  assert.equal(lines[19], 'often {"count":19}');
  time = 10_000;
  logger.warn({ count: 1000 }, 'often');
  assert.deepEqual(lines.slice(21), [
    'often: there were more of these lines {"leftOut":980}',
    'often {"count":1000}',
  ]);
});

test('what stands behind a colon makes no other text of it', () => {
  const lines: string[] = [];
  const logger = limitedLogger({ warn: (_fields: object, text: string) => void lines.push(text) }, () => 0);
  for (let count = 0; count < 1000; count += 1) logger.warn({}, `refused: ${count}`);
  assert.equal(lines.length, 20);
});
