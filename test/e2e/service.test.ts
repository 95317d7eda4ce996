import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChildProgram } from '../support/child-program.ts';
import { stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FLAGS = ['--', '-nodeName=ship1', '-centralNodeName=central', '-brokerAddress=127.0.0.1:1'];

async function service(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [command, ...first] = stewardCommand();
  const program = await ChildProgram.start({
    command: command!,
    args: [...first, 'service', ...args],
    cwd: '/',
  });
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

test('a service is installed below another root, looked at, and removed', async (t) => {
  const { path: root } = await tempFolder(t);
  const made = await service('install', '--root', root, ...FLAGS);
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const unit = await readFile(join(root, 'etc/systemd/system/steward.service'), 'utf8');
  const start = /^ExecStart=(.*)$/m.exec(unit)![1]!;
  assert.match(start, /^\/.* run -configFolder=\/etc\/steward$/);
  assert.ok(existsSync(start.split(' ')[0]!), 'the program that it starts is there');
  const config = await readFile(join(root, 'etc/steward/config.toml'), 'utf8');
  for (const line of [
    'NodeName = "ship1"',
    'DatabaseFolder = "/var/lib/steward"',
    'SocketFolder = "/run/steward"',
  ])
    assert.ok(config.split('\n').includes(line), line);

  const seen = await service('status', '--root', root);
  assert.equal(seen.code, 1, 'it does not run');
  assert.match(seen.stdout, /^service +steward is installed, and systemd does not run here$/m);
  assert.match(seen.stdout, /^node +ship1, central node central \(.*\/etc\/steward\/config\.toml\)$/m);
  assert.match(seen.stdout, /^doctor +\w+: .*steward doctor --config-folder \S+ shows all\)$/m);

  const removed = await service('uninstall', '--root', root);
  assert.deepEqual([removed.code, removed.stderr], [0, '']);
  assert.ok(!existsSync(join(root, 'etc/systemd/system/steward.service')));
  assert.ok(existsSync(join(root, 'etc/steward/config.toml')), 'the configuration is kept');
  assert.match((await service('status', '--root', root)).stdout, /^service +steward is not installed/);
});

test('settings that an operator changed are kept when the service is installed anew', async (t) => {
  const { path: root } = await tempFolder(t);
  await service('install', '--root', root, ...FLAGS);
  const again = await service('install', '--root', root, '--user', 'root', '--', '-labels=area=north');
  assert.equal(again.code, 0, again.stderr);
  const config = await readFile(join(root, 'etc/steward/config.toml'), 'utf8');
  assert.match(config, /^NodeName = "ship1"$/m);
  assert.match(config, /^Labels = "area=north"$/m);
});

test('a dry run prints the unit and makes nothing', async (t) => {
  const { path: root } = await tempFolder(t);
  const { code, stdout } = await service(
    'install',
    '--dry-run',
    '--root',
    root,
    '--hardened',
    'strict',
    ...FLAGS,
  );
  assert.equal(code, 0);
  assert.match(stdout, /^would write \/etc\/systemd\/system\/steward\.service$/m);
  assert.match(stdout, /^ProtectSystem=strict$/m);
  assert.ok(!existsSync(join(root, 'etc')));
});

test('mistakes are told in a sentence, and nothing is made', async (t) => {
  const { path: root } = await tempFolder(t);
  const mistakes: [string[], RegExp][] = [
    [['install', '--root', root], /the node name is missing: give -nodeName=<name>/],
    [['install', '--root', root, '--', '-nodeNam=ship1'], /unknown flag -nodeNam; did you mean -nodeName\?/],
    [
      ['install', '--root', root, ...FLAGS, '-nkeySeedFile=ship1.nk'],
      /no absolute path, which a service needs/,
    ],
    [['install', '--root', root, '--state-folder', '/var', ...FLAGS], /is shared with other programs/],
    [['uninstall', '--root', root], /there is no service steward .*steward service install makes one/],
    [['begin'], /service knows no "begin": install, uninstall, status/],
    [['install', 'ship1'], /service takes one word: flags of the node follow a bare --/],
  ];
  for (const [args, sentence] of mistakes) {
    const { code, stderr } = await service(...args);
    assert.ok(code === 1 || code === 2, args.join(' '));
    assert.match(stderr, /^steward: [^\n]+\n$/);
    assert.match(stderr, sentence);
  }
  assert.ok(!existsSync(join(root, 'etc')));
});
