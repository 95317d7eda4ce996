import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { withSamples } from '../../test/support/sample-of.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { startApiServer } from '../api/api-server.ts';
import type { ApiEvent } from '../contract/events.ts';
import { OperationError } from '../contract/operation-error.ts';
import { createLogger } from '../observe/logger.ts';
import { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

const COMMAND = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['uptime'] };

async function faultOf(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => assert.fail('it did not fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

async function nextEvent(events: AsyncIterable<ApiEvent>): Promise<ApiEvent | undefined> {
  for await (const event of events) return event;
  return undefined;
}

/** A server that speaks as `answer` has it. */
async function serve(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const { path } = await tempFolder(t);
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  const socketPath = join(path, 's');
  server.listen(socketPath);
  await once(server, 'listening');
  t.after(() => server.close());
  return socketPath;
}

test('what the node refuses is thrown with its code, its sentence and its field', async (t) => {
  const { client, desk } = await startFakeApi(t);
  const missing = await faultOf(client.request('nothing'));
  assert.deepEqual([missing.code, missing.message], ['not-found', 'no request nothing is known here']);
  const wrong = await faultOf(client.requests({ limit: 5000 }));
  assert.deepEqual([wrong.code, wrong.field], ['bad-request', 'limit']);
  const unread = await faultOf(client.submit('[{'));
  assert.equal(unread.code, 'bad-request');
  desk.nodes = () => Promise.reject(new OperationError('busy', 'too many ask for nodes: try again later'));
  assert.equal((await faultOf(client.nodes())).code, 'busy');
  desk.groups = () => Promise.reject(new Error('oh'));
  assert.equal((await faultOf(client.groups())).code, 'broken');
  const events = await faultOf(
    nextEvent(client.events({ type: ['x' as 'many'] }, AbortSignal.timeout(9000))),
  );
  assert.deepEqual([events.code, events.field], ['bad-request', 'type']);
});

test('a submission that is refused in part or as a whole is an answer, not a failure', async (t) => {
  const { client } = await startFakeApi(t);
  assert.equal((await client.submit([COMMAND, {}])).refused.length, 1);
  assert.deepEqual((await client.submit([{}])).accepted, []);
  const bytes = Buffer.from(JSON.stringify(COMMAND));
  assert.equal((await client.submit(bytes, { dryRun: true, label: 'é&=' })).accepted[0]!.id, '');
});

test('where no node listens, the sentence names the address and the way out', async (t) => {
  const { path } = await tempFolder(t);
  const gone = await faultOf(new ApiClient({ socketPath: join(path, 'none') }).status());
  assert.equal(gone.code, 'unreachable');
  assert.match(
    gone.message,
    /none is not there; is the node running\? Start it, or name its socket with --socket/,
  );
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const refused = await faultOf(new ApiClient({ url: `127.0.0.1:${port}`, token: '' }).status());
  assert.equal(refused.code, 'unreachable');
  assert.match(refused.message, /no node listens on it; is the node running, with -apiListener/);
  const events = new ApiClient({ socketPath: join(path, 'none') }).events({}, AbortSignal.timeout(9000));
  assert.equal((await faultOf(nextEvent(events))).code, 'unreachable');
});

test('something that is no node is told from one', async (t) => {
  const answers: [bytes: string, message: RegExp][] = [
    ['{"accepted":[]}\n', /does not speak HTTP/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', /gave an answer that is not JSON/],
    ['HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlost', /answered 404: is this the API of a node\?/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{', /closed before its answer was whole/],
    ['', /closed before its answer was whole/],
  ];
  for (const [bytes, message] of answers) {
    const socketPath = await serve(t, (socket) => socket.once('data', () => socket.end(bytes)));
    const fault = await faultOf(new ApiClient({ socketPath }).status());
    assert.equal(fault.code, 'broken', bytes);
    assert.match(fault.message, message);
  }
});

test('a node that is silent is not waited for without end', async (t) => {
  const socketPath = await serve(t, (socket) => void socket.resume());
  const client = new ApiClient({ socketPath }, { answerMs: 30, heartbeatMs: 30 });
  const fault = await faultOf(client.status());
  assert.equal(fault.code, 'broken');
  assert.match(fault.message, /was silent for 0\.03 s/);
  assert.equal((await faultOf(nextEvent(client.events({}, AbortSignal.timeout(9000))))).code, 'broken');
});

test('a stream of events that falls silent ends with a failure', async (t) => {
  const frame = 'event: hello\ndata: {"at":1}\n\n';
  const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${frame.length.toString(16)}\r\n${frame}\r\n`;
  const socketPath = await serve(t, (socket) => socket.once('data', () => socket.write(head)));
  const client = new ApiClient({ socketPath }, { heartbeatMs: 30 });
  const seen: string[] = [];
  const following = (async () => {
    for await (const { type } of client.events({}, AbortSignal.timeout(9000))) seen.push(type);
  })();
  assert.match((await faultOf(following)).message, /was silent for 0\.03 s/);
  assert.deepEqual(seen, ['hello']);
});

test('events end without a failure when they are no longer wanted, before, while and after they come', async (t) => {
  const { client, desk } = await startFakeApi(t);
  assert.equal(await nextEvent(client.events({}, AbortSignal.abort())), undefined);
  for (const when of ['at the hello', 'later'] as const) {
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const { type } of client.events({}, stop.signal)) {
      seen.push(type);
      if (when === 'later' && seen.length === 1) setImmediate(() => stop.abort());
      if (when === 'at the hello') stop.abort();
    }
    assert.deepEqual(seen, ['hello']);
  }
  assert.equal((await nextEvent(client.events({}, AbortSignal.timeout(9000))))?.type, 'hello');
  assert.ok(desk.listenerCount <= 1);
});

test('events whose node stops end with a failure that says so', async (t) => {
  const { client, server } = await startFakeApi(t);
  const following = (async () => {
    for await (const { type } of client.events({}, AbortSignal.timeout(9000))) {
      if (type === 'hello') void server[Symbol.asyncDispose]();
    }
  })();
  const fault = await faultOf(following);
  assert.equal(fault.code, 'broken');
  assert.match(fault.message, /ended the stream of events: the node is stopping/);
});

test('a client outlives the restart of its node', async (t) => {
  const first = await startFakeApi(t);
  await first.client.status();
  await first.server[Symbol.asyncDispose]();
  assert.equal((await faultOf(first.client.status())).code, 'unreachable');
  const logger = createLogger({ level: 'silent', nodeName: 'central' });
  await using _ = await startApiServer(
    { address: { socketPath: first.socketPath }, token: '', version: '2', maxBytes: 1000 },
    { operations: withSamples(first.desk), logger },
  );
  assert.equal((await first.client.status()).node, 'central');
  await first.client[Symbol.asyncDispose]();
});

test('a kept connection that the node closes as it is used again is not a failure', async (t) => {
  let requests = 0;
  const socketPath = await serve(t, (socket) => {
    let own = 0;
    socket.on('data', () => {
      requests++;
      if (++own === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]');
      else socket.destroy();
    });
  });
  await using client = new ApiClient({ socketPath });
  assert.deepEqual(await client.nodes(), []);
  assert.deepEqual(await client.nodes(), []);
  assert.equal(requests, 3);
});
