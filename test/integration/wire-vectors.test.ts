import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { randomTest } from '../support/random-test.ts';
import { shared } from '../support/shared.ts';
import { VECTOR_FILES, type Vector, vectors } from '../support/vectors.ts';
import { startWireClient, type WireClient } from '../support/wire-client.ts';

/** Methods of captured messages that this program serves. */
const SERVED =
  /REQ(Hello|CliCommand|ToFile|ToFileAppend|Ping|Pong|OpProcessList|OpProcessStart|OpProcessStop|ErrorLog)\./;

function headersOf({ serial, cmp }: Vector): Record<string, string> {
  return { ...(serial ? { serial } : {}), ...(cmp ? { cmp } : {}) };
}

/** Nodes under all names that captured messages are for, and a client to send them with. */
async function startFleet(
  t: TestScope,
): Promise<{ nodes: Map<string, StewardNode>; client: WireClient; broker: Broker }> {
  const broker = await startBroker(t);
  const client = await startWireClient(broker, t);
  const started = ['central', 'ship1', 'ship2'].map((name) => startStewardNode({ name, broker }, t));
  const nodes = new Map((await Promise.all(started)).map((node) => [node.name, node]));
  return { nodes, client, broker };
}

/** For all that send what a node takes. */
const fleet = shared(startFleet);

/** For those that send nothing that a node takes. */
const untouched = shared(async (scope) => {
  const broker = await startBroker(scope);
  const ship = await startStewardNode({ name: 'ship1', broker }, scope);
  return { ship, client: await startWireClient(broker, scope) };
});

/** A ping with a file of its own, which proves that the node still works, and took all that came before it. */
async function ping(client: WireClient, node: StewardNode, fileName: string): Promise<void> {
  const message = newMessage({
    toNode: node.name,
    fromNode: 'tester',
    method: 'REQPing',
    replyMethod: 'REQNone',
  });
  const answer = await client.ask({ message: { ...message, directory: 'alive', fileName } });
  assert.equal(Buffer.from(answer.payload).toString(), `confirmed from: ${node.name}: 0`);
  await node.waitForFile(`alive/${node.name}/${fileName}`);
}

function pids(nodes: ReadonlyMap<string, StewardNode>): (number | undefined)[] {
  return [...nodes.values()].map((node) => (node.program.exit ? undefined : node.pid));
}

test('every captured message is taken by a node of the same name, and none harms it', async () => {
  const { nodes, client } = await fleet();
  const before = pids(nodes);
  for (const file of VECTOR_FILES) {
    // A stopped subscriber would take this test's purpose from it.
    const captured = vectors(file).filter(({ subject }) => !subject.includes('REQOpProcessStop'));
    for (const vector of captured) await replay(client, vector);
    for (const node of nodes.values()) await ping(client, node, file);
  }
  const central = nodes.get('central')!;
  await central.waitForFile('hello-messages/ship1/hello.log');
  assert.match(
    await central.waitForFile('errorLog/errorCentral/error.log'),
    /node: ship1, error: methodREQCliCommand/,
  );
  assert.equal(await nodes.get('ship1')!.waitForFile('relay/ship2/relay.log'), 'relayed\n');
  assert.deepEqual(pids(nodes), before);
});

randomTest(
  'broken variants of every captured message are refused or taken, and the nodes live on',
  async (_t, chance) => {
    const { nodes, client } = await fleet();
    const before = pids(nodes);
    const random = (below: number): number => Math.floor(chance.random() * below);
    let sent = 0;
    for (const file of VECTOR_FILES) {
      // Broken commands could still be run; those of the vectors are harmless, one with a flipped letter may not be.
      const harmless = vectors(file).filter(({ subject }) => !/REQCli|REQOp/.test(subject));
      for (const vector of harmless) sent += sendBroken(client, vector, random);
      for (const node of nodes.values()) await ping(client, node, `${file}-${chance.seed}`);
    }
    assert.ok(sent > 300);
    assert.deepEqual(pids(nodes), before);
  },
);

