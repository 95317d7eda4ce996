import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { publicKeyOfFile } from '../../src/security/key-files.ts';
import { startBroker } from '../support/broker.ts';
import { withoutPort } from '../support/broker-examples.ts';
import type { ChildProgram } from '../support/child-program.ts';
import { callSteward } from '../support/cli-call.ts';
import { disposeAfter } from '../support/dispose-after.ts';
import { runSteward, startSteward, UpCentral } from '../support/joining.ts';
import { RESULT, relayed } from '../support/relay-fleet.ts';
import { shared } from '../support/shared.ts';
import { submitTo } from '../support/submit.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';

/** For tests that let machines in, each under names of its own. */
const joined = shared(async (scope) => ({ central: await UpCentral.start(scope, ['--no-invite']) }));

/** Joins, or runs again what has joined, and waits until the node takes requests. */
async function joinAndRun(t: TestContext, central: UpCentral, ship: string, words: readonly string[] = []) {
  const program = disposeAfter(
    t,
    ending(await startSteward(['join', '--folder', ship, ...words], central.root)),
  );
  await waitFor(
    `${ship} to start`,
    () => {
      return program.exit !== undefined || program.stderr.includes('"taking requests"');
    },
    { timeoutMs: 20_000 },
  );
  assert.equal(program.exit, undefined, program.output());
  return program;
}

function ending(program: ChildProgram): ChildProgram & AsyncDisposable {
  return Object.assign(program, { [Symbol.asyncDispose]: async () => void (await program.kill()) });
}

async function stop(program: ChildProgram): Promise<void> {
  program.signal('SIGTERM');
  assert.equal((await program.exited).code, 0, program.output());
}

function resultOf(central: UpCentral, ship: string): string {
  return join(central.folder, `data/out/${ship}/f`);
}

async function runOn(central: UpCentral, ships: readonly string[], text: string): Promise<void> {
  const messages = ships.map((toNode) => ({
    ...{ toNode, method: 'REQCliCommand', methodArgs: ['echo', text] },
    ...{ replyMethod: 'REQToFile', directory: 'out', fileName: 'f', ACKTimeout: 1 },
  }));
  assert.deepEqual((await central.submit(messages)).refused, []);
  for (const ship of ships)
    await waitForFile(resultOf(central, ship), (found) => found === `${text}\n`, { timeoutMs: 20_000 });
}

/** For what a command refuses, typed in the folder of the fleet: within this process, as none of it starts a node. */
function failing(t: TestContext, central: UpCentral, command: string) {
  const before = process.cwd();
  process.chdir(central.root);
  t.after(() => process.chdir(before));
  return async (words: readonly string[], sentence: RegExp): Promise<void> => {
    const { code, stderr, stdout } = await callSteward([command, ...words]);
    assert.deepEqual([code, stdout], [1, ''], stderr);
    assert.match(stderr.trim().split('\n').at(-1)!, sentence);
  };
}

test('a fleet is up in three lines, runs commands, and is the same after all of it was started again', async (t) => {
  const central = await UpCentral.start(t);
  const line = /steward join (\S+) (\S+)/.exec(central.program.stdout)!;
  assert.equal(line[1], central.address);
  const one = await joinAndRun(t, central, 'one', [line[1]!, line[2]!, '--name', 'ship1']);
  const two = await joinAndRun(t, central, 'two', [central.address, await central.token('--name', 'ship2')]);
  await runOn(central, ['ship1', 'ship2'], 'hello');
  for (const program of [one, two, central.program]) await stop(program);
  await central.start();
  // The same line again runs what has joined; so does join without an address.
  await joinAndRun(t, central, 'one', [line[1]!, line[2]!, '--name', 'ship1']);
  await joinAndRun(t, central, 'two');
  await runOn(central, ['ship1', 'ship2'], 'hello again');
  const { stdout } = await runSteward(
    ['invite', '--list', '--folder', central.folder, '--json'],
    central.root,
  );
  assert.deepEqual(
    JSON.parse(stdout).nodes.map(({ name }: { name: string }) => name),
    ['ship1', 'ship2'],
  );
});

