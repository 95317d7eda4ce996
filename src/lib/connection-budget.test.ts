import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionBudget, connectionLimits } from './connection-budget.ts';

/** Servers that share a budget; what they are sent they send back. */
async function start(t: TestContext, limits: { total: number; perServer: number; perPeer: number }) {
  const budget = new ConnectionBudget(limits);
  const warnings: string[] = [];
  const logger = { warn: (_: object, text: string) => void warnings.push(text), error: () => {} };
  const clients: Socket[] = [];
  const serve = async () => {
    const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    budget.watch(server, logger);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      for (const client of clients) client.destroy();
      server.close();
    });
    return server;
  };
  /** A client that is connected. */
  const join = async (server: Server) => {
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1').on('error', () => {});
    clients.push(client);
    const taken = once(server, 'connection');
    await once(client, 'connect');
    await taken;
    return client;
  };
  return { serve, join, warnings };
}

/** Whether a client is served: what it sends comes back; false where it was cut off. */
async function isServed(client: Socket): Promise<boolean> {
  const closed = once(client, 'close').then(() => false);
  if (client.destroyed) return false;
  client.write('x');
  return await Promise.race([once(client, 'data').then(() => true), closed]);
}

test('where a client comes too many, the one that has been silent longest gives way', async (t) => {
  const { serve, join, warnings } = await start(t, { total: 10, perServer: 3, perPeer: 10 });
  const server = await serve();
  const busy = await join(server);
  assert.equal(await isServed(busy), true);
  const silent = await join(server);
  const later = await join(server);
  const newest = await join(server);
  assert.equal(await isServed(silent), false);
  for (const client of [busy, later, newest]) assert.equal(await isServed(client), true);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /more clients are connected than fit.*ulimit -n/);
});

test('one whose end has been sent gives way before a new client, though it had its answer', async (t) => {
  const { serve, join } = await start(t, { total: 10, perServer: 2, perPeer: 10 });
  const server = await serve();
  const ended = once(server, 'connection') as Promise<[Socket]>;
  const first = await join(server);
  const second = await join(server);
  for (const client of [first, second]) assert.equal(await isServed(client), true);
  // The client does not end its own half: the connection stays open.
  first.allowHalfOpen = true;
  const [served] = await ended;
  served.unpipe(served).end();
  await once(first.resume(), 'end');
  assert.equal(await isServed(await join(server)), true);
  assert.equal(await isServed(second), true);
});

test('where all are at work, the new client gives way', async (t) => {
  const { serve, join } = await start(t, { total: 10, perServer: 2, perPeer: 10 });
  const server = await serve();
  const first = await join(server);
  const second = await join(server);
  for (const client of [first, second]) assert.equal(await isServed(client), true);
  assert.equal(await isServed(await join(server)), false);
  for (const client of [first, second]) assert.equal(await isServed(client), true);
});

test('the limits of all servers together and of one address hold too', async (t) => {
  for (const limits of [
    { total: 2, perServer: 10, perPeer: 10 },
    { total: 10, perServer: 10, perPeer: 2 },
  ]) {
    const { serve, join } = await start(t, limits);
    const [one, other] = [await serve(), await serve()];
    const first = await join(one);
    const second = await join(other);
    const third = await join(other);
    assert.deepEqual(
      [await isServed(second), await isServed(first), await isServed(third)],
      [false, true, true],
    );
  }
});

test('a client that leaves makes room', async (t) => {
  const { serve, join } = await start(t, { total: 10, perServer: 1, perPeer: 10 });
  const server = await serve();
  const first = await join(server);
  assert.equal(await isServed(first), true);
  const gone = new Promise<void>((resolve) => {
    server.getConnections(() => resolve());
  });
  first.destroy();
  await gone;
  let second = await join(server);
  while (!(await isServed(second))) second = await join(server);
});

