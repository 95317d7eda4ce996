import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { type InstallDeps, installService } from './install-service.ts';
import { planService, type ServiceRequest, unitPath } from './service-plan.ts';
import { readServiceState } from './service-state.ts';
import { Systemd } from './systemd.ts';
import { uninstallService } from './uninstall-service.ts';

interface World {
  readonly root: string;
  readonly told: string[];
  readonly ran: string[];
  readonly deps: InstallDeps;
}

/** A root of its own, and a systemctl that answers as it is told. */
async function world(t: TestContext, more: Partial<InstallDeps> = {}): Promise<World> {
  const root = (await tempFolder(t)).path;
  const told: string[] = [];
  const ran: string[] = [];
  const deps: InstallDeps = {
    run: async (command, args) => {
      ran.push([command, ...args].join(' '));
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    tell: (text) => void told.push(text),
    isSystemdRunning: () => true,
    uid: 0,
    saveConfig: async (folder, { isDryRun }) => {
      if (!isDryRun) await writeFile(join(folder, 'config.toml'), 'NodeName = "ship1"\n');
    },
    ...more,
  };
  return { root, told, ran, deps };
}

function install({ root, deps }: World, request: ServiceRequest = {}, isDryRun = false): Promise<void> {
  const program = ['/usr/local/bin/steward'];
  return installService({ plan: planService(request), program, root, isDryRun }, deps);
}

test('an installation below another root makes the files there and starts nothing', async (t) => {
  const made = await world(t);
  await install(made);
  assert.match(await readFile(unitPath('steward', made.root), 'utf8'), /^User=steward$/m);
  assert.equal((await stat(unitPath('steward', made.root))).mode & 0o777, 0o644);
  assert.equal((await stat(join(made.root, 'etc/steward'))).mode & 0o777, 0o750);
  assert.ok(existsSync(join(made.root, 'etc/steward/config.toml')));
  assert.ok(existsSync(join(made.root, 'var/lib/steward')));
  assert.deepEqual(made.ran, []);
  assert.match(made.told.at(-1)!, /nothing is started in .*; there: systemctl enable --now steward/);
});

test('a dry run changes nothing, and says what would be done', async (t) => {
  const made = await world(t);
  await install(made, {}, true);
  assert.ok(!existsSync(join(made.root, 'etc')));
  assert.ok(made.told.some((line) => line === 'would write /etc/systemd/system/steward.service'));
});

test('bad settings are refused before anything is changed', async (t) => {
  const made = await world(t, { saveConfig: () => Promise.reject(new Error('the node name is missing')) });
  await assert.rejects(install(made), /the node name is missing/);
  assert.ok(!existsSync(join(made.root, 'etc')));
});

test('a unit that somebody else made is neither replaced nor removed', async (t) => {
  const made = await world(t);
  const path = unitPath('steward', made.root);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '[Service]\nExecStart=/bin/true\n');
  await assert.rejects(install(made), {
    code: 'bad-option',
    message: /was not made by steward: move it away/,
  });
  const options = { name: 'steward', root: made.root, isDryRun: false, isPurge: true };
  await assert.rejects(uninstallService(options, made.deps), { code: 'not-installed' });
  assert.ok(existsSync(path));
});

test('to install on the machine itself takes root', async (t) => {
  const made = await world(t, { uid: 1000 });
  const onMachine = { ...made, root: '/' };
  await assert.rejects(install(onMachine), {
    code: 'not-allowed',
    message: /run this with sudo, or with --dry-run/,
  });
});

