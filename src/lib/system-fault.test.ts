import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { test } from 'node:test';
import { errorCode, systemFault } from './system-fault.ts';
import { isTemporary } from './temporary-error.ts';

test('a system error is told without its call and path', async () => {
  const error = await readFile('/no, open/where').catch((fault: unknown) => fault);
  assert.equal(systemFault(error), 'ENOENT: no such file or directory');
  assert.equal(errorCode(error), 'ENOENT');
  assert.equal(systemFault(new Error('a, open b')), 'a, open b');
  assert.equal(systemFault('text'), 'text');
  assert.equal(errorCode(null), undefined);
});

test('a quota that is used up and a network disk that went away are known, whatever Node.js calls them, and may pass', () => {
  const write = { syscall: 'write', message: 'x, write' };
  for (const [errno, code, told] of [
    [-constants.errno.EDQUOT, 'UNKNOWN', 'EDQUOT: the disk quota is used up'],
    [-constants.errno.EDQUOT, 'Unknown system error -122', 'EDQUOT: the disk quota is used up'],
    [-constants.errno.ESTALE, 'UNKNOWN', 'ESTALE: the file went away on its network disk'],
  ] as const) {
    const error = Object.assign(new Error(), write, { errno, code });
    assert.equal(systemFault(error), told);
    assert.equal(errorCode(error), told.split(':')[0]);
    assert.ok(isTemporary(new Error('a file cannot be written', { cause: error })));
  }
  const lasting = Object.assign(new Error(), write, { errno: -constants.errno.EINVAL, code: 'EINVAL' });
  assert.equal(isTemporary(lasting), false);
});
