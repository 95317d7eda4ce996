import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Takes descriptors until a file, but no process, finds some. */
const SCRIPT = `
  import { openSync, closeSync, mkdtempSync } from 'node:fs';
  import { open } from 'node:fs/promises';
  import { keepAttributes } from '${new URL('./keep-attributes.ts', import.meta.url)}';
  const path = mkdtempSync('/tmp/steward-kept-') + '/file';
  const to = await open(path, 'w+');
  await keepAttributes(path, to);
  const taken = [];
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  for (const fd of taken.splice(0, 3)) closeSync(fd);
  console.log(await keepAttributes(path, to).then(String, (error) => error.code));
`;

test('where no process can be begun attributes are not taken for lost', () => {
  const args = ['-c', 'ulimit -n 40; exec "$0" --input-type=module -e "$1"', process.execPath, SCRIPT];
  assert.match(execFileSync('/bin/sh', args, { encoding: 'utf8' }), /^(EMFILE|EAGAIN)\n$/);
});
