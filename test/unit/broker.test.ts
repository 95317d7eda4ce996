import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { startBroker } from '../support/broker.ts';
import { waitFor } from '../support/wait-for.ts';

test('a broker carries messages, takes extra config, and two of them run side by side', async (t) => {
  const [small, other] = await Promise.all([startBroker(t, { config: 'max_payload: 8KB' }), startBroker(t)]);
  assert.notEqual(small.port, other.port);
  await using connection = await client(small.url);
  assert.equal(connection.info?.max_payload, 8192);
  const subscription = connection.subscribe('ping', { callback: (_error, msg) => void msg.respond('pong') });
  assert.equal((await connection.request('ping')).string(), 'pong');
  subscription.unsubscribe();
});

test('a killed broker comes back on its port, and a client finds it again', async (t) => {
  const broker = await startBroker(t);
  await using connection = await client(broker.url);
  const { pid, port } = broker;
  await broker.kill();
  await assert.rejects(connect({ servers: broker.url, reconnect: false }));
  await broker.restart();
  assert.notEqual(broker.pid, pid);
  assert.equal(broker.port, port);
  await waitFor('the client to reconnect', () => connection.flush().then(() => true));
});

test('a broker with a faulty config says why it did not start', async () => {
  await assert.rejects(
    startBroker(undefined, { config: 'max_payload: nonsense {' }),
    /nats-server ended at its start/,
  );
});

test('a missing nats-server is named, with the package that has it', async (t) => {
  t.after(() => {
    delete process.env.STEWARD_TEST_NATS_SERVER;
  });
  process.env.STEWARD_TEST_NATS_SERVER = 'nats-server-that-is-not-there';
  await assert.rejects(startBroker(), /nats-server is missing.*apt-get install nats-server/);
});

test('stop ends the process and may be called twice', async () => {
  const broker = await startBroker();
  await broker.stop();
  await broker.stop();
  assert.throws(() => process.kill(broker.pid, 0), { code: 'ESRCH' });
});

async function client(url: string) {
  const connection = await connect({ servers: url, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
