import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ApiClient } from '../../src/client/api-client.ts';
import { startBroker } from '../support/broker.ts';
import { ChildProgram } from '../support/child-program.ts';
import { callSteward } from '../support/cli-call.ts';
import { disposeAfter } from '../support/dispose-after.ts';
import { FAST_RECONNECT } from '../support/fleet.ts';
import { startStewardNode, stewardCommand } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const FLAGS = { ...FAST_RECONNECT, startPubREQHello: 1 };

const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const start = (name: string) => {
    const labels = `region=${name === 'ship1' ? 'north' : 'south'}`;
    return startStewardNode({ name, broker, flags: { ...FLAGS, labels } }, scope);
  };
  const central = await start('central');
  const [ship1, ship2, ship3] = await Promise.all(['ship1', 'ship2', 'ship3'].map(start));
  return { broker, central, ships: { ship1: ship1!, ship2: ship2!, ship3: ship3! } };
});

/** A broker, central and three ships that are there, and a way to run commands on them. */
async function startScene() {
  const { broker, central, ships } = await fleet();
  const socketPath = join(central.folder, 'tmp/stew.sock');
  const call = (...args: string[]) => callSteward(args, { socketPath });
  await waitFor('all to be there', async () => {
    const { stdout } = await call('nodes', '--json');
    const nodes = JSON.parse(stdout) as { name: string; presence: string }[];
    const here = nodes.filter(({ presence }) => presence === 'here').map(({ name }) => name);
    return ['central', ...Object.keys(ships)].every((name) => here.includes(name));
  });
  return { broker, central, ships, socketPath, call };
}

/** Starts the program itself, for what signals do to it. */
async function startProgram(
  t: TestContext,
  args: readonly string[],
  socketPath: string,
): Promise<ChildProgram> {
  const [command, ...first] = stewardCommand();
  const program = await ChildProgram.start({
    command: command!,
    args: [...first, ...args],
    env: { ...process.env, STEWARD_SOCKET: socketPath },
  });
  disposeAfter(t, { [Symbol.asyncDispose]: async () => void (await program.kill()) });
  return program;
}

/** A script that prints a numbered line every 20 ms on both streams. */
function counting(lines: number): string {
  return `for i in $(seq ${lines}); do echo "line $i"; echo "error $i" >&2; sleep 0.02; done`;
}

function numbered(word: string, lines: number): string {
  return Array.from({ length: lines }, (_, index) => `${word} ${index + 1}\n`).join('');
}

test('a command runs on every node that is there, and on one that is away when it is back', async () => {
  const { ships, call } = await startScene();
  await ships.ship3.kill();
  const run = await call('exec', 'ship*', '--', 'sh', '-c', 'echo $0 on $(pwd | wc -l)', 'it');
  assert.equal(run.code, 3);
  assert.deepEqual(run.stdout.split('\n').toSorted(), ['', '[ship1] it on 1', '[ship2] it on 1']);
  assert.match(run.stderr, /^3 nodes: 2 succeeded, 1 waiting in /);
  assert.match(run.stderr, /\nship3 +(queued|sent) .* away since /);
  const [, batch] = /steward exec --resume (\S+)/.exec(run.stderr)!;

  const dry = await call('exec', '*', '--dry-run');
  assert.match(
    dry.stdout,
    /\nship3 +away +\S+ \(.*\).* k?B.*\n3 nodes, 1 of them away; \* leaves out the central node; about [\d.]+ kB over the link and what it prints; nothing was run\n$/,
  );
  assert.match((await call('status', batch!.slice(0, 18))).stdout, /3 requests: 2 succeeded, 1 waiting\n/);

  const watching = call('watch', batch!);
  await ships.ship3.start();
  const watched = await watching;
  assert.deepEqual([watched.code, watched.stdout.split('\n').length], [0, 4], watched.stderr);
  assert.match(watched.stdout, /^\[ship3\] it on 1$/m);
  assert.match(watched.stderr, /^(steward: waiting for ship3, away .*\n)?3 requests: 3 succeeded in /);
  assert.match((await call('status')).stdout, /3 succeeded +exec 'ship\*' -- sh -c /);
});

