import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { startBroker } from '../../test/support/broker.ts';
import { freePort } from '../../test/support/free-port.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { Bus } from './bus.ts';
import type { BusOptions } from './connect-options.ts';

function optionsFor(brokerAddress: string): BusOptions {
  return {
    ...{ nodeName: 'ship1', brokerAddress, rootCaPath: '', nkeySeedFile: '' },
    ...{ credsFile: '', tlsCertFile: '', tlsKeyFile: '' },
    ...{
      connectTimeoutMs: 1000,
      silenceMs: 60_000,
      retryIntervalMs: 10,
      reconnectJitterMs: 1,
      reconnectJitterTlsMs: 1,
    },
  };
}

function deps() {
  const events: string[] = [];
  const warnings: string[] = [];
  const faults: string[] = [];
  return {
    events,
    faults,
    warnings,
    logger: { info: () => {}, warn: (_: object, text: string) => void warnings.push(text) },
    connected: () => void events.push('connect'),
    disconnected: () => void events.push('disconnect'),
    linkFailed: (text: string) => void faults.push(text),
  };
}

function startBus(options: BusOptions, made: ReturnType<typeof deps>): Bus {
  const bus = new Bus(options, made);
  bus.start([made]);
  return bus;
}

test('messages, headers and the word that nobody listens come through a broker', async (t) => {
  const broker = await startBroker(t);
  const made = deps();
  await using bus = startBus(optionsFor(`127.0.0.1:${broker.port}`), made);
  const seen: WireMessage[] = [];
  using early = bus.subscribe('a.*', (message) => void seen.push(message));
  await bus.firstAttempt(5000);
  await early.ready();
  assert.deepEqual([bus.isConnected, made.events], [true, ['connect']]);
  assert.equal(bus.publish('a.b', 'text', { reply: 'r', headers: { 'Some-Header': 'x y' } }), true);
  assert.equal(bus.publish('nobody.listens', '', { reply: 'a.answer' }), true);
  await waitFor('both messages', () => seen.length === 2);
  const [first, second] = seen as [WireMessage, WireMessage];
  assert.deepEqual(
    [first.subject, first.reply, String(Buffer.from(first.payload)), first.noResponders],
    ['a.b', 'r', 'text', false],
  );
  assert.deepEqual([first.header('Some-Header'), first.header('Other')], ['x y', undefined]);
  assert.deepEqual([second.subject, second.noResponders], ['a.answer', true]);
});

test('a message that cannot be taken is reported, and the next one is heard', async (t) => {
  const broker = await startBroker(t);
  const made = deps();
  await using bus = startBus(optionsFor(`127.0.0.1:${broker.port}`), made);
  const seen: string[] = [];
  using heard = bus.subscribe('a.*', ({ subject }) => {
    if (subject === 'a.bad') throw new Error('the disk is gone');
    seen.push(subject);
  });
  await bus.firstAttempt(5000);
  await heard.ready();
  bus.publish('a.bad', '');
  bus.publish('a.good', '');
  await waitFor('the next message', () => seen.length === 1);
  assert.deepEqual(made.faults, ['messages could not be taken: the disk is gone']);
});

test('without a broker nothing is published, and stopping does not wait', async () => {
  const bus = startBus(optionsFor(`127.0.0.1:${await freePort()}`), deps());
  await bus.firstAttempt(5000);
  assert.equal(bus.isConnected, false);
  assert.equal(bus.publish('a', 'b'), false);
  await bus[Symbol.asyncDispose]();
  await bus[Symbol.asyncDispose]();
});

test('attempts that fail leave nothing behind, and their warnings no password', async (t) => {
  const made = deps();
  const added: AbortSignal[] = [];
  const original = AbortSignal.prototype.addEventListener;
  t.mock.method(AbortSignal.prototype, 'addEventListener', function (this: AbortSignal, ...args: unknown[]) {
    added.push(this);
    return Reflect.apply(original, this, args);
  });
  const bus = startBus(optionsFor(`nats://me:secret@127.0.0.1:${await freePort()}`), made);
  await waitFor('several attempts', () => added.length >= 10);
  const most = Math.max(...[...new Set(added)].map((signal) => getEventListeners(signal, 'abort').length));
  await bus[Symbol.asyncDispose]();
  assert.ok(most <= 2, `${most} listeners`);
  assert.match(
    made.warnings.join('\n'),
    /^no connection to the broker at nats:\/\/127\S+: nothing listens there.*$/,
  );
  assert.deepEqual(made.faults, made.warnings, 'one line and one report, however many attempts');
});

test('a broker that is silent does not hold up the stop', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const bus = startBus(optionsFor(`127.0.0.1:${(server.address() as { port: number }).port}`), deps());
  await bus[Symbol.asyncDispose]();
});

test('a flush ends with the connection that it waits for', async (t) => {
  const broker = await startBroker(t);
  const made = deps();
  await using bus = startBus(optionsFor(broker.url), made);
  await bus.firstAttempt(5000);
  broker.pause();
  const early = bus.subscribe('a', () => {});
  const both = Promise.all([bus.flush(), early.ready()]);
  await broker.kill();
  await both;
});

test('a connection of which nothing can be read any more is given up, whatever comes over it', async (t) => {
  const broker = await startBroker(t);
  const clients: Socket[] = [];
  const way = createServer((client) => {
    clients.push(client);
    const server = connect(broker.port, '127.0.0.1');
    client
      .on('error', () => {})
      .pipe(server.on('error', () => {}))
      .pipe(client);
  }).listen(0, '127.0.0.1');
  t.after(() => way.close());
  await once(way, 'listening');
  const made = deps();
  const { port } = way.address() as AddressInfo;
  await using bus = startBus({ ...optionsFor(`127.0.0.1:${port}`), silenceMs: 500 }, made);
  await bus.firstAttempt(5000);
  clients[0]!.write('no line of this protocol\r\n');
  const chatter = setInterval(() => clients[0]!.write('PING\r\n'), 50);
  t.after(() => clearInterval(chatter));
  await waitFor('another connection', () => made.events.length === 3);
  assert.deepEqual(made.events, ['connect', 'disconnect', 'connect']);
});

test('a broker that takes no headers is named with the way out, and tried again', async (t) => {
  const broker = await startBroker(t, { kind: 'nats-server', config: 'no_header_support: true' });
  const made = deps();
  await using bus = startBus(optionsFor(`127.0.0.1:${broker.port}`), made);
  const [text] = await waitFor('the reason', () => made.faults.length > 0 && made.faults);
  assert.match(text!, /takes no headers, without which nothing can be delivered: take no_header_support out/);
  assert.equal(bus.isConnected, false);
});

test('a broker that takes hardly any payload is reported with the least that is enough', async (t) => {
  for (const [size, isEnough] of [
    [16_383, false],
    [16_384, true],
  ] as const) {
    const broker = await startBroker(t, { config: `max_payload: ${size}` });
    const made = deps();
    await using bus = startBus(optionsFor(broker.url), made);
    await bus.firstAttempt(5000);
    assert.equal(bus.isConnected, true);
    const texts = isEnough
      ? []
      : [/takes messages of 16383 bytes at most .*: set max_payload there to 16KB at least/];
    assert.equal(made.faults.length, texts.length);
    for (const text of texts) assert.match(made.faults[0]!, text);
  }
});