test('all that is secret is readable for its owner alone, and no private key leaves its machine', async (t) => {
  const central = await UpCentral.start(t);
  const token = await central.token('--name', 'ship1');
  await joinAndRun(t, central, 'ship', [central.address, token]);
  const files = async (folder: string) => {
    const all = await readdir(folder, { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  const ship = join(central.root, 'ship');
  for (const folder of [central.folder, ship]) {
    for (const file of await files(join(folder, 'etc')))
      assert.equal((await stat(file)).mode & 0o077, 0, file);
    assert.equal((await stat(join(folder, 'etc'))).mode & 0o077, 0, folder);
  }
  const seed = (await readFile(join(ship, 'etc/node.nk'), 'utf8')).trim();
  for (const file of await files(central.folder)) {
    // The node goes on meanwhile: what it writes beside a file takes that file's place.
    const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && file.endsWith('.part')) return '';
      throw error;
    });
    assert.ok(!text.includes(seed), file);
  }
  for (const text of [central.program.output()]) assert.ok(!text.includes(seed));
  const kept = (await central.kept()).nodes;
  assert.deepEqual(
    kept.map(({ key }) => key),
    [await publicKeyOfFile(join(ship, 'etc/node.nk'))],
  );
});

test('a machine that dies at any moment of joining is let in by the same line', async (t) => {
  const { central } = await joined();
  const before = (await central.kept()).nodes.length;
  const moments = ['etc/node.nk', 'etc/broker-ca.pem', 'etc/config.toml', 'etc/joined.json'];
  for (const [index, moment] of moments.entries()) {
    const [folder, words] = [
      `dying${index}`,
      [central.address, await central.token(), '--name', `dying${index}`],
    ];
    const args = ['join', ...words, '--folder', folder, '--no-start'];
    const program = ending(await startSteward(args, central.root));
    await waitFor(moment, () => stat(join(central.root, folder, moment)), { intervalMs: 1 });
    await program.kill();
    const key = await publicKeyOfFile(join(central.root, folder, 'etc/node.nk'));
    const again = await runSteward(args, central.root);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await publicKeyOfFile(join(central.root, folder, 'etc/node.nk')), key, 'its key stays');
  }
  assert.equal((await central.kept()).nodes.length, before + moments.length);
  await joinAndRun(t, central, 'dying0');
  await runOn(central, ['dying0'], 'alive');
});

test('a central node that dies in mid-joining lets in each machine once, after it is back', async (t) => {
  const central = await UpCentral.start(t, ['--no-invite']);
  for (let round = 0; round < 4; round++) {
    const folder = `ship${round}`;
    const token = await central.token();
    const args = ['join', central.address, token, '--folder', folder, '--no-start', '--name', folder];
    const program = ending(await startSteward(args, central.root));
    // Before the request, or about when the state is written, which the next start has to make good.
    const isEarly = round % 2 === 0;
    await waitFor(
      'the moment',
      async () =>
        isEarly ? program.stderr.includes('Joining as') : (await central.kept()).nodes.length > round,
      { intervalMs: 1 },
    );
    await central.kill();
    await central.start();
    const { code } = await program.exited;
    assert.equal(code, 0, program.output());
    const other = await central.ask(token, 'other').catch((error: Error) => error.message);
    assert.equal(typeof other === 'string' ? other : other.verdict, 'used');
  }
  const { nodes } = await central.kept();
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['ship0', 'ship1', 'ship2', 'ship3'],
  );
});

