import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageToJson } from '../../src/message/input/message-json.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { type ReferencePeer, startReferencePeer } from '../support/reference-peer.ts';
import { vectors } from '../support/vectors.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

const METHODS = ['REQToFileAppend', 'REQToFile', 'REQPong', 'REQCliCommand'];
const PLACE = { directory: 'd', fileName: 'f', ackTimeout: 2, retries: 3, methodTimeout: 5 };

function request(method: string, args: string[] | null, more: Partial<Message> = {}): Message {
  return newMessage({ toNode: 'ship1', fromNode: 'central', method, methodArgs: args, ...PLACE, ...more });
}

function replyText(peer: ReferencePeer, index: number, method = 'REQToFileAppend'): Promise<string> {
  return waitFor(`reply ${index}`, () => {
    const reply = peer.messages(method)[index];
    return reply && { text: Buffer.concat(reply.data ?? []).toString() };
  }).then(({ text }) => text);
}

for (const serialization of ['gob', 'cbor'] as const) {
  for (const compression of ['', 'z', 'g'] as const) {
    test(`a reference node's commands run once each and are answered in its form, ${serialization}, compression "${compression}"`, async (t) => {
      const broker = await startBroker(t);
      const ship = await startStewardNode({ name: 'ship1', broker }, t);
      // A reference node that asks too early asks twice, and a second attempt is a second run.
      await waitFor('requests to be taken', () =>
        ship.logLines().some(({ msg }) => msg === 'taking requests'),
      );
      const encoding = { serialization, compression };
      const central = await startReferencePeer({ node: 'central', broker, methods: METHODS, ...encoding }, t);
      for (let count = 1; count <= 3; count++) {
        const command = request('REQCliCommand', ['bash', '-c', 'echo run >> runs; wc -l < runs']);
        const { answer, attempts } = await central.publish(command, { ackTimeoutMs: 60_000 });
        assert.deepEqual({ answer, attempts }, { answer: 'confirmed from: ship1: 0', attempts: 1 });
        assert.equal((await replyText(central, count - 1)).trim(), String(count));
      }
      assert.equal(await readFile(join(ship.folder, 'runs'), 'utf8'), 'run\n'.repeat(3));
      await central.publish(request('REQToFile', null, { data: [Buffer.from('æ\n'), Buffer.from('ø\n')] }));
      assert.equal(await ship.file('d/ship1/f'), 'æ\nø\n');
      for (let line = 0; line < 50; line++) {
        void central.publish(
          request('REQToFileAppend', null, { data: [Buffer.from(`${line}\n`)], fileName: 'lines' }),
          // A disk that is busy with other tests must not look like a lost answer.
          { ackTimeoutMs: 60_000 },
        );
      }
      const wanted = Array.from({ length: 50 }, (_, line) => `${line}\n`).join('');
      await ship.waitForFile('d/ship1/lines', (text) => text === wanted);
      assert.deepEqual(central.faults, []);
    });
  }
}

