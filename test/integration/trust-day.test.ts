import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Message, newMessage } from '../../src/message/message.ts';
import { kindOf } from '../../src/message/subject.ts';
import { ClosedFleet } from '../support/closed-fleet.ts';
import { runSteward } from '../support/joining.ts';
import { waitFor } from '../support/wait-for.ts';

test("the operator's ordinary day goes on in a closed fleet", async (t) => {
  const fleet = await ClosedFleet.start(t, ['ship1']);
  const { central } = fleet;
  assert.match(await fleet.read('central', 'etc/config.toml'), /^Trust = "closed"$/m);
  assert.match(await fleet.read('ship1', 'etc/config.toml'), /^Trust = "closed"$/m);

  const exec = await fleet.run('central', 'exec', 'ship1', '--', 'echo', 'hello');
  assert.equal(exec.code, 0, exec.stderr);
  assert.match(exec.stdout, /hello/);
  const ping = await fleet.run('central', 'ping', 'ship1');
  assert.equal(ping.code, 0, ping.stderr);

  const there = join(fleet.folder('ship1'), 'there.txt');
  const back = join(fleet.folder('central'), 'back.txt');
  for (const content of ['small', 'large'.repeat(200_000)]) {
    await writeFile(join(fleet.folder('central'), 'here.txt'), content);
    const out = await fleet.run('central', 'cp', join(fleet.folder('central'), 'here.txt'), `ship1:${there}`);
    assert.equal(out.code, 0, out.stderr);
    const home = await fleet.run('central', 'cp', `ship1:${there}`, back);
    assert.equal(home.code, 0, home.stderr);
    assert.equal(await fleet.read('central', 'back.txt'), content);
  }

  const answer = await central.submit([
    {
      ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['bash', '-c', 'echo result'] },
      ...{ replyMethod: 'REQToFile', directory: 'results', fileName: 'one.txt' },
    },
    {
      ...{
        toNode: 'ship1',
        method: 'REQCliCommandCont',
        methodArgs: ['bash', '-c', 'seq 3'],
        methodTimeout: 5,
      },
      ...{ replyMethod: 'REQToFileAppend', directory: 'results', fileName: 'many.txt' },
    },
    {
      toNode: 'ship1',
      method: 'REQCliCommand',
      methodArgs: ['bash', '-c', 'exit 3'],
      replyMethod: 'REQNone',
    },
    {
      ...{ toNode: 'ship1', method: 'REQToFileAppend', data: ['for ship1'], directory: 'notes' },
      ...{ fileName: 'note.txt', replyMethod: 'REQNone' },
    },
  ]);
  assert.deepEqual(answer.refused, []);
  await waitFor('the results', async () => {
    const one = await fleet.read('central', 'data/results/ship1/one.txt');
    const many = await fleet.read('central', 'data/results/ship1/many.txt');
    return one === 'result\n' && many === '1\n2\n3\n';
  });
  await waitFor(
    'the note',
    async () => (await fleet.read('ship1', 'data/notes/ship1/note.txt')) === 'for ship1',
  );
  await waitFor('the error', async () => {
    const log = await fleet.read('central', 'data/errorLog/errorCentral/error.log');
    return log.includes('node: ship1, ');
  });
  await waitFor('the hello', async () =>
    (await fleet.read('central', 'data/hello-messages/ship1/hello.log')).includes('ship1'),
  );
  assert.doesNotMatch(
    await fleet.read('central', 'data/errorLog/errorCentral/error.log'),
    /not proved|may not/,
  );
  const missing = central.program
    .output()
    .split('\n')
    .filter((line) => /does not allow/.test(line));
  assert.deepEqual(missing, [], 'no permission is missing');
});

test('a node is known from its admission until it is forgotten, and what waited for it has ended then', async (t) => {
  const fleet = await ClosedFleet.start(t, ['ship1']);
  const { central } = fleet;
  const token = await central.token('--name', 'ship2');
  const words = ['join', central.address, token, '--folder', fleet.folder('ship2'), '--no-start'];
  assert.equal((await runSteward(words, central.root)).code, 0);
  const listed = async () => {
    const { stdout } = await fleet.run('central', 'nodes', '--json');
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  };
  assert.deepEqual(await listed(), ['central', 'ship1', 'ship2']);
  const asked = await fleet.run('central', 'exec', '--detach', 'ship*', '--', 'sleep', '60');
  assert.equal(asked.code, 0, asked.stderr);
  const states = async () => {
    const { stdout } = await fleet.run('central', 'status', '--limit', '10', '--since', '1h', '--json');
    const requests = JSON.parse(stdout) as { node: string; state: string; reason: string | null }[];
    return requests.map(({ node, state, reason }) => `${node} ${state} ${reason ?? ''}`.trim()).sort();
  };
  await waitFor('ship1 to run it', async () => (await states()).includes('ship1 running'));
  assert.equal(await central.forget('ship1'), 'ship1 is let in no more.\n');
  const forgotten = await central.forget('ship2');
  assert.equal(forgotten, 'ship2 is let in no more.\n1 message that waited for it ended as cancelled.\n');
  assert.deepEqual(await listed(), ['central']);
  assert.deepEqual(await states(), ['ship1 running', 'ship2 cancelled node forgotten']);
  const audit = (await fleet.read('central', 'var/lib/store.log')).trim().split('\n');
  const ended = audit.map((line) => JSON.parse(line) as Record<string, unknown>);
  const forgottenBy = ended.filter(({ reason }) => reason === 'node forgotten').map(({ endedBy }) => endedBy);
  assert.deepEqual(forgottenBy, [`local ${userInfo().username}`]);
  const unknown = await fleet.run('central', 'exec', 'ship2', '--', 'true');
  assert.match(unknown.stderr, /no node "?ship2"? is known/);
});

