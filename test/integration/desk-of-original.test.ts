import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { callSteward } from '../support/cli-call.ts';
import { startFleet } from '../support/fleet.ts';
import { startActingReference } from '../support/reference-acts.ts';
import { shared } from '../support/shared.ts';
import { tempFolder } from '../support/temp-folder.ts';

const scene = shared(async (scope) => {
  const fleet = await startFleet(scope);
  const { path: folder } = await tempFolder(scope);
  const peer = await startActingReference({ node: 'old', broker: fleet.broker, folder }, scope);
  const socketPath = join(fleet.central.folder, 'tmp/stew.sock');
  const call = (...args: string[]) => callSteward(args, { socketPath });
  return { ...fleet, peer, folder, call };
});

test('an original node answers exec, ping and ps at the desk, and tells no exit code', async () => {
  const { peer, call } = await scene();
  const ran = await call('exec', 'old', '--new', '--shell', 'echo out; exit 3');
  assert.deepEqual([ran.code, ran.stdout], [3, 'out\n'], ran.stderr);
  assert.match(ran.stderr, /old: handed-over: run by the original program, which tells no exit code/);
  const pinged = await call('ping', 'old');
  assert.deepEqual(
    [pinged.code, /^old +\d+ ms$/m.test(pinged.stdout)],
    [0, true],
    pinged.stdout + pinged.stderr,
  );
  const listed = await call('ps', 'old');
  assert.deepEqual([listed.code, /REQPing/.test(listed.stdout)], [0, true], listed.stdout + listed.stderr);
  assert.deepEqual(peer.faults, []);
});

test('what a tail of an original node sends is shown as it comes', async () => {
  const { folder, call } = await scene();
  await writeFile(join(folder, 'log'), 'one\ntwo\n');
  const { code, stdout, stderr } = await call('tail', 'old', join(folder, 'log'), '--for', '1s');
  assert.equal(stdout, 'one\ntwo\n', stderr);
  assert.equal(code, 3, stderr);
});

test('files go to an original node and come from one, executable as the original makes them', async () => {
  const { central, folder, call, peer } = await scene();
  await writeFile(join(central.folder, 'here'), 'to the ship\n');
  const sent = await call('cp', join(central.folder, 'here'), `old:${join(folder, 'there')}`);
  assert.equal(sent.code, 0, sent.stdout + sent.stderr);
  assert.equal(await readFile(join(folder, 'there'), 'utf8'), 'to the ship\n');
  await writeFile(join(folder, 'remote'), 'from the ship\n');
  const got = await call('cp', `old:${join(folder, 'remote')}`, join(central.folder, 'got'));
  assert.equal(got.code, 0, got.stdout + got.stderr);
  assert.equal(await readFile(join(central.folder, 'got'), 'utf8'), 'from the ship\n');
  assert.equal((await stat(join(central.folder, 'got'))).mode & 0o777, 0o755);
  assert.deepEqual(peer.faults, []);
});
