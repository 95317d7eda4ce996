import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders, makeFoldersSync } from './make-folders.ts';

const HERE = join(import.meta.dirname, 'make-folders.ts');

for (const [name, make] of [
  ['makeFolders', async (path: string) => makeFolders(path, 0o700)],
  ['makeFoldersSync', async (path: string) => makeFoldersSync(path, 0o700)],
] as const) {
  test(`${name} makes what is missing, and says what stands in the way`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'steward-folder-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const deep = join(folder, 'a/b/c');
    await make(deep);
    await make(deep);
    assert.equal(statSync(join(folder, 'a/b')).mode & 0o777, 0o700);
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(make(join(folder, 'file')), { code: 'EEXIST' });
    await assert.rejects(make(join(folder, 'file/x')), { code: 'ENOTDIR' });
  });

  // In a process of its own: what would go round for ever would do so in this one.
  test(`${name} ends where a folder that is there takes none: /proc, and a working folder that was removed`, () => {
    const script = `
      import { mkdirSync, rmdirSync } from 'node:fs';
      import { ${name} } from ${JSON.stringify(HERE)};
      const gone = process.argv[1];
      mkdirSync(gone);
      process.chdir(gone);
      rmdirSync(gone);
      for (const path of ['/proc/steward/x', 'a/b'])
        try { await ${name}(path, 0o700); } catch (error) { console.log(error.code); }`;
    const gone = join(tmpdir(), `steward-gone-${process.pid}-${name}`);
    const args = ['--input-type=module', '-e', script, gone];
    const said = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.equal(said, 'ENOENT\nENOENT\n');
  });
}