test('scripts, variables, folders and templates come to the nodes, which tell commands who they are', async () => {
  const { central, call, socketPath } = await startScene();
  const script = join(central.folder, 'setup.sh');
  await writeFile(script, '#!/bin/sh\necho "$STEWARD_NODE $STEWARD_LABEL_REGION $TIER $1 $(pwd)"\n');
  const place = ['--env', 'TIER=a b', '--cwd', '/usr'];
  const run = await call('exec', 'ship1', 'ship2', '--script', script, ...place, '--', 'x  y');
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(run.stdout.split('\n').toSorted(), [
    '',
    '[ship1] ship1 north a b x  y /usr',
    '[ship2] ship2 south a b x  y /usr',
  ]);
  const listed = JSON.parse((await call('status', '--json', '--node', 'ship1')).stdout);
  assert.match(listed[0].what, /^env TIER=a b \/bin\/sh \{\{STEWARD_DATA_FILE\}\} x y$/);

  const template = ['exec', 'ship1', 'ship2', '--template', '--fold', '--', 'echo', '{{label.region}}'];
  const folded = await call(...template);
  assert.match(
    folded.stdout,
    /^ship1 said, exit code 0:\nnorth\nship2 said, exit code 0: \(diff\)\n-north\n\+south\n$/,
  );
  const [{ id }] = JSON.parse((await call('status', '--json')).stdout).batches;
  await using api = new ApiClient({ socketPath });
  const groups = await api.batchAnswers(id);
  const answers = groups.map(({ nodes, end, stdout }) => [...nodes, end, stdout].join(' ')).toSorted();
  assert.deepEqual(answers, ['ship1 exit code 0 north\n', 'ship2 exit code 0 south\n']);
  const missing = await call('exec', 'ship1', '--cwd', '/no/such', '--', 'true');
  assert.deepEqual([missing.code, /\/no\/such/.test(missing.stderr)], [2, true]);
});

test('targets are names, patterns, labels and groups, and who does not exist is told with exit code 4', async () => {
  const { central, call } = await startScene();
  await writeFile(join(central.folder, 'etc/groups.toml'), 'dock = ["ship2", "ship3"]\n');
  const named = async (...targets: string[]) => {
    const { stdout } = await call('exec', ...targets, '--dry-run', '--json');
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  };
  assert.deepEqual(await named('ship*'), ['ship1', 'ship2', 'ship3']);
  assert.deepEqual(await named('ship* and not @dock'), ['ship1']);
  assert.deepEqual(
    await named('region=south and os=linux', 'ship1'),
    ['ship1', 'ship2', 'ship3', 'central'].toSorted(),
  );
  assert.deepEqual(await named('@dock', '--limit', '50%'), ['ship2']);
  const unknown = await call('exec', 'shp1', '--', 'true');
  assert.deepEqual([unknown.code, unknown.stdout], [4, '']);
  assert.match(unknown.stderr, /no node "shp1" is known; did you mean ship1\? \(--new takes names/);
  const wrong = await call('exec', 'ship* and', '--', 'true');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /the target "ship\* and" cannot be read at its end/);
  await writeFile(join(central.folder, 'etc/groups.toml'), 'a = "ship1"\ndock = 5\n');
  const bad = await call('exec', '@dock', '--', 'true');
  assert.deepEqual([bad.code, /groups\.toml:2: a group is a target/.test(bad.stderr)], [1, true]);
  const added = await call('exec', 'boat9', '--new', '--', 'true');
  assert.deepEqual(
    [added.code, /boat9: (queued|sent): never heard of/.test(added.stderr)],
    [3, true],
    added.stderr,
  );
});

