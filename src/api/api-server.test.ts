import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { faultIn, httpRequest } from '../../test/support/api-request.ts';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { FakeOperations } from '../../test/support/fake-operations.ts';
import { withSamples } from '../../test/support/sample-of.ts';
import { createLogger } from '../observe/logger.ts';
import { startApiServer } from './api-server.ts';

const COMMAND = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['uptime'] };

test('a request that makes no sense is refused with what is wrong and the way out', async (t) => {
  const place = await startFakeApi(t, { maxBytes: 1000 });
  const cases: [target: string, status: number, code: string, message: RegExp, field?: string][] = [
    ['/v1/node', 404, 'no-such-path', /no path "\/v1\/node": did you mean \/v1\/nodes\?/],
    ['/', 404, 'no-such-path', /there are \/v1\/status, \/v1\/messages, .*\/openapi\.json/],
    ['/v1/requests/', 404, 'no-such-path', /./],
    ['/v1/requests/%zz', 400, 'bad-request', /the path holds %zz/],
    ['/v1/requests/abc', 404, 'not-found', /no request abc is known/],
    ['/v1/batches/a%2Fb', 404, 'not-found', /no batch a\/b is known/],
    ['/v1/status?x=1', 400, 'bad-request', /no query value "x" here: this path takes none/, 'x'],
    ['/v1/requests?stat=x', 400, 'bad-request', /"stat" here: did you mean state\?/, 'stat'],
    ['/v1/requests?__proto__=x', 400, 'bad-request', /no query value/, '__proto__'],
    ['/v1/requests?limit=0', 400, 'bad-request', /limit is "0": .* from 1 to 1000/, 'limit'],
    ['/v1/requests?limit=1e2', 400, 'bad-request', /whole number/, 'limit'],
    ['/v1/requests?limit=1&limit=2', 400, 'bad-request', /given 2 times: give it once/, 'limit'],
    ['/v1/requests?state=faild', 400, 'bad-request', /"faild": .* did you mean failed\?/, 'state'],
    ['/v1/requests?node=', 400, 'bad-request', /must not be empty/, 'node'],
    ['/v1/requests?since=monday', 400, 'bad-request', /ms since 1970 or a time such as/, 'since'],
    ['/v1/requests?cursor=x', 400, 'bad-request', /none of mine/, 'cursor'],
    ['/v1/messages?dryRun=yes', 405, 'wrong-method', /use POST/],
    ['/v1/events?type=all', 400, 'bad-request', /must be one of hello, requests/, 'type'],
  ];
  for (const [target, status, code, message, field] of cases) {
    const reply = await httpRequest(place, target);
    const fault = faultIn(reply);
    assert.deepEqual(
      [reply.status, fault.code, fault.field],
      [status, code, field],
      `${target}: ${reply.text}`,
    );
    assert.match(fault.message, message, target);
    assert.equal(reply.headers['content-type'], 'application/json', target);
  }
  const wrongMethod = await httpRequest(place, '/v1/requests/a', { method: 'DELETE' });
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.allow], [405, 'GET']);
});