test("a time-out or a crash ends only its own command of a reference node, not the node's other commands or their daemons", async (t) => {
  const broker = await startBroker(t);
  const ship = await startStewardNode({ name: 'ship1', broker }, t);
  await waitFor('requests to be taken', () => ship.logLines().some(({ msg }) => msg === 'taking requests'));
  const central = await startReferencePeer({ node: 'central', broker, methods: METHODS }, t);
  const run = (script: string, methodTimeout: number) =>
    central.publish(request('REQCliCommand', ['bash', '-c', script], { methodTimeout }), {
      ackTimeoutMs: 60_000,
    });
  const pidIn = async (file: string) =>
    Number(await waitForFile(join(ship.folder, file), (text) => text !== ''));
  await run('setsid sleep 301 >/dev/null 2>&1 & echo $! > daemon', 20);
  const daemon = await pidIn('daemon');
  t.after(() => process.kill(daemon, 'SIGKILL'));
  await run('echo $$ > long; exec sleep 302', 60);
  const long = await pidIn('long');
  await run('echo $$ > short; exec sleep 303', 1);
  const short = await pidIn('short');
  await waitFor('the short one to end', () => !isRunning(short));
  await waitFor(
    'its end to be in the journal',
    () => ship.query(`SELECT 1 FROM journal WHERE state = 'timed-out'`).length > 0 || undefined,
  );
  assert.deepEqual([isRunning(daemon), isRunning(long)], [true, true]);
  await ship.kill();
  await ship.start();
  await waitFor('the long one to end', () => !isRunning(long));
  assert.equal(isRunning(daemon), true);
  const ids = ship.query('SELECT id FROM journal').map(({ id }) => String(id));
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the answer to a reference node comes on the subject that it waits on', async (t) => {
  const broker = await startBroker(t);
  await startStewardNode({ name: 'ship1', broker }, t);
  const client = await startWireClient(broker, t);
  const subject = 'ship1.REQCliCommand.CommandACK';
  const answers = await client.gather(`${subject}.reply`);
  client.send({ message: request('REQCliCommand', ['true']), reply: `${subject}.reply` });
  await waitFor('an answer', () => answers.length > 0);
  assert.equal(Buffer.from(answers[0]!.payload).toString(), 'confirmed from: ship1: 0');
});

test('replies look as those of captured reference nodes', async (t) => {
  const broker = await startBroker(t);
  const pairs = capturedReplies();
  assert.ok(pairs.length >= 3);
  await startStewardNode({ name: 'ship1', broker, flags: { serialization: 'cbor' } }, t);
  const client = await startWireClient(broker, t);
  const replies = await startReferencePeer({ node: 'central', broker, methods: METHODS }, t);
  for (const { request: asked, reply } of pairs) {
    const before = replies.received.length;
    client.send({ payload: asked.payload, subject: asked.subject, headers: { serial: asked.serial } });
    const got = await waitFor(`the reply to ${asked.message.methodArgs}`, () => replies.received[before]);
    const { toNodes: _, ...json } = JSON.parse(JSON.stringify(messageToJson(got.message)));
    const { toNodes: __, ...previous } = json.PreviousMessage;
    assert.deepEqual({ ...json, PreviousMessage: previous }, reply.message);
  }
});

test('ping, pong and hello of a reference node are noted in its words', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker }, t);
  const ship = await startReferencePeer({ node: 'ship1', broker, methods: METHODS }, t);
  const fields = { toNode: 'central', fromNode: 'ship1' };
  const ping = request('REQPing', null, { ...fields, replyMethod: 'REQPong', directory: 'ping' });
  assert.equal((await ship.publish(ping)).answer, 'confirmed from: central: 0');
  const date = '\\w{3} \\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}';
  assert.match(await node.waitForFile('ping/central/f'), new RegExp(`^${date}, ping received from ship1\n$`));
  const pong = await ship.waitFor('a pong', ({ message }) => message.method === 'REQPong');
  assert.equal(pong.message.previousMessage?.method, 'REQPing');
  const hello = { ...fields, data: [Buffer.from('Hello from ship1\n')], directory: 'hello-messages' };
  await ship.publish(request('REQHello', null, { ...hello, fileName: 'hello.log' }));
  assert.match(
    await node.waitForFile('hello-messages/ship1/hello.log'),
    new RegExp(`^${date}, Received hello from "ship1"\n$`),
  );
});