test('any bytes go in and come out as they are, also many, and those of several nodes stay whole lines', async () => {
  const { socketPath, ships, call } = await startScene();
  const data = randomBytes(300_000);
  const digest = createHash('sha256').update(data).digest('hex');
  const sum = await callSteward(['exec', 'ship1', '--stdin', '--', 'sha256sum'], { socketPath, stdin: data });
  assert.equal(sum.stdout, `${digest}  -\n`);
  const content = randomBytes(3_000_000);
  const path = join(ships.ship1.folder, 'content');
  await writeFile(path, content);
  const logs = join(ships.ship1.folder, 'logs');
  const cat = await call('exec', 'ship1', '--log-dir', logs, '--json', '--', 'cat', path);
  assert.equal(cat.code, 0);
  assert.ok((await readFile(join(logs, 'ship1.log'))).equals(content), 'the file has all bytes');
  const [node] = (JSON.parse(cat.stdout) as { nodes: { stdout: { base64: string } }[] }).nodes;
  assert.ok(Buffer.from(node!.stdout.base64, 'base64').equals(content));
  const lines = await call('exec', 'ship1', 'ship2', '--', 'seq', '5000');
  for (const name of ['ship1', 'ship2']) {
    const own = lines.stdout.split('\n').filter((line) => line.startsWith(`[${name}] `));
    assert.deepEqual(
      own,
      Array.from({ length: 5000 }, (_, index) => `[${name}] ${index + 1}`),
    );
  }
});

test('data that are too large for a request come to each node as a file, which goes, and the command runs once', async () => {
  const { socketPath, ships } = await startScene();
  const spooled = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('steward-stdin-'));
  const before = await spooled();
  const ran = join(ships.ship1.folder, 'ran-with-data');
  const data = randomBytes(34_000_000);
  const digest = createHash('sha256').update(data).digest('hex');
  const script = 'sha256sum; echo >> "$1"';
  const args = ['exec', 'ship1', 'ship2', '--stdin', '--cwd', '/', '--', 'sh', '-c', script, 'sh', ran];
  const end = await callSteward(args, { socketPath, stdin: data });
  assert.equal(end.code, 0, end.stderr);
  assert.equal(end.stdout.split(`${digest}  -`).length, 3, end.stdout);
  assert.equal((await readFile(ran)).length, 2);
  assert.deepEqual(await spooled(), before);
  const large = { socketPath, stdin: data };
  for (const [option, ...more] of [['--detach'], ['--at', '10m'], ['--batch', '1']]) {
    const refused = await callSteward(['exec', 'ship1', '--stdin', option!, ...more, '--', 'wc'], large);
    assert.match(refused.stderr, /--stdin above 32 MB .* bring it there with steward cp first/);
  }
});

test('how a command ended is told, with the last line that it printed as an error', async () => {
  const { ships, call } = await startScene();
  const failed = await call('exec', 'ship1', 'ship2', '--shell', 'echo first >&2; echo last >&2; exit 3');
  assert.equal(failed.code, 2);
  assert.match(failed.stderr, /^2 nodes: 2 failed in .*\nNODE .*\nship1 +failed +3 +\S+ m?s +last$/m);
  const slow = await call('exec', 'ship1', '-t', '1s', '--', 'sleep', '30');
  assert.deepEqual([slow.code, /^steward: ship1: timed-out: /.test(slow.stderr)], [2, true], slow.stderr);
  const missing = await call('exec', 'ship1', '--', 'no-such-program');
  assert.match(missing.stderr, /ship1: failed: exec: "no-such-program": executable file not found/);
  await ships.ship2.kill();
  const late = await call('exec', 'ship2', '--expires-in', '1s', '--wait', '30s', '--', 'true');
  assert.deepEqual([late.code, /^steward: ship2: expired: /.test(late.stderr)], [3, true], late.stderr);
});

test('an original node, which tells nothing of ends, does not keep exec from ending', async (t) => {
  const { broker, call } = await startScene();
  const peer = await startReferencePeer({ node: 'old', broker }, t);
  const { code, stderr } = await call('exec', 'old', '--new', '--', 'echo', 'hello');
  assert.deepEqual([code, /^steward: old: handed-over: /.test(stderr)], [3, true], stderr);
  assert.deepEqual(
    peer.received.map(({ message }) => message.methodArgs),
    [['echo', 'hello']],
  );
});