test('a body that cannot be read is refused with what is wrong and where', async (t) => {
  const place = await startFakeApi(t, { maxBytes: 1000, idleTimeoutMs: 50 });
  const waves = (more: string) => `{"targets": ["a"], "message": {}, ${more}}`;
  const cases: [
    method: string,
    target: string,
    body: string,
    status: number,
    code: string,
    message: RegExp,
  ][] = [
    ['POST', '/v1/messages', '[{"toNode": ', 400, 'bad-request', /./],
    ['POST', '/v1/messages', '[]', 400, 'bad-request', /holds no message/],
    ['POST', '/v1/messages', 'x'.repeat(1001), 413, 'too-large', /1000 bytes at most/],
    ['POST', '/v1/targets', '{"targets": ["a",\n x]}', 400, 'bad-request', /line 2, column 2/],
    ['POST', '/v1/targets', '', 400, 'bad-request', /the body is empty/],
    ['POST', '/v1/targets', '{"targets": "ship1"}', 400, 'bad-request', /a list of texts such as/],
    ['POST', '/v1/targets', 'null', 400, 'bad-request', /must be \{"targets": \[\.\.\.\]\}/],
    [
      'POST',
      '/v1/batches/x/waves',
      waves('"canary": -1'),
      400,
      'bad-request',
      /canary is -1: .* whole number of at least 0/,
    ],
    ['POST', '/v1/batches/x/waves', waves('"waitMs": 1e300'), 400, 'bad-request', /waitMs is 1e\+300/],
    ['PUT', '/v1/batches/x/plan', '{', 400, 'bad-request', /not JSON: line 1, column 2/],
    ['PUT', '/v1/batches/x/plan', '{}', 404, 'not-found', /no batch x/],
  ];
  for (const [method, target, body, status, code, message] of cases) {
    const reply = await httpRequest(place, target, { method, body });
    assert.deepEqual([reply.status, faultIn(reply).code], [status, code], `${target} ${body}: ${reply.text}`);
    assert.match(faultIn(reply).message, message, `${target} ${body}`);
  }
  const image = { method: 'POST', body: '[]', headers: { 'Content-Type': 'image/png' } };
  assert.match(
    faultIn(await httpRequest(place, '/v1/messages', image)).message,
    /JSON or YAML, not image\/png/,
  );
  const packed = { method: 'POST', body: '[]', headers: { 'Content-Encoding': 'gzip' } };
  assert.equal(faultIn(await httpRequest(place, '/v1/targets', packed)).code, 'wrong-type');
  const short = { method: 'POST', body: '[', headers: { 'Content-Length': '100' } };
  assert.equal(faultIn(await httpRequest(place, '/v1/messages', short)).code, 'too-slow');
});

test('a submission is answered with the same object whatever came of it, and the status says what', async (t) => {
  const place = await startFakeApi(t);
  const submit = async (messages: unknown, query = '') => {
    const reply = await httpRequest(place, `/v1/messages${query}`, {
      method: 'POST',
      body: JSON.stringify(messages),
    });
    return { status: reply.status, answer: JSON.parse(reply.text) as Record<string, unknown[]> };
  };
  const wrong = { toNode: 'ship1' };
  for (const [messages, status, accepted, refused] of [
    [COMMAND, 200, 1, 0],
    [[COMMAND, wrong], 207, 1, 1],
    [[wrong, wrong], 422, 0, 2],
  ] as const) {
    const found = await submit(messages);
    assert.deepEqual(
      [found.status, found.answer.accepted!.length, found.answer.refused!.length],
      [status, accepted, refused],
    );
  }
  const dry = await submit([COMMAND], '?dryRun=true');
  assert.deepEqual(
    [dry.status, dry.answer.batch, dry.answer.accepted],
    [200, undefined, [{ index: 0, toNode: 'ship1', id: '' }]],
  );
  const named = await submit([COMMAND], '?batch=0190&label=two%20words');
  assert.equal(named.answer.batch, '0190');
  const batch = await httpRequest(place, '/v1/batches/0190');
  assert.equal((JSON.parse(batch.text) as { label: string }).label, 'two words');
});

test('long lists come whole', async (t) => {
  const desk = new FakeOperations(Array.from({ length: 10_000 }, (_, number) => `ship${number}`));
  const place = await startFakeApi(t, { desk });
  const nodes = JSON.parse((await httpRequest(place, '/v1/nodes')).text) as { name: string }[];
  assert.deepEqual(
    nodes.map(({ name }) => name),
    [...desk.nodeList.keys()],
  );
  const messages = Array.from({ length: 2500 }, () => COMMAND);
  const { client } = place;
  const { accepted, refused } = await client.submit(messages);
  assert.deepEqual([accepted.length, accepted[2499]!.index, refused], [2500, 2499, []]);
});

