import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { HARDENINGS, planService } from './service-plan.ts';
import { readUnit, unitText } from './unit-text.ts';

const PROGRAM = ['/usr/local/bin/steward'];
const ANALYZER = 'systemd-analyze';

test('a unit starts the node as its user, again after every fault, and leaves it the time to stop', () => {
  const text = unitText(planService({}), PROGRAM);
  for (const line of [
    'ExecStart=/usr/local/bin/steward run -configFolder=/etc/steward',
    ...[
      'User=steward',
      'WorkingDirectory=/var/lib/steward',
      'StateDirectory=steward',
      'RuntimeDirectory=steward',
    ],
    ...[
      'Restart=always',
      'StartLimitIntervalSec=0',
      'KillMode=mixed',
      'TimeoutStopSec=20',
      'OOMPolicy=continue',
    ],
    'WantedBy=multi-user.target',
  ])
    assert.ok(text.split('\n').includes(line), line);
});

test('what hardening takes away grows with its level, and never is what the engine or sudo needs', () => {
  const [commands, contained, strict] = HARDENINGS.map((hardening) =>
    unitText(planService({ hardening }), PROGRAM).split('\n'),
  );
  assert.ok(!commands!.some((line) => /^(Protect|Private|Restrict|NoNew|Lock|SystemCall|Capab)/.test(line)));
  for (const line of [
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    'ReadWritePaths=/etc/steward /var/lib/steward',
  ])
    assert.ok(contained!.includes(line) && strict!.includes(line), line);
  assert.ok(contained!.includes('ProtectSystem=full') && strict!.includes('ProtectSystem=strict'));
  assert.ok(strict!.includes('SystemCallFilter=@system-service'));
  for (const lines of [commands, contained, strict])
    assert.ok(!lines!.some((line) => line.startsWith('MemoryDenyWriteExecute')));
});

test('root keeps its capabilities, for without them it could not even read the files of others', () => {
  const text = unitText(planService({ user: 'root', hardening: 'contained' }), PROGRAM);
  assert.doesNotMatch(text, /Capabilit/);
  assert.match(unitText(planService({ user: 'root' }), PROGRAM), /hardened commands/);
});

test('a state folder elsewhere is none that systemd makes', () => {
  const text = unitText(planService({ stateFolder: '/srv/ship' }), PROGRAM);
  assert.doesNotMatch(text, /StateDirectory/);
  assert.match(text, /^WorkingDirectory=\/srv\/ship$/m);
});

test('spaces, percent and dollar signs in the program’s path stay what they are', () => {
  const text = unitText(planService({}), ['/opt/my tools/50%/st$ward']);
  assert.match(text, /^ExecStart="\/opt\/my tools\/50%%\/st\$\$ward" run/m);
});

test('a unit is read back, and one of somebody else is not taken for ours', () => {
  const plan = planService({ name: 'ship', user: 'sailor', stateFolder: '/srv/ship' });
  assert.deepEqual(readUnit(unitText(plan, PROGRAM)), {
    ...{ configFolder: '/etc/ship', stateFolder: '/srv/ship', user: 'sailor' },
    execStart: '/usr/local/bin/steward run -configFolder=/etc/ship',
  });
  assert.equal(readUnit('[Service]\nExecStart=/bin/true\nConfigFolder=/etc\nStateFolder=/var\n'), undefined);
});

test('systemd finds nothing to say about the units', async (t) => {
  if (spawnSync(ANALYZER, ['--version']).status !== 0) return t.skip(`${ANALYZER} is not installed here`);
  const { path } = await tempFolder(t);
  for (const hardening of HARDENINGS) {
    const unit = join(path, `steward-${hardening}.service`);
    await writeFile(unit, unitText(planService({ hardening, user: 'root' }), ['/bin/true']));
    const { status, stderr } = spawnSync(ANALYZER, ['verify', unit], { encoding: 'utf8' });
    // Of other units of this machine it may have much to say.
    const said = stderr.split('\n').filter((line) => line.includes('steward-'));
    assert.deepEqual([status, said], [0, []], stderr);
  }
});

test('folders that others share, and names that are none, are refused with the way out', () => {
  const refused: [Parameters<typeof planService>[0], RegExp][] = [
    [{ stateFolder: '/var/lib' }, /--state-folder "\/var\/lib" is shared with other programs: take a folder/],
    [{ configFolder: '/etc/' }, /--config-folder "\/etc\/" is shared/],
    [{ configFolder: '/' }, /is shared/],
    [{ stateFolder: 'var' }, /is no absolute path/],
    [{ stateFolder: '/srv/../etc' }, /has a \.\. in it/],
    [{ stateFolder: '/srv/a\nUser=root' }, /characters that a unit cannot hold/],
    [{ name: '../x' }, /--name "\.\.\/x" is no name for a service/],
    [{ user: 'a b' }, /--user "a b" is no name of a user/],
    [{ hardening: 'very' }, /--hardened "very" is not known: it is one of commands, contained, strict/],
  ];
  for (const [request, sentence] of refused)
    assert.throws(() => planService(request), { code: 'bad-option', message: sentence });
});