test('a command for later is on its node before exec ends, and runs there at its time', async () => {
  const { central, ships, call } = await startScene();
  const script = 'echo ran; date > ran-at';
  const { code, stdout } = await call('exec', 'ship1', '--at', '3s', '--json', '--shell', script);
  const { batch, counts } = JSON.parse(stdout);
  assert.deepEqual([code, counts.running], [0, 1]);
  assert.equal(existsSync(join(ships.ship1.folder, 'ran-at')), false);
  assert.equal((await call('watch', batch)).code, 0);
  assert.equal(await central.waitForFile(`exec/ship1/${batch}.log`), 'ran\n');
  assert.match((await call('status', batch)).stdout, /succeeded .* 1 run, 0 failed, 0 skipped/);
});

test('a node that dies while it runs the command is a failure once it tells so', async () => {
  const { ships, call } = await startScene();
  const running = call('exec', 'ship1', '--wait', '60s', '--shell', 'touch begun; exec sleep 60');
  await waitFor('the command to begin', () => existsSync(join(ships.ship1.folder, 'begun')));
  await ships.ship1.kill();
  await ships.ship1.start();
  const { code, stderr } = await running;
  assert.deepEqual([code, /^steward: ship1: interrupted: /m.test(stderr)], [2, true], stderr);
});

test('when central is killed meanwhile, the run goes on, and each byte is printed once', async (t) => {
  const { central, socketPath } = await startScene();
  const lines = 300;
  const program = await startProgram(t, ['exec', 'ship1', '--shell', counting(lines)], socketPath);
  await waitFor('some lines', () => program.stdout.includes('line 50\n'));
  await central.kill();
  await central.start();
  assert.deepEqual(await program.exited, { code: 0, signal: null }, program.stderr);
  assert.equal(program.stdout, numbered('line', lines));
  const own = program.stderr.match(/^steward: .*\n/gm) ?? [];
  assert.match(own.join(''), /trying again\n.*\n?steward: the node answers again\n$/s);
  assert.equal(program.stderr.replace(/^steward: .*\n/gm, ''), numbered('error', lines));
});

test('Ctrl-C leaves the command alone and says how to pick it up, which gives all of its output', async (t) => {
  const { socketPath, call } = await startScene();
  const lines = 150;
  const program = await startProgram(t, ['exec', 'ship1', '--shell', counting(lines)], socketPath);
  await waitFor('some lines', () => program.stdout.includes('line 20\n'));
  program.signal('SIGINT');
  assert.deepEqual(await program.exited, { code: 3, signal: null });
  const [, batch] = /pick it up again: steward exec --resume (\S+)/.exec(program.stderr)!;
  const resumed = await call('exec', '--resume', batch!);
  assert.deepEqual([resumed.code, resumed.stdout], [0, numbered('line', lines)]);
  assert.equal(resumed.stderr, numbered('error', lines));
});

test('a run in batches goes on though its command and central are killed, and no node runs it twice', async (t) => {
  const { central, ships, socketPath, call } = await startScene();
  const script = 'echo run >> runs; echo done; sleep 0.5';
  const program = await startProgram(t, ['exec', 'ship*', '--batch', '1', '--shell', script], socketPath);
  await waitFor('the first node', () => program.stdout.includes('done\n'));
  await program.kill();
  await central.kill();
  await central.start();
  const [batch] = JSON.parse((await call('status', '--json')).stdout).batches;
  const resumed = await call('exec', '--resume', batch.id);
  // What had ended before central was back is told at once, in the order in which that is read.
  const lines = resumed.stdout.split('\n').toSorted();
  assert.deepEqual([resumed.code, lines], [0, ['', '[ship1] done', '[ship2] done', '[ship3] done']]);
  for (const ship of Object.values(ships))
    assert.equal(await readFile(join(ship.folder, 'runs'), 'utf8'), 'run\n', ship.name);
});

test('a canary that fails keeps the command from all others', async () => {
  const { ships, call } = await startScene();
  const script = 'echo run >> canary-runs; exit 1';
  const { code, stderr } = await call('exec', 'ship*', '--canary', '1', '--shell', script);
  assert.equal(code, 2);
  assert.match(stderr, /^stopped: a canary failed\n3 nodes: 1 failed, 2 not-sent in /);
  const ran = Object.values(ships).filter(({ folder }) => existsSync(join(folder, 'canary-runs')));
  assert.deepEqual(
    ran.map(({ name }) => name),
    ['ship1'],
  );
});