test('a client that can unpack gets longer answers packed, and others as they are', async (t) => {
  const place = await startFakeApi(t, {
    desk: new FakeOperations(Array.from({ length: 100 }, (_, at) => `ship${at}`)),
  });
  const headers = { 'Accept-Encoding': 'br, gzip' };
  const response = await fetchRaw(place, '/v1/nodes', headers);
  assert.equal(response.headers['content-encoding'], 'gzip');
  assert.ok(response.bytes.length < 2000, String(response.bytes.length));
  assert.equal((JSON.parse(gunzipSync(response.bytes).toString()) as unknown[]).length, 100);
  assert.equal((await fetchRaw(place, '/v1/groups', headers)).headers['content-encoding'], undefined);
  assert.equal((await fetchRaw(place, '/v1/nodes')).headers['content-encoding'], undefined);
});

/** An answer with the bytes that came. */
async function fetchRaw({ socketPath }: { socketPath: string }, path: string, headers = {}) {
  const sent = request({ socketPath, path, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { headers: response.headers, bytes: await buffer(response) };
}

test('output is given as the bytes that it is', async (t) => {
  const { client, desk } = await startFakeApi(t);
  const { accepted } = await client.submit([COMMAND]);
  const { id } = accepted[0]!;
  desk.print(id, 'grün\n', 'stderr');
  assert.equal(
    Buffer.from(await client.output(id, { stream: 'stderr', from: 2 })).toString('latin1'),
    'Ã¼n\n',
  );
  assert.equal((await client.output(id)).length, 0);
});

test('a fault of the node is answered as one, without its inner works', async (t) => {
  const desk = new FakeOperations();
  desk.queues = () => Promise.reject(new Error('the database is locked'));
  const place = await startFakeApi(t, { desk });
  const reply = await httpRequest(place, '/v1/queues');
  assert.equal(reply.status, 500);
  assert.deepEqual(faultIn(reply), {
    code: 'failed',
    message: 'the node could not do this: the database is locked',
  });
});

test("the socket is its owner's alone, is not taken from a node that lives, and goes with the server", async (t) => {
  const { socketPath, server } = await startFakeApi(t);
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  const logger = createLogger({ level: 'silent', nodeName: 'central' });
  const second = startApiServer(
    { address: { socketPath }, token: '', version: '1', maxBytes: 1000 },
    { operations: withSamples(new FakeOperations()), logger },
  );
  await assert.rejects(second, { name: 'ListenError', code: 'in-use' });
  await server[Symbol.asyncDispose]();
  assert.equal(existsSync(socketPath), false);
  await server[Symbol.asyncDispose]();
});

test('over TCP a page of another origin is refused, and a wrong token', async (t) => {
  const { url } = await startFakeApi(t, { address: { host: '127.0.0.1', port: 0 }, token: 's3cret' });
  const place = { port: Number(new URL(url).port) };
  const cases: [headers: Record<string, string>, status: number, code: string][] = [
    [{ Origin: 'http://evil.example' }, 403, 'forbidden'],
    [{ Host: 'evil.example' }, 403, 'forbidden'],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403, 'forbidden'],
    [{ Authorization: 'Bearer wrong' }, 401, 'unauthorized'],
  ];
  for (const [headers, status, code] of cases) {
    const reply = await httpRequest(place, '/v1/status', { headers });
    assert.deepEqual([reply.status, faultIn(reply).code], [status, code]);
  }
  for (const headers of [{}, { Authorization: 'Bearer s3cret' }, { Origin: url }]) {
    assert.equal((await httpRequest(place, '/v1/status', { headers })).status, 200);
  }
});

test('where the address is not on loopback, nothing is said without the token', async (t) => {
  const { url } = await startFakeApi(t, { address: { host: '0.0.0.0', port: 0 }, token: 's3cret' });
  const place = { port: Number(new URL(url).port) };
  for (const target of ['/v1/status', '/openapi.json', '/v1/events', '/nothing']) {
    const reply = await httpRequest(place, target);
    assert.deepEqual([reply.status, faultIn(reply).code], [401, 'unauthorized'], target);
  }
  const headers = { Authorization: 'Bearer s3cret' };
  assert.equal((await httpRequest(place, '/v1/status', { headers })).status, 200);
});
