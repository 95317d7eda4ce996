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
  readonly origin: (typeof ORIGINS)[number];
  readonly via?: 'central' | 'origvia';
  readonly target: (typeof TARGETS)[number];
}

const ORIGINS = ['ship1', 'orig1'] as const;
const VIAS = [undefined, 'central', 'origvia'] as const;
const TARGETS = ['ship2', 'orig2', 'ship3.example.org', 'orig3.example.org'] as const;
const MIXES: readonly Mix[] = ORIGINS.flatMap((origin) =>
  VIAS.flatMap((via) => TARGETS.map((target) => ({ origin, target, ...(via && { via }) }))),
).filter(({ via, ...ends }) => {
  // An original relay hears of no names with dots.
  if (via === 'origvia' && ends.target.includes('.')) return false;
  return [via, ...Object.values(ends)].some((name) => name && !isOriginal(name));
});

function isOriginal(name: string): boolean {
  return name.startsWith('orig');
}

const MOST_MS = 15_000;
/** A lost answer shows in the number of attempts; a slow machine must not look like one. */
const PATIENT = { ackTimeoutMs: 60_000 };
const RECEIVED_METHODS = [
  ...new Set([...MATRIX_METHODS.map(({ method }) => method), 'REQErrorLog', 'REQHello']),
];

interface Scene {
  readonly ours: Readonly<Record<string, StewardNode>>;
  readonly originals: Readonly<Record<string, ReferencePeer>>;
  readonly folder: string;
  readonly url: string;
  /** How often a message went to each node of this program, by its name and method. */
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
  const place = { directory: 'matrix', fileName: name, replyMethod: replyMethodOf(method) };
  const fields = { methodTimeout: 10, ...place, ...method.ask({ cell: name, ...scene }) };
  await (cell.mix.origin === 'orig1' ? askAsOriginal : askOurs)(cell, scene, fields);
}

async function askAsOriginal(
  { method, mix: { origin, via, target } }: Cell,
  { originals }: Scene,
  fields: Partial<Message>,
): Promise<void> {
  const request = newMessage({
    ...{ toNode: target, fromNode: origin, method: method.method, ackTimeout: 5, retries: 3 },
    ...fields,
  });
  const { attempts, answer } = await (via
    ? originals.orig1!.publish(asRelayed(request, { via, replyMethod: 'REQToFile' }), {
        ...{ ...PATIENT, subject: `${target}.${via}.REQRelay.EventACK` },
      })
    : originals.orig1!.publish(request, PATIENT));
  if (attempts !== 1 || answer !== `confirmed from: ${via ?? target}: 0`)
    throw new Error(`${attempts} attempts, answered with ${answer}`);
}

async function askOurs(
  { method, mix: { via, target } }: Cell,
  { ours }: Scene,
  { data, ...fields }: Partial<Message>,
): Promise<void> {
  const [id] = await submitAll(ours.ship1!, {
    ...{ toNode: target, method: method.method, ACKTimeout: 60, ...fields },
    ...(data && { data: data.map((item) => Buffer.from(item).toString()) }),
    ...(via && { relayViaNode: via, relayReplyMethod: 'REQToFile' }),
  });
  const { state, reason } = await waitForEnd(ours.ship1!, id!, MOST_MS);
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
      isOriginal(target)
        ? gotAt(scene.originals[target]!, name, method.method)[0] === `æ ${name}\n`
        : (await scene.ours[target]!.file(file).catch(() => '')) === `æ ${name}\n`,
    );
  if (!method.replies) return;
  const wanted = isOriginal(target) && method.method !== 'REQCliCommand' ? /^done / : method.replies;
  const replyMethod = replyMethodOf(method);
  for (const [node, handledBy] of [
    ...(via ? [[via, replyMethod] as const] : []),
    [origin, via ? 'REQToFile' : replyMethod] as const,
  ])
    await check(cell, `its reply is at ${node}`, async () => {
      if (isOriginal(node))
        return gotAt(scene.originals[node]!, name, handledBy).some((text) => wanted.test(text));
      const ours = scene.ours[node]!;
      return handledBy === 'REQToConsole'
        ? ours.program.stdout.includes(`æ ${name}\n`)
        : wanted.test(await ours.file(file).catch(() => 'there is no file'));
    });
}

/** Whether the target got as many requests of the cell as were made: one; of this program, as many of its method as there are cells. */
function countAt(
  { name, method: { method }, mix: { target } }: Cell,
  cells: readonly Cell[],
  scene: Scene,
): boolean {
  if (isOriginal(target)) return gotAt(scene.originals[target]!, name, method).length === 1;
  const wanted = cells.filter((cell) => cell.mix.target === target && cell.method.method === method).length;
  return scene.onWire.get(`${target}.${method}`) === wanted;
}

function replyMethodOf({ replyMethod = 'REQToFileAppend' }: MatrixMethod): string {
  return replyMethod;
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
  const names = ['central', 'ship1', 'ship2', 'ship3.example.org'];
  const nodes = await Promise.all(names.map(start));
  const onWire = new Map<string, number>();
  const spy = await connect({ servers: broker.url });
  stack.defer(() => spy.close());
  spy.subscribe('>', {
    callback: (_, { subject }) => {
      const [, kind] = /^ship[23].*\.(?:Command|Event)N?ACK$/.exec(subject)
        ? subject.match(/^(.*)\.\w+$/)!
        : [];
      if (kind && !kind.includes('.central.')) onWire.set(kind, (onWire.get(kind) ?? 0) + 1);
    },
  });
  const options = { broker, methods: RECEIVED_METHODS, serialization, compression };
  const target = async (node: string) => {
    const peer: ReferencePeer = await startReferencePeer(
      {
        ...{ ...options, node },
        acts: ({ message }) => {
          const method = MATRIX_METHODS.find(({ method }) => method === message.method);
          if (!method?.replies || message.isReply || message.method === 'REQCliCommand') return;
          const reply = referenceReply(message, [Buffer.from(`done ${message.method}\n`)]);
          if (reply) void peer.publish(reply);
        },
      },
      scope,
    );
    return peer;
  };
  const originals = {
    orig1: await startReferencePeer({ ...options, node: 'orig1' }, scope),
    origvia: await startReferenceRelay({ ...options, node: 'origvia' }, scope),
    orig2: await target('orig2'),
    'orig3.example.org': await target('orig3.example.org'),
  };
  await startReferencePeer({ ...options, node: 'origtaker' }, scope);
  for (const node of nodes)
    await waitFor('requests to be taken', () => node.logLines().some(({ msg }) => msg === 'taking requests'));
  return {
    ours: Object.fromEntries(nodes.map((node) => [node.name, node])),
    originals,
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
