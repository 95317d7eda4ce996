import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { createLogger, openLogger } from './logger.ts';

test('entries are lines of JSON with the level by its name, the node and the error', () => {
  const stream = new PassThrough();
  const logger = createLogger({ nodeName: 'ship1', stream });
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

test('on a terminal entries are readable, and control characters do not reach it', async () => {
  const stream = new PassThrough();
  const logger = await openLogger({ isTerminal: true, nodeName: 'ship1', stream, level: 'debug' });
  logger.debug('red \u001b[31m text\u009b');
  assert.match(String(stream.read()), /^\[.*\] DEBUG: red \\x1b\[31m text\\x9b\n$/);
});

test('what others say forges no entry and turns no letters round, in JSON and on a terminal', async () => {
  const evil = 'a\r\n[12:00:00.000] ERROR: forged\u001b]0;x\u0007\u009b2J\u202egnp';
  const write = (logger: ReturnType<typeof createLogger>) => {
    // Those that a terminal shows at the head of an entry too.
    const head = { name: evil, hostname: evil, pid: evil, caller: evil };
    logger.warn({ ...head, from: evil, err: new Error(evil) }, evil);
  };
  const json = new PassThrough();
  write(createLogger({ nodeName: 'ship1', stream: json }));
  const line = String(json.read());
  assert.match(line, /^[^\p{Cc}\p{Bidi_Control}]*\n$/u);
  assert.equal(JSON.parse(line).msg, evil);
  const shown = new PassThrough();
  write(await openLogger({ isTerminal: true, nodeName: 'ship1', stream: shown }));
  const text = String(shown.read());
  assert.doesNotMatch(text, /[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
  assert.equal(text.match(/^\S/gm)?.length, 1, text);
  assert.ok(text.includes(String.raw`\x1b]0;x\x07\x9b2J\x202egnp`), text);
});
