import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChildProgram } from '../support/child-program.ts';
import { disposeAfter } from '../support/dispose-after.ts';
import { EMBEDDED_LISTENS, startEmbeddedBroker } from '../support/embedded-broker.ts';
import { stewardCommand } from '../support/node.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const SAID = 'CONNECT {"verbose":false}\r\n';

/** `steward broker` on a free port. */
async function start(t: TestContext, args: string[] = []): Promise<{ program: ChildProgram; port: number }> {
  const { path } = await tempFolder(t);
  const program = await startEmbeddedBroker(path, { port: 0, config: '', args });
  disposeAfter(t, { [Symbol.asyncDispose]: async () => void (await program.kill()) });
  const listening = await waitFor('the broker to listen', () => EMBEDDED_LISTENS.exec(program.stdout));
  return { program, port: Number(listening[1]) };
}

function signIn(user: string, pass = 'p'): string {
  return `CONNECT ${JSON.stringify({ verbose: false, user, pass })}\r\n`;
}

test('SIGTERM ends it once clients have got what waits for them', async (t) => {
  const { program, port } = await start(t);
  await using reader = await ProtocolClient.open({ port });
  await reader.send(`${SAID}SUB a 1\r\n`);
  await reader.settle();
  reader.pause();
  await using publisher = await ProtocolClient.open({ port });
  // More than the system keeps on the way, so that some of it waits in the broker.
  const frame = `PUB a 1000000\r\n${'x'.repeat(1_000_000)}\r\n`;
  await publisher.send(SAID + frame.repeat(16));
  await publisher.settle();
  program.signal('SIGTERM');
  await waitFor('the stop to begin', () => program.stderr.includes('"stopping"'));
  reader.resume();
  await reader.waitForEnd();
  assert.equal(reader.received.length, 'PONG\r\n'.length + 16 * (frame.length + ' 1'.length));
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  assert.equal(program.stdout, `listening on nats://127.0.0.1:${port}\n`);
});

test('SIGHUP reads the users again: new ones come in, lost ones are cut, and rights change at once', async (t) => {
  const file = join((await tempFolder(t)).path, 'users.json');
  const write = (users: object[]) => writeFile(file, JSON.stringify({ users }));
  const changing = (allow: string[]) => ({
    ...{ name: 'changing', password: 'p' },
    permissions: { publish: { allow }, subscribe: { allow } },
  });
  await write([{ name: 'staying', password: 'p' }, { name: 'leaving', password: 'p' }, changing(['a', 'b'])]);
  const { program, port } = await start(t, ['--users', file]);
  const open = async (user: string) => {
    const client = await ProtocolClient.open({ port });
    t.after(() => client[Symbol.asyncDispose]());
    await client.send(signIn(user));
    await client.settle();
    return client;
  };
  const [staying, leaving, changed] = await Promise.all([open('staying'), open('leaving'), open('changing')]);
  assert.equal((await open('coming')).received, "-ERR 'Authorization Violation'\r\n");
  await changed.send('SUB a 1\r\nSUB b 2\r\n');
  await changed.settle();

  await write([{ name: 'staying', password: 'p' }, changing(['b']), { name: 'coming', password: 'p' }]);
  program.signal('SIGHUP');
  await leaving.waitForEnd();
  assert.equal(leaving.received, "PONG\r\n-ERR 'Authorization Violation'\r\n");
  await changed.send('PUB a 0\r\n\r\nPUB b 1\r\nx\r\n');
  await changed.settle();
  assert.equal(
    changed.received,
    'PONG\r\nPONG\r\n-ERR \'Permissions Violation for Subscription to "a"\'\r\n' +
      '-ERR \'Permissions Violation for Publish to "a"\'\r\nMSG b 2 1\r\nx\r\nPONG\r\n',
  );
  assert.equal((await open('coming')).received, 'PONG\r\n');

  await writeFile(file, '{"users": [{"name": "oops"}]}');
  program.signal('SIGHUP');
  await waitFor('the refusal', () =>
    /the users stay as they were: .*\\"oops\\" has neither/.test(program.stderr),
  );
  await staying.settle();
  assert.equal(staying.received, 'PONG\r\nPONG\r\n');
});

test('a new password cuts those who came with the old one', async (t) => {
  const file = join((await tempFolder(t)).path, 'users.json');
  await writeFile(file, '{"users": [{"name": "me", "password": "p"}]}');
  const { program, port } = await start(t, ['--users', file]);
  await using client = await ProtocolClient.open({ port });
  await client.send(signIn('me'));
  await client.settle();
  await writeFile(file, '{"users": [{"name": "me", "password": "new"}]}');
  program.signal('SIGHUP');
  await client.waitForEnd();
  await using again = await ProtocolClient.open({ port });
  await again.send(signIn('me', 'new'));
  await again.settle();
  assert.equal(again.received, 'PONG\r\n');
});

test('a mistake in its options is told in one line, with exit code 1', async (t) => {
  const { port } = await start(t);
  const [command, ...args] = stewardCommand();
  const program = await ChildProgram.start({
    command: command!,
    args: [...args, 'broker', '--listen', `127.0.0.1:${port}`],
  });
  const { code } = await program.exited;
  const sentence = `another program listens on 127.0.0.1:${port}: choose another --listen`;
  assert.deepEqual([code, program.stderr], [1, `steward: ${sentence}\n`]);
});
