import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { type Message, newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { type ReferencePeer, startReferencePeer } from '../support/reference-peer.ts';
import { asRelayed, startReferenceRelay } from '../support/reference-relay.ts';
import { referenceReply } from '../support/reference-reply.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { MATRIX_METHODS, type MatrixMethod } from './methods.ts';

/**
 * Tries every method between this program and original nodes, directly and by way of a third, in each encoding, and
 * prints how much of it is as it should be. `npm run test:original -- gob` tries one encoding.
 */
const ENCODINGS = {
  gob: { serialization: 'gob', compression: '' },
  cbor: { serialization: 'cbor', compression: '' },
  zstd: { serialization: 'gob', compression: 'z' },
  gzip: { serialization: 'cbor', compression: 'g' },
} as const;
type Encoding = keyof typeof ENCODINGS;

/** Who runs this program, and who the original: where a request comes from, which way it takes, where it goes. */
interface Mix {
  readonly origin: 'ship1' | 'orig1';
  readonly via?: 'central' | 'origvia';
  readonly target: 'ship2' | 'orig2';
}

const ORIGINS = ['ship1', 'orig1'] as const;
const VIAS = [undefined, 'central', 'origvia'] as const;
const TARGETS = ['ship2', 'orig2'] as const;
const MIXES: readonly Mix[] = ORIGINS.flatMap((origin) =>
  VIAS.flatMap((via) => TARGETS.map((target) => ({ origin, target, ...(via && { via }) }))),
).filter((mix) => Object.values(mix).some((name) => !name.startsWith('orig')));

const MOST_MS = 15_000;
/** A lost answer shows in the number of attempts; a slow machine must not look like one. */
const PATIENT = { ackTimeoutMs: 60_000 };
const RECEIVED_METHODS = [...MATRIX_METHODS.map(({ name }) => name), 'REQErrorLog', 'REQHello'];

interface Scene {
  readonly ours: Readonly<Record<'ship1' | 'central' | 'ship2', StewardNode>>;
  readonly originals: Readonly<Record<'orig1' | 'origvia' | 'orig2', ReferencePeer>>;
  readonly folder: string;
  readonly url: string;
  /** How often a message of each method went to ship2. */
  readonly onWire: ReadonlyMap<string, number>;
}

/** A request of the matrix, and what is to be seen of it at the end. */
interface Cell {
  readonly name: string;
  readonly method: MatrixMethod;
  readonly mix: Mix;
}

const stack = new AsyncDisposableStack();
const scope: TestScope = { after: (work) => void stack.defer(work) };
let held = 0;
const faults: string[] = [];
try {
  const asked = process.argv.slice(2).filter((name): name is Encoding => name in ENCODINGS);
  for (const encoding of asked.length > 0 ? asked : (Object.keys(ENCODINGS) as Encoding[])) {
    const before = { held, all: held + faults.length };
    await tryAll(encoding);
    const all = held + faults.length - before.all;
    console.log(`${encoding}: ${held - before.held} of ${all} checks hold`);
  }
} finally {
  await stack.disposeAsync();
}
console.log(`${held} of ${held + faults.length} checks hold`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function tryAll(encoding: Encoding): Promise<void> {
  const scene = await setUp(encoding);
  const cells = MIXES.flatMap((mix) =>
    MATRIX_METHODS.filter(({ isDirect }) => !isDirect || mix.via === undefined).map((method): Cell => {
      const way = [mix.origin, mix.via, mix.target].filter(Boolean).join('-');
      return { name: `${method.name}-${way}`, method, mix };
    }),
  );
  const fail = (cell: Cell, what: string, error: unknown) => {
    faults.push(`${encoding}: ${cell.name}: ${what}: ${(error as Error).message.split('\n', 1)[0]}`);
    console.log(`  ${faults.at(-1)}`);
  };
  const check = async (cell: Cell, what: string, look: () => unknown) => {
    try {
      await waitFor(what, look, { timeoutMs: MOST_MS });
      held++;
    } catch (error) {
      fail(cell, what, error);
    }
  };
  for (const mix of MIXES) {
    // Those of one mix are under way together, as they are in a fleet.
    await Promise.all(
      cells
        .filter((cell) => cell.mix === mix)
        .map(async (cell) => {
          await ask(cell, scene).then(
            () => held++,
            (error) => fail(cell, 'is asked for', error),
          );
          await seeResult(cell, scene, check);
        }),
    );
  }
  await Promise.all(cells.map((cell) => check(cell, 'came once', () => countAt(cell, cells, scene))));
}

/** Asks for a cell; throws where it was not taken at the first attempt. */
async function ask(cell: Cell, scene: Scene): Promise<void> {
  const { name, method } = cell;
  const place = { directory: 'matrix', fileName: name, replyMethod: 'REQToFileAppend' };
  const fields = { methodTimeout: 10, ...place, ...method.ask({ cell: name, ...scene }) };
  await (cell.mix.origin === 'orig1' ? askAsOriginal : askOurs)(cell, scene, fields);
}

async function askAsOriginal(
  { method, mix: { origin, via, target } }: Cell,
  { originals }: Scene,
  fields: Partial<Message>,
): Promise<void> {
  const request = newMessage({
    ...{ toNode: target, fromNode: origin, method: method.name, ackTimeout: 5, retries: 3 },
    ...fields,
  });
  const { attempts, answer } = await (via
    ? originals.orig1.publish(asRelayed(request, { via, replyMethod: 'REQToFile' }), {
        ...{ ...PATIENT, subject: `${target}.${via}.REQRelay.EventACK` },
      })
    : originals.orig1.publish(request, PATIENT));
  if (attempts !== 1 || answer !== `confirmed from: ${via ?? target}: 0`)
    throw new Error(`${attempts} attempts, answered with ${answer}`);
}

async function askOurs(
  { method, mix: { via, target } }: Cell,
  { ours }: Scene,
  { data, ...fields }: Partial<Message>,
): Promise<void> {
  const [id] = await submitAll(ours.ship1, {
    ...{ toNode: target, method: method.name, ACKTimeout: 60, ...fields },
    ...(data && { data: data.map((item) => Buffer.from(item).toString()) }),
    ...(via && { relayViaNode: via, relayReplyMethod: 'REQToFile' }),
  });
  const { state, reason } = await waitForEnd(ours.ship1, id!, MOST_MS);
  const { ends = /^(succeeded|handed-over)$/ } = method;
  if (!ends.test(String(state))) throw new Error(`it is ${state}: ${reason}`);
}

type Check = (cell: Cell, what: string, look: () => unknown) => Promise<void>;

/** What came of a request: the file that it writes, and its reply at all who are to have it. */
async function seeResult(cell: Cell, scene: Scene, check: Check): Promise<void> {
  const { name, method, mix } = cell;
  const { origin, via, target } = mix;
  const file = `matrix/${target}/${name}`;
  if (method.writes)
    await check(cell, 'is written', async () =>
      target === 'ship2'
        ? (await scene.ours.ship2.file(file).catch(() => '')) === `æ ${name}\n`
        : gotAt(scene.originals.orig2, name, method.name)[0] === `æ ${name}\n`,
    );
  if (!method.replies) return;
  const wanted = target === 'orig2' && method.name !== 'REQCliCommand' ? /^done / : method.replies;
  for (const [node, replyMethod] of [
    ...(via ? [[via, 'REQToFileAppend'] as const] : []),
    [origin, via ? 'REQToFile' : 'REQToFileAppend'] as const,
  ])
    await check(cell, `its reply is at ${node}`, async () =>
      node === 'orig1' || node === 'origvia'
        ? gotAt(scene.originals[node], name, replyMethod).some((text) => wanted.test(text))
        : wanted.test(await scene.ours[node].file(file).catch(() => '')),
    );
}

/** Whether the target got as many requests of the cell as were made: one; of this program, as many of its method as there are cells. */
function countAt({ name, method, mix }: Cell, cells: readonly Cell[], { originals, onWire }: Scene): boolean {
  if (mix.target === 'orig2') return gotAt(originals.orig2, name, method.name).length === 1;
  const wanted = cells.filter((cell) => cell.mix.target === 'ship2' && cell.method === method).length;
  return onWire.get(method.name) === wanted;
}

/** What an original node got of a method for the file of a cell. */
function gotAt(peer: ReferencePeer, fileName: string, method: string): string[] {
  return peer
    .messages(method)
    .filter((message) => message.fileName === fileName)
    .map(({ data }) => Buffer.concat(data ?? []).toString());
}

async function setUp(encoding: Encoding): Promise<Scene> {
  const broker = await startBroker(scope);
  const { path: folder } = await tempFolder(scope);
  const { serialization, compression } = ENCODINGS[encoding];
  const flags = { ...FAST_RECONNECT, ...(serialization === 'cbor' && { serialization }), compression };
  const start = (name: string) =>
    startStewardNode({ name, broker, flags: { ...flags, startSubREQRelay: name === 'central' } }, scope);
  const [central, ship1, ship2] = await Promise.all(['central', 'ship1', 'ship2'].map(start));
  const onWire = new Map<string, number>();
  const spy = await connect({ servers: broker.url });
  stack.defer(() => spy.close());
  spy.subscribe('ship2.*.*', {
    callback: (_, { subject }) => {
      const method = subject.split('.')[1]!;
      onWire.set(method, (onWire.get(method) ?? 0) + 1);
    },
  });
  const options = { broker, methods: RECEIVED_METHODS, serialization, compression };
  const orig1 = await startReferencePeer({ ...options, node: 'orig1' }, scope);
  const origvia = await startReferenceRelay({ ...options, node: 'origvia' }, scope);
  const orig2: ReferencePeer = await startReferencePeer(
    {
      ...{ ...options, node: 'orig2' },
      acts: ({ message }) => {
        const method = MATRIX_METHODS.find(({ name }) => name === message.method);
        if (!method?.replies || message.isReply || message.method === 'REQCliCommand') return;
        const reply = referenceReply(message, [Buffer.from(`done ${message.method}\n`)]);
        if (reply) void orig2.publish(reply);
      },
    },
    scope,
  );
  await startReferencePeer({ ...options, node: 'origtaker' }, scope);
  for (const node of [central!, ship1!, ship2!])
    await waitFor('requests to be taken', () => node.logLines().some(({ msg }) => msg === 'taking requests'));
  return {
    ours: { central: central!, ship1: ship1!, ship2: ship2! },
    originals: { orig1, origvia, orig2 },
    ...{ folder, onWire },
    url: await serve(folder),
  };
}

/** A page, a socket that somebody reads, and a file that grows. */
async function serve(folder: string): Promise<string> {
  const server = createServer((_, response) => response.end('page\n')).listen(0, '127.0.0.1');
  const socket = createSocketServer((connection) => connection.resume()).listen(join(folder, 'socket'));
  const grow = () => appendFileSync(join(folder, 'growing'), 'line\n');
  grow();
  const growing = setInterval(grow, 50);
  stack.defer(() => {
    clearInterval(growing);
    server.close();
    socket.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
