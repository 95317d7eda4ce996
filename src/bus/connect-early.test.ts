import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../../test/support/broker.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { Bus } from './bus.ts';

const INFO = {
  ...{ server_id: 'a', server_name: 'a', version: '2.10.0', proto: 1, max_payload: 1_048_576 },
  headers: true,
};

const GREETING = `INFO ${JSON.stringify(INFO)}\r\n`;

/** A broker that says what the test has it say, and notes what each connection sent. */
async function startMute(t: TestContext, { greets = true } = {}) {
  const sockets: Socket[] = [];
  const heard: string[] = [];
  const take = (socket: Socket) => {
    const at = sockets.push(socket) - 1;
    heard[at] = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard[at] = `${heard[at]}${data}`;
    });
    if (greets || at === 0) socket.write(GREETING);
  };
  const servers = [createServer(take), createServer(take)];
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  });
  const [port, otherPort] = servers.map((server) => (server.address() as AddressInfo).port);
  return { port: port!, otherPort: otherPort!, sockets, heard };
}

function startBus(port: number, { brokerAddress = `127.0.0.1:${port}`, connectTimeoutMs = 5000 } = {}) {
  const events: string[] = [];
  const bus = new Bus(
    {
      ...{ nodeName: 'ship1', brokerAddress, rootCaPath: '', nkeySeedFile: '' },
      ...{ credsFile: '', tlsCertFile: '', tlsKeyFile: '', connectTimeoutMs, silenceMs: 60_000 },
      ...{ retryIntervalMs: 10, reconnectJitterMs: 1, reconnectJitterTlsMs: 1 },
    },
    { logger: { info: () => {}, warn: () => {} } },
  );
  const connected = () => {
    events.push('connect');
    bus.publish('central.hello', 'hello');
  };
  bus.start([{ connected, disconnected: () => void events.push('disconnect') }]);
  return { bus, events };
}

test('once a broker has let a node in, it hears at the next connect all that the node has to say without a round trip before', async (t) => {
  const { port, sockets, heard } = await startMute(t);
  const { bus, events } = startBus(port);
  await using _ = bus;
  using _heard = bus.subscribe('ship1.a', () => {});
  await waitFor('the first sign-in', () => heard[0]?.includes('PING'));
  assert.doesNotMatch(heard[0]!, /SUB|PUB/, 'nobody knows yet whether the broker lets it in');
  sockets[0]!.write('PONG\r\n');
  await waitFor('the hello', () => heard[0]!.includes('hello\r\n'));
  // Of one message the last answer says all that the one before said.
  for (const place of ['@1', '@2'])
    bus.publish('central.parts', '', { headers: {}, again: { S: 'part 1-1', 'Steward-Part': place } });
  bus.publish('central.answer', 'text', { headers: { a: 'first' }, again: { a: 'again' } });
  await waitFor('the answer', () => heard[0]!.includes('first'));
  sockets[0]!.destroy();
  await waitFor('the hello without a PONG', () => heard[1]?.includes('hello\r\n'));
  assert.match(
    heard[1]!,
    /^CONNECT .*\r\nPING\r\nSUB ship1\.a 1\r\nHPUB central\.parts .*\r\nNATS\/1\.0\r\nS: part 1-1\r\nSteward-Part: @2\r\n\r\n\r\nHPUB central\.answer .*\r\nNATS\/1\.0\r\na: again\r\n\r\n\r\nPUB central\.hello /,
  );
  assert.deepEqual(events, ['connect', 'disconnect', 'connect']);
  sockets[1]!.write("-ERR 'Authorization Violation'\r\n");
  await waitFor('the next sign-in', () => heard[2]?.includes('PING'));
  assert.doesNotMatch(heard[2]!, /SUB|PUB/);
  assert.deepEqual(events, ['connect', 'disconnect', 'connect', 'disconnect']);
  sockets[2]!.write('PONG\r\n');
  await waitFor('the hello', () => heard[2]!.includes('hello\r\n'));
  assert.equal(heard[2]!.match(/SUB ship1\.a/g)?.length, 1);
  assert.doesNotMatch(heard[2]!, /again/, 'once is enough');
});