test('a program that the service could not start is refused before anything is changed', async (t) => {
  const made = await world(t, { run: async () => ({ exitCode: 2, stdout: '', stderr: '' }) });
  const plan = planService({ hardening: 'contained' });
  const hidden = { plan, program: ['/tmp/steward/node', 'main.js'], root: '/', isDryRun: false };
  await assert.rejects(installService(hidden, made.deps), {
    code: 'bad-option',
    message: /--hardened contained the service cannot see \/tmp\/steward\/node/,
  });
  assert.ok(!existsSync(join(made.root, 'etc')));

  const own = join(made.root, 'own');
  await mkdir(own, { mode: 0o700 });
  const planned = planService({ hardening: 'commands' });
  const program = ['/usr/bin/env', join(own, 'bin/main.js')];
  const closed = { plan: planned, program, root: '/', isDryRun: false };
  await assert.rejects(installService(closed, made.deps), {
    code: 'bad-option',
    message: new RegExp(`the user steward cannot reach ${own}/bin/main.js, as .* is for others alone`),
  });
  await installService({ ...closed, isDryRun: true }, made.deps);
  assert.match(made.told.join('\n'), /would be refused: the user steward cannot reach/);
  await installService(
    { ...closed, plan: planService({ user: 'root' }), isDryRun: true },
    {
      ...made.deps,
      run: async () => ({ exitCode: 0, stdout: 'root:x:0:0:root:/root:/bin/sh\n', stderr: '' }),
    },
  );
});

test('a user that is named must be there', async (t) => {
  const made = await world(t, {
    run: async () => ({ exitCode: 2, stdout: '', stderr: '' }),
  });
  const dry = install({ ...made, root: '/' }, { user: 'nobody-of-this-name' }, true);
  await assert.rejects(dry, { code: 'no-user', message: /useradd --system nobody-of-this-name/ });
});

test('removing keeps configuration and data, and purging removes them', async (t) => {
  const made = await world(t);
  await install(made, { name: 'ship', stateFolder: '/srv/ship' });
  await writeFile(join(made.root, 'srv/ship/steward.db'), 'data');
  const options = { name: 'ship', root: made.root, isDryRun: false, isPurge: false };
  await uninstallService(options, made.deps);
  assert.ok(!existsSync(unitPath('ship', made.root)));
  assert.ok(existsSync(join(made.root, 'srv/ship/steward.db')));
  assert.match(made.told.at(-1)!, /kept: \/etc\/ship and \/srv\/ship/);
  await assert.rejects(uninstallService(options, made.deps), { code: 'not-installed' });

  await install(made, { name: 'ship', stateFolder: '/srv/ship' });
  await uninstallService({ ...options, isPurge: true }, made.deps);
  for (const folder of ['etc/ship', 'srv/ship']) assert.ok(!existsSync(join(made.root, folder)), folder);
});

const SHOWN = `ActiveState=active
SubState=running
MainPID=4711
StateChangeTimestamp=@1795388428
UnitFileState=enabled
NRestarts=2
Result=success
`;

test('the state of a unit is read from systemctl', async () => {
  const asked: string[] = [];
  const systemd = new Systemd(async (command, args) => {
    asked.push([command, ...args].join(' '));
    return { exitCode: 0, stdout: SHOWN, stderr: '' };
  });
  assert.deepEqual(await systemd.state('steward.service'), {
    ...{ active: 'active', sub: 'running', pid: 4711, sinceMs: 1_795_388_428_000 },
    ...{ enabled: 'enabled', restarts: 2, result: 'success' },
  });
  assert.match(asked[0]!, /^systemctl show steward\.service --timestamp=unix --property=ActiveState,/);
});

test('what systemctl refuses is said in its words', async () => {
  const systemd = new Systemd(async () => ({ exitCode: 1, stdout: '', stderr: 'Access denied\n' }));
  await assert.rejects(systemd.control('restart', 'steward.service'), {
    message: 'systemctl restart steward.service failed: Access denied',
  });
  assert.equal(await systemd.state('steward.service'), undefined);
});

test('a service below another root has no state, and none is found where none was installed', async (t) => {
  const made = await world(t);
  assert.equal(await readServiceState('steward', made.root), undefined);
  await install(made);
  const state = await readServiceState('steward', made.root);
  assert.deepEqual([state?.user, state?.configFolder, state?.unit], ['steward', '/etc/steward', undefined]);
});
