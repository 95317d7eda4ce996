import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import type { ApiClient } from '../../src/client/api-client.ts';
import type { OperationName } from '../../src/contract/contract.ts';
import type { SubmissionAnswer } from '../../src/contract/requests.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import type { ConsoleSession } from '../../src/contract/sessions.ts';
import { newId } from '../../src/lib/new-id.ts';
import { type HttpReply, httpRequest } from '../support/api-request.ts';
import { startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { makePasskey } from '../support/make-passkey.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf, apiSocketOf, endedRequests, followEvents } from '../support/node-api.ts';
import { type Schema, schemaFaults } from '../support/schema-faults.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

interface Described {
  readonly operationId: OperationName;
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const command = (toNode: string, ...methodArgs: string[]) => ({
  ...{ toNode, method: 'REQCliCommand', methodArgs, replyMethod: 'REQNone' },
  ...{ ACKTimeout: 2, methodTimeout: 10 },
});

/** A fleet with something of everything: an ended and a failed request, one that waits, a node that is away. */
async function startFleet(t: TestScope) {
  const broker = await startBroker(t);
  const flags = { startPubREQHello: 1, webListener: '127.0.0.1:0' };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  await startStewardNode({ name: 'ship1', broker, flags: { labels: 'site=north', startPubREQHello: 1 } }, t);
  const api = apiOf(central, t);
  await waitFor('the hello of ship1', async () => (await api.nodes()).some(({ name }) => name === 'ship1'));
  return { broker, central, api };
}

/** For all tests that do not list what there is. */
const fleet = shared(startFleet);

test('every route answers as the OpenAPI document says, and what is not in it is not there', async (t) => {
  const { central, api } = await fleet();
  const place = { socketPath: apiSocketOf(central) };
  const document = JSON.parse((await httpRequest(place, '/openapi.json')).text) as Document;
  const { events } = await followEvents(api, t, {
    type: ['requests', 'output', 'nodes', 'errors', 'many'],
  });
  const done = await api.submit([
    { ...command('ship1', '/bin/sh', '-c', 'echo out; echo err >&2'), output: 'live' },
    command('ship1', '/bin/sh', '-c', 'exit 3'),
  ]);
  const [good] = await endedRequests(api, done.batch!);
  const waiting = await api.submit([command('ship9', '/bin/true'), command('ship9', '/bin/true')]);
  await waitFor('an error line', async () => (await api.errors()).length > 0);
  const ids = { good: good!.id, waiting: waiting.accepted[0]!.id, waitingBatch: waiting.batch! };
  const json = (value: unknown) => ({ body: JSON.stringify(value) });
  const session = await signIn(api);
  const passkey = await makePasskey(api, 'laptop');
  // The others are asked for as they are.
  const calls: Partial<Record<OperationName, [target: string, options?: { body: string }]>> = {
    submit: ['/v1/messages?dryRun=true&label=x', json([command('ship1', '/bin/true'), { toNode: 'ship1' }])],
    requests: ['/v1/requests?node=ship1&node=ship9&limit=2'],
    request: [`/v1/requests/${ids.good}`],
    output: [`/v1/requests/${ids.good}/output?stream=stderr`],
    cancelRequest: [`/v1/requests/${ids.waiting}/cancel`],
    resendRequest: [`/v1/requests/${ids.good}/resend`],
    batch: [`/v1/batches/${done.batch}`],
    batchAnswers: [`/v1/batches/${done.batch}/answers`],
    planBatch: [`/v1/batches/${done.batch}/plan`, json({ rest: ['ship9'] })],
    startWaves: [
      `/v1/batches/${newId()}/waves`,
      json({ targets: ['ship1'], message: { method: 'REQPing' }, batch: '1' }),
    ],
    cancelBatch: [`/v1/batches/${ids.waitingBatch}/cancel`],
    resendBatch: [`/v1/batches/${done.batch}/resend?which=failed`],
    targets: ['/v1/targets', json({ targets: ['ship*', 'nobody'] })],
    audit: ['/v1/audit?limit=5'],
    nodePage: ['/v1/nodes/page?target=ship*&sort=lastSeen&limit=1'],
    nodeFiles: ['/v1/nodes/ship1/files?limit=5'],
    nodeFile: ['/v1/nodes/ship1/files/content?path=hello-messages/ship1/hello.log'],
    endSession: [`/v1/console/sessions/${session.id}/end`],
    renamePasskey: [`/v1/console/passkeys/${passkey.id}/rename`, json({ name: 'desk' })],
    removePasskey: [`/v1/console/passkeys/${passkey.id}/remove`],
  };
  // Queues first, while there is one.
  // Central keeps its connection, and calls nobody.
  const left: readonly OperationName[] = ['events', 'callNow'];
  const names = (Object.keys(ROUTES) as OperationName[]).filter((name) => !left.includes(name));
  const order = ['queues' as const, ...names.filter((name) => name !== 'queues')];
  for (const name of order) {
    const { method, path } = ROUTES[name];
    const described = document.paths[path]?.[method.toLowerCase()];
    assert.equal(described?.operationId, name);
    const [target, options] = calls[name] ?? [path];
    const reply = await httpRequest(place, target, { method, ...options });
    assert.ok(reply.status < 300, `${name}: ${reply.status} ${reply.text}`);
    assert.deepEqual(answerFaults(reply, described, document), [], `${name}: ${reply.text.slice(0, 1000)}`);
    const { status, text } = reply;
    if (name !== 'planBatch') assert.ok(status !== 204 && text.length > 2, `${name} answered with nothing`);
  }
  const operations = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.deepEqual(operations.toSorted(), Object.keys(ROUTES).toSorted());
  const { schemas } = document.components;
  for (const event of events)
    assert.deepEqual(schemaFaults(event, { $ref: '#/components/schemas/ApiEvent' }, schemas), []);
  const types = new Set(events.map(({ type }) => type));
  assert.deepEqual([...types].toSorted(), ['errors', 'hello', 'nodes', 'output', 'requests']);
});

/** Signs a browser in to the console, and returns its session. */
async function signIn(api: ApiClient): Promise<ConsoleSession> {
  const { url } = await api.signInLink({ role: 'look' });
  const [place, code] = url.split('#in=');
  const reply = await fetch(`${place}session`, { method: 'POST', body: code });
  assert.equal(reply.status, 200);
  return (await api.sessions())[0]!;
}

/** What of an answer is not as the document says. */
function answerFaults(reply: HttpReply, { responses }: Described, { components }: Document): string[] {
  const answer = responses[reply.status];
  if (answer === undefined) return [`status ${reply.status} is not described`];
  if (answer.content === undefined) return reply.text === '' ? [] : ['it has a body'];
  const type = reply.headers['content-type'] ?? '';
  const schema = answer.content[type]?.schema;
  if (schema === undefined) return [`type ${type} is not described`];
  return type === 'application/json' ? schemaFaults(JSON.parse(reply.text), schema, components.schemas) : [];
}

test('a fault is answered in the form that the document has for it', async () => {
  const { central } = await fleet();
  const place = { socketPath: apiSocketOf(central) };
  const { components } = JSON.parse((await httpRequest(place, '/openapi.json')).text) as Document;
  const unknown = '0190a1b2-0000-7000-8000-000000000000';
  const cases: [method: string, target: string, status: number, body?: string][] = [
    ['GET', `/v1/requests/${unknown}`, 404],
    ['GET', `/v1/requests/${unknown}/output`, 404],
    ['GET', '/v1/requests/not-an-id', 404],
    ['GET', `/v1/batches/${unknown}`, 404],
    ['POST', `/v1/requests/${unknown}/cancel`, 404],
    ['POST', `/v1/requests/${unknown}/resend`, 404],
    ['POST', `/v1/batches/${unknown}/cancel`, 404],
    ['POST', `/v1/batches/${unknown}/resend`, 404],
    ['PUT', '/v1/batches/nonsense/plan', 404, '{}'],
    ['POST', '/v1/link/call', 400],
    ['GET', '/v1/requests?cursor=nonsense', 400],
    ['POST', '/v1/messages?batch=nonsense', 400, JSON.stringify(command('ship1', '/bin/true'))],
    ['POST', '/v1/messages', 400, '[{"toNode": "ship1",]'],
    ['DELETE', '/v1/nodes', 405],
  ];
  for (const [method, target, status, body] of cases) {
    const reply = await httpRequest(place, target, { method, body });
    assert.equal(reply.status, status, `${method} ${target}: ${reply.text}`);
    const faults = schemaFaults(
      JSON.parse(reply.text),
      { $ref: '#/components/schemas/ApiFault' },
      components.schemas,
    );
    assert.deepEqual(faults, [], reply.text);
  }
});

test('what is submitted by the API as YAML is delivered, kept as a batch, and its output is there', async () => {
  const { api } = await fleet();
  const yaml = `
- toNode: ship1
  method: REQCliCommand
  methodArgs: [/bin/sh, -c, "printf 'a\\\\nb'; exit 4"]
  replyMethod: REQNone
`;
  const { batch, accepted } = await api.submit(yaml, { label: 'a try' });
  const [ended] = await endedRequests(api, batch!);
  assert.deepEqual(
    [ended!.id, ended!.node, ended!.state, ended!.exitCode],
    [accepted[0]!.id, 'ship1', 'failed', 4],
  );
  assert.equal(Buffer.from(await api.output(ended!.id)).toString(), 'a\nb');
  assert.equal(Buffer.from(await api.output(ended!.id, { from: 2 })).toString(), 'b');
  const { label, total, counts } = await api.batch(batch!);
  assert.deepEqual([label, total, counts], ['a try', 1, { failed: 1 }]);
  const { timeline, why } = await api.request(ended!.id);
  const steps = timeline.map(({ what }) => what);
  assert.equal(steps[0], 'queued');
  assert.equal(steps.at(-1), 'failed');
  assert.match(why, /4/);
});

test('a list is read page by page, and every request is on one of them', async (t) => {
  const { api } = await startFleet(t);
  const messages = Array.from({ length: 25 }, () => command('ship9', '/bin/true'));
  const { batch, accepted } = await api.submit(messages);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.requests({ batch: batch!, limit: 10, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(seen, accepted.map(({ id }: SubmissionAnswer['accepted'][number]) => id).toReversed());
  assert.deepEqual((await api.requests({ state: ['succeeded'] })).items, []);
});

test("the socket is its owner's alone", async () => {
  const { central } = await fleet();
  const found = statSync(apiSocketOf(central));
  assert.ok(found.isSocket());
  assert.equal(found.mode & 0o777, 0o600);
});