/** Servers without a network: connections come from any address, and have said something unless told. */
function simulated(limits: { total: number; perServer: number; perPeer: number }) {
  const budget = new ConnectionBudget(limits);
  const serve = () => {
    const server = new EventEmitter() as Server;
    budget.watch(server);
    return server;
  };
  const join = (
    server: Server,
    remoteAddress: string | undefined,
    bytesRead = 1,
    bytesWritten = bytesRead,
  ) => {
    const bytes = { bytesRead, bytesWritten };
    const socket = Object.assign(new EventEmitter(), { remoteAddress, ...bytes, isOpen: true });
    server.emit('connection', Object.assign(socket, { destroy: () => (socket.isOpen = false) }));
    return socket;
  };
  return { budget, serve, join };
}

test('from half of what one server may have on, connections are not kept for a next request', () => {
  const { budget, serve, join } = simulated({ total: 100, perServer: 10, perPeer: 10 });
  const server = serve();
  const sockets = Array.from({ length: 6 }, (_, at) => join(server, `10.0.${at}.1`));
  assert.equal(budget.isCrowded, true);
  sockets[0]!.emit('close');
  assert.equal(budget.isCrowded, false);
});

test('who opens many connections, and speaks on each, keeps nobody of another network out', () => {
  const { serve, join } = simulated({ total: 100, perServer: 10, perPeer: 10 });
  const server = serve();
  const others = ['10.0.0.7', '10.0.0.8'].map((address) => join(server, address));
  const flood = Array.from({ length: 40 }, () => join(server, '10.0.0.66'));
  const operator = join(server, '10.0.0.9', 0);
  const more = Array.from({ length: 40 }, () => join(server, '10.0.0.66'));
  assert.ok([...others, operator].every(({ isOpen }) => isOpen));
  assert.equal([...flood, ...more].filter(({ isOpen }) => isOpen).length, 7);
  // Half a network of IPv6, and all of loopback, are one.
  const six = Array.from({ length: 40 }, (_, at) => join(server, `2001:db8:1:2::${at}`));
  const local = Array.from({ length: 40 }, (_, at) => join(server, `127.0.0.${at}`));
  assert.ok([...others, operator].every(({ isOpen }) => isOpen));
  for (const crowd of [flood, six, local]) assert.ok(crowd.filter(({ isOpen }) => isOpen).length < 5);
});

test('who is served goes before requests that never become whole, also of the own network and of many', () => {
  const { serve, join } = simulated({ total: 100, perServer: 10, perPeer: 10 });
  for (const address of [() => '127.0.0.1', (at: number) => `10.1.${at}.1`]) {
    const server = serve();
    const served = join(server, address(100));
    const flood = Array.from({ length: 40 }, (_, at) => join(server, address(at), 20, 0));
    const operator = join(server, address(101), 0);
    assert.deepEqual([served.isOpen, operator.isOpen], [true, true]);
    assert.equal(flood.filter(({ isOpen }) => isOpen).length, 8);
  }
});

test('a flood from many networks leaves room on unix sockets', () => {
  const { serve, join } = simulated({ total: 100, perServer: 50, perPeer: 50 });
  const [tcp, http, socket] = [serve(), serve(), serve()];
  const flood = [tcp, http].flatMap((server) =>
    Array.from({ length: 200 }, (_, at) => join(server, `10.0.${at}.1`)),
  );
  assert.equal(flood.filter(({ isOpen }) => isOpen).length, 75);
  const commands = Array.from({ length: 25 }, () => join(socket, undefined, 0));
  join(tcp, '10.1.0.1');
  assert.ok(commands.every(({ isOpen }) => isOpen));
});

test('the limits follow from how many files may be open', () => {
  assert.deepEqual(connectionLimits(200), { total: 68, perServer: 34, perPeer: 34 });
  assert.deepEqual(connectionLimits(20), { total: 8, perServer: 4, perPeer: 4 });
  assert.deepEqual(connectionLimits(1_000_000).perPeer, 900);
});