test('a reference node lists, stops and starts our processes, with three and with four arguments', async (t) => {
  const broker = await startBroker(t);
  await startStewardNode({ name: 'ship1', broker }, t);
  const central = await startReferencePeer({ node: 'central', broker, methods: METHODS }, t);
  await central.publish(request('REQOpProcessList', null));
  const list = await replyText(central, 0);
  for (const line of list.trimEnd().split('\n'))
    assert.match(line, /^\w{3} .{20}, process: \w+, id: \d+, name: \S+$/);
  const id = /id: (\d+), name: ship1\.REQToFile\.EventACK/.exec(list)![1]!;
  await central.publish(request('REQOpProcessStop', ['REQToFile', 'ship1', 'subscriber', id]));
  assert.match(await replyText(central, 1), new RegExp(`^info: OpProcessStop: stopped id: ${id}, subject: `));
  await central.publish(request('REQOpProcessStart', ['REQToFile']));
  assert.match(await replyText(central, 2), /^info: OpProcessStart: started id: \d+, subject: /);
  await central.publish(request('REQOpProcessStop', ['REQPing', 'ship1', 'subscriber']));
  assert.match(await replyText(central, 3), /^info: OpProcessStop: stopped id: \d+, subject: /);
  const attempt = await central.publish(request('REQPing', null, { retries: 1 }), { ackTimeoutMs: 200 });
  assert.equal(attempt.answer, '', 'the broker itself says that nobody listens any more');
});

for (const [file, args, wanted] of [
  ['apekatt.txt', ['bash', '-c', 'echo "{{STEWARD_DATA}}" > apekatt.txt'], 'one\ntwo\n'],
  ['hest.txt', ['bash', '-c', 'cat <<< {{STEWARD_DATA}} > hest.txt'], /^one.two\n+$/s],
] as const) {
  test(`a command's output becomes the input of a command at home, ${file}, both ways between the two programs`, async (t) => {
    const broker = await startBroker(t);
    const asked = request('REQCliCommand', ['bash', '-c', 'echo one; echo two'], {
      replyMethod: 'REQCliCommand',
      replyMethodArgs: [...args],
      replyMethodTimeout: 10,
    });
    await startStewardNode({ name: 'ship1', broker }, t);
    const central = await startReferencePeer(
      { node: 'central', broker, runsCommands: false, methods: METHODS },
      t,
    );
    await central.publish(asked);
    const reply = await central.waitFor('the reply', ({ message }) => message.method === 'REQCliCommand');
    assert.deepEqual(reply.message.methodArgs, args);
    assert.equal(Buffer.concat(reply.message.data!).toString(), 'one\ntwo\n');
    await central[Symbol.asyncDispose]();

    const node = await startStewardNode({ name: 'central', broker }, t);
    const peer = await startReferencePeer({ node: 'ship2', broker }, t);
    const { toNode: _, ...json } = messageToJson({ ...asked, ackTimeout: 2 }) as Record<string, unknown>;
    const submitted = ['method', 'methodArgs', 'replyMethod', 'replyMethodArgs', 'directory', 'fileName'];
    const fields = Object.fromEntries(submitted.map((key) => [key, json[key]]));
    await node.submit([
      { toNode: 'ship2', ...fields, replyMethodTimeOut: 10, ACKTimeout: 2, methodTimeout: 5 },
    ]);
    const text = await waitFor(file, () => readFile(join(node.folder, file), 'utf8'));
    if (typeof wanted === 'string') assert.equal(text.trimEnd(), wanted.trimEnd());
    else assert.match(text, wanted);
    assert.deepEqual(peer.faults, []);
  });
}

/** Captured requests to ship1 with the reply that the reference gave, where that does not depend on the moment. */
function capturedReplies() {
  const all = vectors('cbor');
  return all.flatMap((reply) => {
    const { message } = reply;
    const previous = message.PreviousMessage as Record<string, unknown> | null;
    const isComparable = previous?.method === 'REQCliCommand' && previous.isReply === false;
    if (!isComparable || message.FromNode !== 'ship1' || message.toNode !== 'central') return [];
    const found = all.find(
      (candidate) =>
        candidate.subject === 'ship1.REQCliCommand.CommandACK' &&
        candidate.message.fileName === message.fileName &&
        String(candidate.message.methodArgs) === String(previous.methodArgs),
    );
    return found && found.message.data === null ? [{ request: found, reply }] : [];
  });
}
