import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { errorCode, systemFault } from './system-fault.ts';

test('a system error is told without its call and path', async () => {
  const error = await readFile('/no, open/where').catch((fault: unknown) => fault);
  assert.equal(systemFault(error), 'ENOENT: no such file or directory');
  assert.equal(errorCode(error), 'ENOENT');
  assert.equal(systemFault(new Error('a, open b')), 'a, open b');
  assert.equal(systemFault('text'), 'text');
  assert.equal(errorCode(null), undefined);
});
