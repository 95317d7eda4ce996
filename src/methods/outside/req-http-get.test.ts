import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../../test/support/free-port.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Message, newMessage } from '../../message/message.ts';
import { createReqHttpGet } from './req-http-get.ts';

test('the reply is the page, byte for byte, and the reason tells status, time and size (fault 12)', async (t) => {
  const page = randomBytes(1000);
  const { get, url } = await setUp(t, (_, response) => void response.end(page));
  const result = await get(`${url}/page?q=1`, { methodTimeout: 3 });
  assert.equal(result.state, 'succeeded');
  assert.match(result.reason!, /^200 OK in \d+ ms, 1000 bytes$/);
  assert.deepEqual([Buffer.from(result.reply as Uint8Array), result.outputBytes], [page, 1000]);
});

test('an empty page is an empty reply', async (t) => {
  const { get, url } = await setUp(t, (_, response) => void response.writeHead(204).end());
  const result = await get(url);
  assert.deepEqual(
    [result.state, result.outputBytes, (result.reply as Uint8Array).length],
    ['succeeded', 0, 0],
  );
});

test('a large page comes as a file, and one above the limit is refused', async (t) => {
  const page = randomBytes(2_000_000);
  const { get, url, left } = await setUp(t, (_, response) => void response.end(page));
  const { reply, outputBytes } = await get(url);
  assert.ok(reply && 'path' in reply);
  assert.equal(hash(await readFile(reply.path)), hash(page));
  assert.deepEqual([reply.bytes, outputBytes], [2_000_000, 2_000_000]);
  assert.equal((await left()).length, 1);
  const small = await setUp(t, (_, response) => void response.end(page), { maxBodyBytes: 1_000_000 });
  const refused = await small.get(small.url);
  assert.deepEqual([refused.state, refused.reply], ['failed', undefined]);
  assert.equal(refused.reason, 'the page is larger than 1000000 bytes, which is the limit');
  assert.deepEqual(await small.left(), []);
});

test('a status other than 2xx fails, with the beginning of the error page', async (t) => {
  const { get, url } = await setUp(t, (request, response) => {
    response.writeHead(Number(request.url!.slice(1))).end('x'.repeat(5000));
  });
  for (const [status, text] of [
    [404, '404 Not Found'],
    [500, '500 Internal Server Error'],
    [302, '302 Found'],
  ] as const) {
    const result = await get(`${url}/${status}`);
    assert.deepEqual([result.state, result.reply, result.stderrTail?.length], ['failed', undefined, 4096]);
    assert.equal(result.reason, `${new URL(url).host} answered ${text}`);
    assert.match(result.error!, /^error: methodREQHttpGet: .* answered \d+ .*, methodArgs: \[http:/);
  }
});

test('redirects are followed, up to ten, to http and https alone', async (t) => {
  const { get, url } = await setUp(t, (request, response) => redirecting(request.url!, response));
  assert.match((await get(`${url}/10`)).reason!, /^200 OK/);
  assert.match((await get(`${url}/11`)).reason!, /redirects more than 10 times/);
  assert.match((await get(`${url}/loop`)).reason!, /redirects more than 10 times/);
  assert.match((await get(`${url}/file`)).reason!, /redirects elsewhere: the URL begins with file:/);
  assert.match((await get(`${url}/broken`)).reason!, /redirects to "http:\/\/\[", which is no URL/);
});

test('the password of a URL goes to its own host, and into no report', async (t) => {
  const seen: (string | undefined)[] = [];
  const other = await setUp(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(500).end();
  });
  const { get, url } = await setUp(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: request.url === '/' ? '/same' : other.url }).end();
  });
  const result = await get(url.replace('//', '//us%40er:secret@'));
  const basic = `Basic ${Buffer.from('us@er:secret').toString('base64')}`;
  assert.deepEqual(seen, [basic, basic, undefined]);
  assert.match(result.error!, /methodArgs: \[http:\/\/\*\*\*@127/);
});

test('what does not come within methodTimeout is timed-out (fault 12)', async (t) => {
  for (const begin of [() => {}, (response: ServerResponse) => response.writeHead(200).write('part')]) {
    const { get, url, left } = await setUp(t, (_, response) => void begin(response));
    const result = await get(url, { methodTimeout: 0.2 });
    assert.deepEqual([result.state, result.reply], ['timed-out', undefined]);
    assert.match(result.reason!, /had not come within methodTimeout \(0.2 s\)/);
    assert.deepEqual(await left(), []);
  }
});

test('a cancel and a stop end it', async (t) => {
  for (const [code, state] of [
    ['cancelled', 'cancelled'],
    ['stopping', 'interrupted'],
  ] as const) {
    const abort = new AbortController();
    const { get, url } = await setUp(t, () => abort.abort(Object.assign(new Error('stop'), { code })));
    assert.equal((await get(url, { methodTimeout: -1 }, abort.signal)).state, state);
  }
});

test('what can not be fetched fails in words', async (t) => {
  const { get, method } = await setUp(t, () => {});
  const port = await freePort();
  const rude = await tcpServer(t, 'what?\r\n\r\n');
  const short = await tcpServer(t, 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart');
  for (const [url, words] of [
    [undefined, /methodArgs is empty/],
    ['no url', /"no url" is no URL/],
    ['ftp://host/file', /only http: and https: are fetched/],
    [
      `http://127.0.0.1:${port}/`,
      new RegExp(`^127.0.0.1:${port} refused the connection: nothing listens there`),
    ],
    ['http://no-such-host.invalid/', /no-such-host.invalid.*(can't be resolved|could not be resolved)/],
    ['http://127.0.0.1:25/', /port 25 belongs to another protocol/],
    [`http://127.0.0.1:${rude}/`, /did not answer in HTTP/],
    [`https://127.0.0.1:${rude}/`, /does not speak TLS/],
    [`http://127.0.0.1:${short}/`, /closed the connection before the answer was complete/],
  ] as const) {
    const result = await get(url);
    assert.deepEqual([result.state, result.reply], ['failed', undefined], `${url}`);
    assert.match(result.reason!, words);
    assert.match(result.error!, /^error: methodREQHttpGet: /);
  }
  assert.match(method.check!(newMessage({ methodArgs: ['x'] }))!, /no URL/);
});

function redirecting(path: string, response: ServerResponse): void {
  const targets: Record<string, string> = {
    '/loop': '/loop',
    '/file': 'file:///etc/passwd',
    '/broken': 'http://[',
  };
  const left = Number(path.slice(1));
  const location = targets[path] ?? (left > 0 ? `/${left - 1}` : undefined);
  if (location === undefined) response.end('there');
  else response.writeHead(301, { location }).end('elsewhere');
}

async function setUp(t: TestContext, listener: RequestListener, options: { maxBodyBytes?: number } = {}) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { path } = await tempFolder(t);
  const spoolFolder = join(path, 'spool');
  const method = createReqHttpGet(
    { spoolFolder, defaultMethodTimeout: 10, ...options },
    { clock: systemClock },
  );
  const get = (
    url: string | undefined,
    fields: Partial<Message> = {},
    signal = new AbortController().signal,
  ) =>
    method.run({
      id: 'get',
      runId: 'test/1/1/get',
      progress: () => {},
      message: newMessage({
        method: 'REQHttpGet',
        methodTimeout: 10,
        methodArgs: url === undefined ? [] : [url],
        ...fields,
      }),
      signal,
      reply: async () => assert.fail('replied early'),
    });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { get, url, method, left: () => readdir(spoolFolder).catch(() => []) };
}

/** A server that says the same to everybody, and closes. */
async function tcpServer(t: TestContext, text: string): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
