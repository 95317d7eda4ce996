import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { httpRequest } from '../support/api-request.ts';
import { startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf, apiSocketOf, followEvents } from '../support/node-api.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const OPEN = ['queued', 'sent', 'accepted', 'running'] as const;

const node = shared(async (scope) => {
  const broker = await startBroker(scope);
  return { central: await startStewardNode({ name: 'central', broker }, scope) };
});

async function startNode(t: TestContext) {
  const { central } = await node();
  const path = apiSocketOf(central);
  const open = (): Socket => {
    const socket = connect({ path, allowHalfOpen: true }).on('error', () => {});
    t.after(() => socket.destroy());
    return socket;
  };
  return { central, path, open, api: apiOf(central, t) };
}

/** A line appended to a file on the node itself: all that a node does, from its listener to its disk. */
const append = (line: number, fileName = 'lines') => ({
  ...{ toNode: 'central', method: 'REQToFileAppend', data: [`${line}\n`] },
  ...{ directory: 'hostile', fileName, ACKTimeout: 5 },
});

test('what is no HTTP is answered and cut off, and the node goes on', async (t) => {
  const { open, api } = await startNode(t);
  const hostile: [bytes: string | Uint8Array, status: RegExp][] = [
    ['GARBAGE\r\n\r\n', /^HTTP\/1\.1 400 /],
    [Buffer.from('16030100c8010000c40303', 'hex'), /^HTTP\/1\.1 400 /],
    [Buffer.alloc(100_000, 0), /^HTTP\/1\.1 400 /],
    [`GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['GET /v1/status HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    ['GET http://x/v1/status?a=%zz%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      `GET /${'../'.repeat(1000)}etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      /^HTTP\/1\.1 404 /,
    ],
  ];
  for (const [bytes, status] of hostile) {
    const socket = open();
    let answer = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      answer += piece;
    });
    socket.end(bytes);
    // The rest of what is sent may meet a connection that is closed already, which is fine.
    await once(socket, 'close').catch(() => {});
    assert.match(answer, status, String(bytes).slice(0, 60));
    assert.equal((await api.status()).node, 'central');
  }
});

test('a body that is too large is refused before it is taken', async (t) => {
  const { path, api } = await startNode(t);
  const headers = { 'Content-Length': String(10 * 1024 ** 3), Expect: '100-continue' };
  const reply = await httpRequest({ socketPath: path }, '/v1/messages', { method: 'POST', headers });
  assert.equal(reply.status, 413);
  assert.equal((await api.status()).node, 'central');
});

test('a thousand connections that say half a word do not disturb the work of the node', async (t) => {
  const { central, path, open, api } = await startNode(t);
  const { events } = await followEvents(api, t, { type: ['requests', 'many'] });
  const sockets = Array.from({ length: 1000 }, open);
  const openCount = () => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  for (const socket of sockets) socket.resume().write('GET /v1/status HTTP/1.1\r\nHo');
  const answer = await central.submit([append(1, 'two'), append(2, 'two')]);
  assert.deepEqual(answer.refused, []);
  assert.equal(await central.waitForFile('hostile/central/two', (found) => found.length === 4), '1\n2\n');
  await waitFor('the events of it', () => events.length > 1);
  // They are cut off when their headers are not there in time.
  await waitFor('them to be gone', () => openCount() === 0, { timeoutMs: 30_000 });
  assert.equal((await httpRequest({ socketPath: path }, '/v1/status')).status, 200);
});

test('clients that follow events and never read do not hold up the node, nor those that read', async (t) => {
  const { central, open, api } = await startNode(t);
  for (let sleeper = 0; sleeper < 20; sleeper++) {
    open().pause().write('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  const { events } = await followEvents(api, t, { type: ['requests', 'many'] });
  const count = 10_000;
  for (let first = 0; first < count; first += 2000) {
    const lines = Array.from({ length: 2000 }, (_, index) => append(first + index));
    assert.deepEqual((await central.submit(lines)).refused, []);
  }
  const all = Array.from({ length: count }, (_, line) => `${line}\n`).join('');
  const lines = await central.waitForFile(
    'hostile/central/lines',
    (found) => found.length >= all.length,
    60_000,
  );
  assert.equal(lines, all);
  await waitFor(
    'nothing to be under way',
    async () => (await api.requests({ state: OPEN })).items.length === 0,
    { timeoutMs: 60_000 },
  );
  const last = new Set<string | null>();
  const isTold = () =>
    events.some((event) => event.type === 'requests' && event.requests.some(({ batch }) => last.has(batch)));
  await waitFor('the event of a last line', async () => {
    // What changes together with thousands of others is announced as `many`; then another line has to follow.
    const isAmongMany = events.at(-1)?.type === 'many';
    if (last.size === 0 || isAmongMany) last.add((await api.submit([append(count + last.size)])).batch!);
    return isTold();
  });
});
