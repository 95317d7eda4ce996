import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { callSteward } from '../../../../test/support/cli-call.ts';
import type { TestScope } from '../../../../test/support/dispose-after.ts';
import { startFakeApi } from '../../../../test/support/fake-api.ts';
import { FakeOperations } from '../../../../test/support/fake-operations.ts';

/** A fake node whose ships print what `answer` says and succeed; the messages that it got. */
async function startScene(t: TestScope, names: readonly string[], answer = (node: string) => `${node}\n`) {
  const operations = new FakeOperations(names);
  const messages: Record<string, unknown>[] = [];
  operations.onSubmitted = ({ id, node }, message) => {
    messages.push(message);
    operations.print(id, answer(node));
    operations.move(id, 'succeeded', { exitCode: 0 });
  };
  const { socketPath, folder } = await startFakeApi(t, { desk: operations });
  const exec = (...args: string[]) => callSteward(['exec', ...args], { socketPath });
  return { operations, messages, exec, folder };
}

test('a command without its -- is refused with the line that was meant', async (t) => {
  const { exec, messages } = await startScene(t, ['ship1']);
  const { code, stderr } = await exec('ship1', 'df', '-h');
  assert.equal(code, 1);
  assert.match(stderr, /the command goes behind a bare --: steward exec ship1 -- df -h\n/);
  assert.equal((await exec('ship1', '-h')).code, 0);
  assert.equal(messages.length, 0);
});

test('what a shell should have read is told, and runs as it is', async (t) => {
  const { exec, messages } = await startScene(t, ['ship1']);
  const hinted = await exec('ship1', '--', 'df -h | tail -1');
  assert.match(
    hinted.stderr,
    /passed on as it is, without a shell; a shell reads it with --shell 'df -h \| tail -1'/,
  );
  assert.match((await exec('ship1', '--', 'cd', '/srv')).stderr, /--shell 'cd \/srv'/);
  assert.match((await exec('ship1', '--', 'echo', '$HOME')).stderr, /--shell 'echo \$HOME'/);
  for (const args of [['awk', '{print $1}'], ['/opt/my tool'], ['sh', '-c', 'cd /']])
    assert.equal((await exec('ship1', '--', ...args)).stderr, '', args.join(' '));
  assert.deepEqual(messages[0]!.methodArgs, ['df -h | tail -1']);
});

test('a template is filled in for each node, a dry run shows it, and nothing runs where it cannot be', async (t) => {
  const { operations, exec, messages } = await startScene(t, ['ship1', 'ship2']);
  operations.addNode('ship1', { labels: { region: 'north' } });
  operations.addNode('ship2', { labels: { region: 'south' } });
  const args = ['ship1', 'ship2', '--template', '--', 'echo', '{{node}}-{{label.region}}', '{{.x}}'];
  const dry = await exec('--dry-run', ...args);
  assert.match(dry.stdout, /^ship2 .* echo ship2-south '\{\{\.x\}\}'$/m);
  assert.equal((await exec(...args)).code, 0);
  const sent = messages.map(({ toNode, methodArgs }) => [toNode, ...(methodArgs as string[])].join(' '));
  assert.deepEqual(sent, ['ship1 echo ship1-north {{.x}}', 'ship2 echo ship2-south {{.x}}']);
  const refused = await exec('ship1', 'ship2', '--template', '--', 'echo', '{{label.role}}');
  assert.deepEqual([refused.code, messages.length], [1, 2]);
  assert.match(refused.stderr, /ship1 has no label role/);
});

test('the same answers are shown once, with those who differ, also as JSON', async (t) => {
  const names = ['ship1', 'ship2', 'ship3', 'ship4'];
  const { exec } = await startScene(t, names, (node) => (node === 'ship3' ? 'a\nx\nc\n' : 'a\nb\nc\n'));
  const { code, stdout } = await exec(...names, '--fold', '--', 'cat', 'conf');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    '3 nodes said, exit code 0: ship1 ship2 ship4\na\nb\nc\nship3 said, exit code 0: (diff)\n-b\n+x\n',
  );
  const { groups } = JSON.parse((await exec(...names, '--fold', '--json', '--', 'cat')).stdout);
  assert.deepEqual(
    groups.map(({ nodes, end }: { nodes: string[]; end: string }) => [nodes.length, end]),
    [
      [3, 'exit code 0'],
      [1, 'exit code 0'],
    ],
  );
});

test('a script goes with its interpreter, and one that names none is refused', async (t) => {
  const { exec, folder, messages } = await startScene(t, ['ship1']);
  const script = join(folder, 'setup.py');
  await writeFile(script, '#!/usr/bin/env python3\nprint(1)\n');
  assert.equal((await exec('ship1', '--script', script, '--', '--fast')).code, 0);
  assert.deepEqual(messages[0]!.methodArgs, ['/usr/bin/env', 'python3', '{{STEWARD_DATA_FILE}}', '--fast']);
  assert.deepEqual(messages[0]!.data, ['#!/usr/bin/env python3\nprint(1)\n']);
  await writeFile(script, 'print(1)\n');
  assert.match(
    (await exec('ship1', '--script', script)).stderr,
    /begin it with #!\/bin\/sh, or give --interpreter sh/,
  );
  assert.equal((await exec('ship1', '--script', script, '--interpreter', 'python3 -u')).code, 0);
  assert.deepEqual(messages[1]!.methodArgs, ['python3', '-u', '{{STEWARD_DATA_FILE}}']);
  await writeFile(script, '#!/bin/sh\r\n');
  assert.match((await exec('ship1', '--script', script)).stderr, /has the line ends of Windows/);
});

test('variables, folder and user are checked before anything runs', async (t) => {
  const { exec, messages } = await startScene(t, ['ship1']);
  const refusals: [string[], RegExp][] = [
    [['--env', '1x'], /--env "1x" is no NAME=VALUE/],
    [['--cwd', 'srv'], /--cwd "srv": write the folder on the node from its root/],
    [['--user', 'a;b'], /--user "a;b" is no name of a user/],
    [['--interpreter', 'sh'], /--interpreter belongs to --script FILE/],
  ];
  for (const [args, message] of refusals) {
    const { code, stderr } = await exec('ship1', ...args, '--', 'true');
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
  assert.equal(messages.length, 0);
});

test('files of an earlier run are kept under another name, which is told', async (t) => {
  const { exec, folder } = await startScene(t, ['ship1']);
  const logs = join(folder, 'logs');
  await mkdir(logs);
  await writeFile(join(logs, 'ship1.log'), 'of yesterday\n');
  const { stderr } = await exec('ship1', '--log-dir', logs, '--', 'true');
  assert.match(stderr, /1 log of an earlier run in .*logs kept, such as .*ship1\..*\.log/);
  const names = (await readdir(logs)).toSorted();
  assert.equal(names.length, 2);
  assert.equal(await readFile(join(logs, 'ship1.log'), 'utf8'), 'ship1\n');
  const old = names.find((name) => name !== 'ship1.log')!;
  assert.equal(await readFile(join(logs, old), 'utf8'), 'of yesterday\n');
});
