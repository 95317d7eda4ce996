import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { readFault, readPlainFile, readPlainFileSync } from './plain-file.ts';

test('what is no file to be read whole is refused with the way out, and not waited for', async (t) => {
  const { path: folder } = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  await mkdir(at('folder'));
  await writeFile(at('file'), 'text');
  await writeFile(at('large'), '');
  await truncate(at('large'), 5e9);
  await writeFile(at('closed'), '');
  await chmod(at('closed'), 0);
  const cases: Record<string, RegExp> = {
    pipe: /^it is a pipe, a socket or a device, not a regular file: move it away$/,
    folder: /^it is a folder, not a regular file: move it away$/,
    large: /^it has 5000000000 bytes, and 67108864 are the most that is read$/,
    none: /^ENOENT: .*; put it there, or name the one that is meant$/,
    'file/below': /^ENOTDIR: .*; a folder on the way to it is none: move away what stands there$/,
    ...(process.geteuid?.() === 0 ? {} : { closed: /^EACCES: .*; let the user .* \(id \d+\) read it/ }),
  };
  for (const [name, fault] of Object.entries(cases)) {
    const told = await readPlainFile(at(name)).then(() => 'it was read', readFault);
    assert.match(told, fault, name);
    assert.throws(
      () => readPlainFileSync(at(name)),
      (error) => readFault(error) === told,
    );
  }
  assert.equal(String(await readPlainFile(at('file'))), 'text');
  assert.equal(String(readPlainFileSync(at('file'))), 'text');
});
