import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { noSpawner, readySpawner, replyText, setUpCommands } from '../../../test/support/commands.ts';
import { OPEN_FILES_VARIABLE, openFilesLimit } from './open-files-limit.ts';
import { createReqCliCommand } from './req-cli-command.ts';

for (const kind of ['a spawner', 'none'] as const) {
  test(`a command has the soft limit of open files that the node was started with, with ${kind}`, async (t) => {
    const openFiles = 234;
    const spawner = kind === 'none' ? noSpawner : await readySpawner(t, { openFiles });
    const { bash, run, folder } = await setUpCommands(t, createReqCliCommand, {
      spawner,
      options: { openFiles },
    });
    const [soft, hard] = replyText(await bash('ulimit -Sn; ulimit -Hn')).split('\n');
    assert.equal(soft, '234');
    assert.notEqual(hard, '234');
    await writeFile(join(folder, 'script'), '#!/bin/sh\nulimit -Sn\n', { mode: 0o755 });
    assert.equal(replyText(await run([join(folder, 'script')])), '234\n');
    await writeFile(join(folder, 'lost'), '#!/no/such/interpreter\n', { mode: 0o755 });
    assert.match((await run([join(folder, 'lost')])).reason!, /interpreter/);
    assert.match((await run(['nope-there-is-none'])).reason!, /executable file not found in \$PATH/);
    assert.match((await run([folder])).reason!, /permission denied/);
  });
}

test('the limit is set only where it is known, and lower than that of the node', () => {
  const told = (text: string | undefined) => openFilesLimit({ [OPEN_FILES_VARIABLE]: text });
  assert.equal(told('64'), 64);
  for (const text of ['', 'unlimited', '-1', '0', '999999999999']) assert.equal(told(text), undefined);
});

test('a node that was started without its script has for commands the limit of whoever started it', async () => {
  const program = `import { openFilesLimit } from '${import.meta.resolve('./open-files-limit.ts')}';
    console.log(openFilesLimit({}));`;
  const node = `'${process.execPath}' --input-type=module -e "$0"; true`;
  const limited = await promisify(execFile)('bash', ['-c', `ulimit -Sn 321; ${node}`, program]);
  assert.equal(limited.stdout.trim(), '321');
});
