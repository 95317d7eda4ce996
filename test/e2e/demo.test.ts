import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { processesIn } from '../support/processes.ts';
import { runCli, startCli } from '../support/steward-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const TIMEOUT_MS = 60_000;

test('the demo plays to its end, plain in a pipe, and leaves nothing behind', async (t) => {
  const { path } = await tempFolder(t);
  const env = { TMPDIR: path, FORCE_COLOR: '' };
  const { code, stdout, stderr } = await runCli(['demo'], { folder: path, env, timeoutMs: TIMEOUT_MS });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(stdout.includes('\u001b'), false);
  assert.doesNotMatch(stdout, /✗/);
  assert.match(stdout, /counts from 1 to 60/);
  assert.deepEqual(await readdir(path), []);
  assert.deepEqual(await processesIn(path), []);
});

test('--keep leaves the fleet running until Ctrl-C', async (t) => {
  const { path } = await tempFolder(t);
  const demo = await startCli(t, ['demo', '--keep'], {
    folder: path,
    env: { TMPDIR: path, FORCE_COLOR: '1' },
  });
  await waitFor('the demo to leave the fleet to us', () => demo.stdout.includes('steward stew'), {
    timeoutMs: TIMEOUT_MS,
  });
  assert.ok(demo.stdout.includes('\u001b[1m'), 'colours where they are asked for');
  const [root] = await readdir(path);
  const ran = await runCli(['exec', 'ship1', '--', 'echo', 'played'], {
    folder: join(path, root!, 'central'),
  });
  assert.deepEqual([ran.code, ran.stdout.includes('played')], [0, true], ran.stderr);
  demo.signal('SIGINT');
  await waitFor('the demo to end', () => demo.exit !== undefined, { timeoutMs: 20_000 });
  assert.equal(demo.exit?.code, 0);
  assert.deepEqual(await readdir(path), []);
  assert.deepEqual(await processesIn(path), []);
});