test('a machine is replaced by a token that was made for that', async (t) => {
  const { central } = await joined();
  const first = [central.address, await central.token('--name', 'relieved')];
  const old = await joinAndRun(t, central, 'old', [...first, '--', '-natsConnectRetryInterval=1']);
  const refused = await runSteward(
    ['invite', '--name', 'relieved', '--folder', central.folder],
    central.root,
  );
  assert.match(refused.stderr, /^steward: relieved has joined already: steward forget relieved/);
  const token = await central.token('--name', 'relieved', '--replace');
  const words = ['join', central.address, token, '--folder', 'new', '--no-start'];
  assert.equal((await runSteward(words, central.root)).code, 0);
  await waitFor('the old one to be cut off', () => /refuses the nkey/.test(old.stderr), {
    timeoutMs: 20_000,
  });
  await stop(old);
  await joinAndRun(t, central, 'new');
  await runOn(central, ['relieved'], 'from the new one');
});

test('a relay that is given to up works for nodes that joined, also those that join later', async (t) => {
  const central = await UpCentral.start(t, ['--relay', 'ship1:central:ship2']);
  assert.doesNotMatch(
    central.program.output(),
    /"level":"(warn|error)"/,
    'a new fleet has nothing to warn of',
  );
  const words = async (name: string) => [central.address, await central.token('--name', name)];
  await joinAndRun(t, central, 'one', await words('ship1'));
  await joinAndRun(t, central, 'two', await words('ship2'));
  const socket = join(central.root, 'one/tmp/steward.sock');
  assert.deepEqual((await submitTo(socket, [relayed('echo over')])).refused, []);
  await waitForFile(join(central.root, 'one/data', RESULT), (text) => text === 'over\n', {
    timeoutMs: 30_000,
  });

  const ask = (...line: string[]) => callSteward([...line, '--folder', join(central.root, 'one')]);
  const { accepted } = await submitTo(socket, [relayed('sleep 60', { methodTimeout: 60 })]);
  const [{ id }] = accepted as [{ id: string }];
  const isNow = (state: string) => async () => (await ask('status', id)).stdout.includes(state);
  await waitFor('it to run', isNow('running on'));
  assert.equal((await ask('cancel', id)).code, 0);
  await waitFor('central to have it ended', isNow('cancelled'), { timeoutMs: 20_000 });
});

test('what join cannot do is said in a sentence', async (t) => {
  const { central } = await joined();
  const token = await central.token();
  const fails = failing(t, central, 'join');
  await fails([], /steward: \S+\/steward has joined no fleet yet: give the line that steward invite prints/);
  await fails([central.address], /join needs a token behind the address/);
  await fails([central.address, 'abc'], /this is not a whole token/);
  await fails([central.address, `${token}x`], /this is not a whole token/);
  await fails(['a:b:c', token, '--name', 'a'], /"a:b:c" is no address: write it as host:port/);
  await fails(
    [central.address, token, '--name', 'a*'],
    /--name "a\*" is no name for a node: it contains "\*"/,
  );
  await fails(
    [central.address, token, '--name', 'a', '--', '-nodeName=b'],
    /NodeName cannot be given to join/,
  );
  await fails([central.address, token, '--folder', 'central'], /central is the folder of a central node/);
  const closed = ['127.0.0.1:1', token, '--name', 'ship1', '--timeout', '1'];
  await fails(closed, /the broker at 127\.0\.0\.1:1 cannot be used: connect ECONNREFUSED/);
  await fails(
    [central.address, token, '--name', 'central'],
    /not let in: central is the central node's own name/,
  );
  const line = ['join', central.address, token, '--name', 'ship1', '--folder', 's', '--no-start'];
  const first = await callSteward(line);
  assert.equal(first.code, 0, first.stderr);
  await fails(
    [central.address, token, '--name', 'ship2', '--folder', 't'],
    /not let in: this token was used at \S+, for the node ship1/,
  );
  await fails(
    [central.address, await central.token(), '--folder', 's'],
    /s has joined as ship1 \(127\.0\.0\.1:\d+\) already/,
  );
  await rm(join(central.root, 's/etc/joined.json'));
  const again = await callSteward(line);
  assert.equal(again.code, 0, 'a record that was lost is made again');
});