test('a ship that has used its share waits with the reason, and answers what it is asked all the same', async (t) => {
  // Two files, and the folder that they are in.
  const fleet = await ClosedFleet.start(t, ['ship1'], ['--', '-quotaFiles=3']);
  const appends = [1, 2, 3].map((number) => ({
    ...{ toNode: 'central', method: 'REQToFileAppend', data: [`${number}`] },
    ...{ directory: 'notes', fileName: `${number}.txt`, replyMethod: 'REQNone' },
  }));
  const file = join(fleet.folder('ship1'), 'appends.json');
  await writeFile(file, JSON.stringify(appends));
  assert.equal((await fleet.run('ship1', 'send', file)).code, 0);
  const [last] = await waitFor('the third to wait', async () => {
    const { stdout } = await fleet.run('ship1', 'status', '--node', 'central', '--json');
    const open = (JSON.parse(stdout) as { id: string; state: string }[]).filter(
      ({ state }) => state === 'queued' || state === 'sent',
    );
    return open.length === 1 && open;
  });
  await waitFor('the reason', async () => {
    const { stdout } = await fleet.run('ship1', 'why', last!.id);
    return /ship1 has used its share here, 3 new files and folders a day .*quotaFiles/.test(
      stdout.replaceAll(/\s+/g, ' '),
    );
  });
  assert.equal(await fleet.read('central', 'data/notes/ship1/2.txt'), '2');
  const answer = await fleet.central.submit(
    [4, 5].map((number) => ({
      ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['bash', '-c', `echo ${number}`] },
      ...{ replyMethod: 'REQToFile', directory: 'asked', fileName: `${number}.txt` },
    })),
  );
  assert.deepEqual(answer.refused, []);
  await waitFor(
    'what was asked for',
    async () => (await fleet.read('central', 'data/asked/ship1/5.txt')) === '5\n',
  );
  assert.equal(await fleet.read('central', 'data/notes/ship1/3.txt'), '');
});

test("with ship1's key nobody commands central or another ship, forges an end, or reads the fleet's keys", async (t) => {
  const fleet = await ClosedFleet.start(t, ['ship1', 'ship2']);
  const thief = await fleet.thief('ship1');
  const mark = join(fleet.folder('central'), 'mark');
  const open = await fleet.run('central', 'exec', '--detach', 'ship2', '--', 'sleep', '60');
  assert.equal(open.code, 0, open.stderr);
  const id = await waitFor('the request to run', async () => {
    const { stdout } = await fleet.run('central', 'status', '--node', 'ship2', '--json');
    const [request] = JSON.parse(stdout) as { id: string; state: string }[];
    return request?.state === 'running' && request.id;
  });
  const command = { method: 'REQCliCommand', methodArgs: ['touch', mark] };
  const keys = join(fleet.folder('central'), 'etc');
  const report = JSON.stringify([{ id, state: 'failed', exitCode: 1 }]);
  const attacks: Partial<Message>[] = [
    ...['central', 'ship2'].map((toNode) => ({ ...command, toNode })),
    { toNode: 'central', method: 'REQPing', replyMethod: 'REQCliCommand', replyMethodArgs: ['touch', mark] },
    {
      toNode: 'central',
      method: 'REQToSocket',
      methodArgs: [join(fleet.folder('central'), 'tmp/steward.sock')],
    },
    { toNode: 'central', method: 'REQOpProcessStart', methodArgs: ['REQCliCommand', 'CommandACK'] },
    { toNode: 'central', method: 'REQCopyFileFrom', methodArgs: [keys, 'ship1', mark] },
    { toNode: 'central', method: 'REQReport', data: [Buffer.from(report)] },
    { toNode: 'central', method: 'REQCancel', methodArgs: [id] },
  ];
  for (const attack of attacks) {
    for (const fromNode of ['ship1', 'ship2', 'central']) {
      const message = newMessage({ toNode: '', method: '', fromNode, ...attack });
      const plain = `${message.toNode}.${message.method}.${kindOf(message.method)}`;
      for (const subject of [plain, `${plain}.from.ship1`, `${plain}.from.${fromNode}`])
        thief.send({ message, subject, lane: `${fromNode}-${attacks.indexOf(attack)}/1/1` });
    }
  }
  await thief.connection.flush();
  for (const ship of ['ship1', 'ship2']) {
    const after = await fleet.run('central', 'exec', ship, '--', 'echo', 'mine');
    assert.deepEqual([after.code, after.stdout], [0, 'mine\n'], after.stderr);
  }
  assert.equal(existsSync(mark), false, 'nothing of it was run');
  const { stdout } = await fleet.run('central', 'status', id, '--json');
  assert.match(stdout, /"state": ?"running"/);
  assert.equal((await fleet.run('central', 'cancel', id)).code, 0);
});