test('truncated commands and commands with garbage behind them are not run', async () => {
  const { ship, client } = await untouched();
  for (const file of VECTOR_FILES) {
    const vector = vectors(file).find(({ subject }) => subject === 'ship1.REQCliCommand.CommandACK')!;
    for (let cut = 0; cut < 8; cut++) {
      const payload = vector.payload.subarray(0, Math.floor((vector.payload.length * cut) / 8));
      const answer = await client.ask({
        payload,
        subject: vector.subject,
        headers: headersOf(vector),
        lane: `${file}-${cut}/1/1`,
      });
      assert.equal(answer.headers['Steward-Status'], 'rejected', `${file}, ${cut}/8 of it`);
      assert.match(answer.headers['Steward-Reason']!, /cannot be read/);
    }
  }
  const commands = ship.query("SELECT * FROM journal WHERE state <> 'rejected'");
  assert.deepEqual(commands, []);
  await ping(client, ship, 'after');
});

test('a message on the subject of another method or node is refused (fault 19)', async () => {
  const { ship, client } = await untouched();
  const taken = () => ship.query("SELECT * FROM journal WHERE state <> 'rejected'").length;
  const before = taken();
  const fields = { toNode: 'ship1', fromNode: 'x', methodArgs: ['touch', 'hacked'] };
  const command = newMessage({ ...fields, method: 'REQCliCommand' });
  const lane = (epoch: string) => ({ lane: `${epoch}/1/1` });
  const onPing = await client.ask({ message: command, subject: 'ship1.REQPing.EventACK', ...lane('a') });
  const forOther = { ...command, toNode: 'ship2' };
  const onOther = await client.ask({
    message: forOther,
    subject: 'ship1.REQCliCommand.CommandACK',
    ...lane('b'),
  });
  for (const answer of [onPing, onOther]) assert.equal(answer.headers['Steward-Status'], 'rejected');
  assert.match(onPing.headers['Steward-Reason']!, /asks for "REQCliCommand" on the subject ship1\.REQPing/);
  assert.equal(taken(), before);
});

/** Sends a captured message as it was sent, and waits for its answer where one is due. */
async function replay(client: WireClient, vector: Vector): Promise<void> {
  const { payload, subject } = vector;
  const isAnswered = SERVED.test(subject) && !subject.endsWith('NACK');
  if (!isAnswered) return client.send({ payload, subject, headers: headersOf(vector) });
  const answer = await client.ask({ payload, subject, headers: headersOf(vector) });
  assert.match(Buffer.from(answer.payload).toString(), /^confirmed from: \w+: 0$/, subject);
}

/** Sends broken payloads, in and out of a lane, and whole ones under headers that belie them; says how many. */
function sendBroken(client: WireClient, vector: Vector, random: (below: number) => number): number {
  const { subject, payload, serial, cmp } = vector;
  const variants = broken(payload, random);
  for (const [index, variant] of variants.entries()) {
    client.send({ payload: variant, subject, headers: headersOf(vector) });
    const lane = `${random(2 ** 24)}-${index}/1/1`;
    client.send({ payload: variant, subject, headers: headersOf(vector), lane });
  }
  client.send({ payload, subject, headers: { serial: 'xml', cmp: 'q' } });
  client.send({ payload, subject, headers: { serial: serial ? 'gob' : 'cbor' } });
  client.send({ payload, subject, headers: { ...headersOf(vector), cmp: cmp === 'z' ? 'g' : 'z' } });
  return variants.length * 2 + 3;
}

/** A dozen broken forms of a payload: cut, flipped bits, doubled, extended, emptied, filled. */
function broken(payload: Uint8Array, random: (below: number) => number): Uint8Array[] {
  const forms: Uint8Array[] = [new Uint8Array(0), payload.subarray(0, 1), payload.subarray(1)];
  forms.push(Buffer.concat([payload, payload]), Buffer.concat([payload, Buffer.alloc(3, 0xff)]));
  forms.push(Buffer.alloc(payload.length, 0xff), Buffer.alloc(payload.length, 0x98));
  for (let count = 0; count < 3; count++) forms.push(payload.subarray(0, random(payload.length)));
  for (let count = 0; count < 6; count++) {
    const flipped = Uint8Array.from(payload);
    const at = random(payload.length);
    flipped[at] = flipped[at]! ^ (1 << random(8));
    forms.push(flipped);
  }
  return forms;
}