test('up keeps to its folder, and changes of config.toml stay', async (t) => {
  const central = await UpCentral.start(t, ['--no-invite']);
  await stop(central.program);
  const config = join(central.folder, 'etc/config.toml');
  const text = await readFile(config, 'utf8');
  assert.match(text, /^FileMode = "private"$/m);
  await writeFile(
    config,
    text.replace(/^LogLevel = .*$/m, 'LogLevel = "debug"').replace(/^Labels = .*$/m, 'Labels = "a=b"'),
  );
  await central.start();
  await stop(central.program);
  assert.match(await readFile(config, 'utf8'), /^Labels = "a=b"$/m);
  const fails = failing(t, central, 'up');
  await fails(
    ['--folder', 'central', '--name', 'other'],
    /is the folder of the central node central: give another --folder, or --name central/,
  );
  await fails(['--broker', '127.0.0.1:1', '--listen', ':4222'], /--broker goes without --listen/);
  await fails(['--listen', 'here'], /"here" is no address/);
  await fails(['--name', 'a..b', '--folder', 'x'], /--name "a\.\.b" is no name for a node/);
  await mkdir(join(central.root, 'ship/etc'), { recursive: true });
  await writeFile(
    join(central.root, 'ship/etc/config.toml'),
    'NodeName = "ship1"\nCentralNodeName = "central"\n',
  );
  await fails(['--folder', 'ship'], /ship is the folder of the node ship1/);
  const { stderr } = await callSteward(['invite', '--folder', 'ship']);
  assert.match(stderr, /ship is no central node with a broker of its own/);
});

test('with another broker up says what its operator has to do, and that works', async (t) => {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  const up = () => startSteward(['up', '--broker', broker.url, '--folder', 'c'], path);
  const central = disposeAfter(t, ending(await up()));
  await waitFor('what to do', () => central.stdout.includes('KEY is what the first line prints'), {
    timeoutMs: 20_000,
  });
  const made = await runSteward(['keys', 'make', '--name', 'ship1'], path);
  const words = /steward (broker-config .*) --node ship1=KEY/.exec(central.stdout)![1]!.split(' ');
  const config = await runSteward([...words, '--node', made.stdout.trim()], path);
  assert.equal(config.code, 0, config.stderr);
  await broker.restart({ config: withoutPort(config.stdout) });
  const line = /steward (-nodeName=ship1 .*)/.exec(central.stdout)![1]!.split(' ');
  const ship = disposeAfter(
    t,
    ending(await startSteward([...line, '-configFolder=s', '-startPubREQHello=1'], path)),
  );
  await waitFor('ship1', () => ship.stderr.includes('"taking requests"'), { timeoutMs: 20_000 });
  await waitForFile(join(path, 'c/data/hello-messages/ship1/hello.log'), undefined, { timeoutMs: 20_000 });
});

test('a machine joins as a service, with its files where those of services are', async () => {
  const { central } = await joined();
  const root = join(central.root, 'image');
  const words = [
    'join',
    central.address,
    await central.token(),
    '--name',
    'served',
    '--service',
    '--root',
    root,
  ];
  const { code, stdout, stderr } = await runSteward(words, central.root);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /write \/etc\/systemd\/system\/steward\.service: done/);
  const config = await readFile(join(root, 'etc/steward/config.toml'), 'utf8');
  for (const line of [
    'NodeName = "served"',
    'NkeySeedFile = "/etc/steward/node.nk"',
    'RootCAPath = "/etc/steward/broker-ca.pem"',
    'DatabaseFolder = "/var/lib/steward"',
    'FileMode = "private"',
  ])
    assert.ok(config.includes(line), line);
  assert.equal((await stat(join(root, 'etc/steward/node.nk'))).mode & 0o777, 0o600);
  const again = await runSteward(words, central.root);
  assert.equal(again.code, 0, again.stderr);
  const refused = await runSteward(['join', '--service', '--folder', 'x'], central.root);
  assert.match(refused.stderr, /--service has its files in \/etc\/steward/);
});
