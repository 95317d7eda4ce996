import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startFakeApi } from '../support/fake-api.ts';

const PROJECT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The modules that `steward ARGS` loads, as paths in the project. */
async function modulesOf(args: readonly string[]): Promise<string[]> {
  const hook = join(PROJECT, 'test/support/loaded-modules.ts');
  const flags = ['--disable-warning=ExperimentalWarning', '--import', hook];
  const { stderr } = await run(process.execPath, [...flags, join(PROJECT, 'src/main.ts'), ...args]);
  return [...stderr.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, path]) => path!.slice(PROJECT.length + 1));
}

test('steward status loads the routes of the contract and no schema, and no package', async (t) => {
  const { socketPath } = await startFakeApi(t);
  const modules = await modulesOf(['status', '--socket', socketPath]);
  assert.ok(modules.includes('src/client/api-client.ts'), modules.join('\n'));
  assert.deepEqual(modules.filter((path) => path.startsWith('src/contract/')).toSorted(), [
    'src/contract/routes.ts',
    'src/contract/states.ts',
  ]);
  assert.deepEqual(
    modules.filter((path) => path.startsWith('node_modules/')),
    [],
  );
  assert.deepEqual(
    modules.filter((path) => /^src\/(api|node|operations)\//.test(path)),
    [],
  );
});
