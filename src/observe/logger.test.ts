import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { createLogger } from './logger.ts';

test('entries are lines of JSON with the level by its name, the node and the error', () => {
  const stream = new PassThrough();
  const logger = createLogger({ pretty: false, nodeName: 'ship1', stream });
  logger.warn({ err: new Error('broken') }, 'something failed');
  logger.debug('not shown');
  const [line, rest] = String(stream.read()).split('\n');
  const { level, node, msg, err, time } = JSON.parse(line!);
  assert.deepEqual(
    [level, node, msg, err.message, rest],
    ['warn', 'ship1', 'something failed', 'broken', ''],
  );
  assert.match(time, /^\d{4}-\d\d-\d\dT/);
});

test('on a terminal entries are readable, and control characters do not reach it', () => {
  const stream = new PassThrough();
  createLogger({ pretty: true, nodeName: 'ship1', stream, level: 'debug' }).debug(
    'red \u001b[31m text\u009b',
  );
  assert.match(String(stream.read()), /^\[.*\] DEBUG: red \\x1b\[31m text\\x9b\n$/);
});