test('where a broker signs nothing and encrypts nothing, the next sign-in waits for no greeting', async (t) => {
  const { port, sockets, heard } = await startMute(t, { greets: false });
  const { bus, events } = startBus(port);
  await using _ = bus;
  await waitFor('the first sign-in', () => heard[0]?.includes('PING'));
  sockets[0]!.write('PONG\r\n');
  await waitFor('the hello', () => heard[0]!.includes('hello\r\n'));
  sockets[0]!.destroy();
  await waitFor('the hello without a greeting', () => heard[1]?.includes('hello\r\n'));
  assert.match(heard[1]!, /^CONNECT .*\r\nPING\r\nPUB central\.hello /);
  sockets[1]!.write(GREETING.replace('1048576', '4096'));
  sockets[1]!.write('PONG\r\n');
  await waitFor('what is said now to count', () => bus.maxPayload === 4096);
  assert.equal(heard[1]!.match(/CONNECT/g)?.length, 1);
  assert.deepEqual(events, ['connect', 'disconnect', 'connect']);
  // Another program may have the port now: then it is asked how it greets.
  sockets[1]!.destroy();
  await waitFor('the next hello', () => heard[2]?.includes('hello\r\n'));
  sockets[2]!.destroy();
  await waitFor('another attempt', () => sockets.length === 4);
  sockets[3]!.write(GREETING);
  await waitFor('the sign-in', () => heard[3]?.includes('PING'));
  assert.doesNotMatch(heard[3]!, /PUB/);
});

test('what was begun with a broker that says nothing then is not taken for begun with the next one', async (t) => {
  const { port, otherPort, sockets, heard } = await startMute(t, { greets: false });
  const { bus } = startBus(port, {
    brokerAddress: `127.0.0.1:${port},127.0.0.1:${otherPort}`,
    connectTimeoutMs: 300,
  });
  await using _ = bus;
  using _heard = bus.subscribe('ship1.a', () => {});
  await waitFor('the first sign-in', () => heard[0]?.includes('PING'));
  sockets[0]!.write('PONG\r\n');
  await waitFor('the hello', () => heard[0]!.includes('hello\r\n'));
  sockets[0]!.destroy();
  await waitFor('another attempt, at the other port', () => sockets.length === 3);
  assert.match(heard[1]!, /hello/);
  await waitFor('the silent connection to be closed', () => sockets[1]!.destroyed);
  assert.equal(heard[2], '', 'how this one greets is waited for');
  sockets[2]!.write(GREETING);
  await waitFor('the sign-in', () => heard[2]!.includes('PING'));
  sockets[2]!.write('PONG\r\n');
  await waitFor('all that is to be said', () => /SUB ship1\.a .*hello\r\n/s.test(heard[2]!));
});

test('what comes over a connection that was begun so is heard, and refusals too', async (t) => {
  const broker = await startBroker(t, {
    kind: 'nats-server',
    config:
      'authorization: { default_permissions: { subscribe: { deny: "denied" } }, users: [{ user: a, password: a }] }\nno_auth_user: a',
  });
  const proxy = await startTcpProxy(broker, t);
  const { bus, events } = startBus(proxy.port);
  await using _ = bus;
  const seen: string[] = [];
  using _heard = bus.subscribe('*.hello', ({ subject }) => void seen.push(subject));
  await waitFor('the first hello', () => seen.length === 1);
  proxy.cut();
  await waitFor('the second hello', () => seen.length === 2);
  using denied = bus.subscribe('denied', () => {});
  await assert.rejects(denied.ready(), /denied/);
  assert.deepEqual(events, ['connect', 'disconnect', 'connect']);
});
