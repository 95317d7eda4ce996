import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import { type Broker, startBroker } from '../support/broker.ts';
import { issueCertificate, makeCertificates } from '../support/certificates.ts';
import { processMemory } from '../support/process-memory.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import { randomTest } from '../support/random-test.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { WellBehavedPair } from '../support/well-behaved-pair.ts';

const MB = 1024 * 1024;
const SAID = 'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n';

interface Attacked {
  readonly broker: Broker;
  readonly pair: WellBehavedPair;
  /** Whether the pair goes on undisturbed, and how much the broker's memory has grown at most, MB. */
  unharmed(mostMb: number): Promise<void>;
}

/** A broker of ours with a pair of clients that must notice nothing. */
async function attacked(
  t: TestContext,
  options: { args: readonly string[]; config?: string; client?: object },
): Promise<Attacked> {
  const broker = await startBroker(t, { ...options, kind: 'embedded' });
  const pair = await WellBehavedPair.start(broker.url, options.client);
  t.after(() => pair[Symbol.asyncDispose]());
  await pair.goesOn(200);
  const before = (await processMemory(broker.pid)).rssBytes;
  const unharmed = async (mostMb: number) => {
    await pair.goesOn();
    const grown = ((await processMemory(broker.pid)).peakBytes - before) / MB;
    t.diagnostic(`memory grew by ${grown.toFixed(0)} MB at most; ${pair.answers} answers`);
    assert.ok(grown < mostMb, `the broker's memory grew by ${grown.toFixed(0)} MB`);
  };
  return { broker, pair, unharmed };
}

randomTest(
  'garbage of every kind ends the connection that it comes on, and disturbs nobody',
  async (t, { random }) => {
    const { broker, pair, unharmed } = await attacked(t, { args: ['--log-level', 'error'] });
    for (let round = 0; round < 200; round += 1) {
      await using client = await ProtocolClient.open(broker);
      const bytes = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 3000) }, () => random() * 256),
      );
      // A first letter that can begin no line, for one of them all might be the beginning of one.
      bytes[0] = 'QXZ\0\xff\r\n{ '.charCodeAt(round % 9);
      await client.send(bytes);
      await client.waitForEnd();
      assert.match(client.received, /^(-ERR 'Unknown Protocol Operation'\r\n)?$/);
    }
    for (const opening of ['SUB a 1\r\n', 'PUB a 100\r\n', 'HPUB a 10 100\r\n', 'CONNECT {}\r\n']) {
      await using client = await ProtocolClient.open(broker);
      await client.send(Buffer.concat([Buffer.from(opening), Buffer.alloc(5000, 0xfe)]));
      await client.waitForEnd();
    }
    assert.equal(pair.fault, undefined);
    await unharmed(100);
  },
);

test('a line of 100 MB is cut off at its beginning, whatever it begins with', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: [] });
  for (const opening of ['SUB ', 'PUB ', 'CONNECT {"name":"', 'UNSUB ', 'aaaa', 'PING', '-ERR ']) {
    const socket = await opened(broker, SAID + opening);
    await flood(socket, Buffer.alloc(MB, 'a'), 100);
    assert.ok(socket.destroyed, opening);
  }
  await unharmed(100);
});

test('messages of 100 MB are refused before they come', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: [] });
  for (const line of ['PUB a 100000000\r\n', 'HPUB a 12 100000000\r\n', 'PUB a 999999999\r\n']) {
    const socket = await opened(broker, SAID + line);
    await flood(socket, Buffer.alloc(MB, 'a'), 100);
    assert.ok(socket.destroyed, line);
  }
  await unharmed(100);
});

test('half a frame and then silence is a connection that is gone', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--ping-interval', '1'] });
  const halves = [
    '',
    SAID,
    `${SAID}PUB a 1000000\r\nabc`,
    `${SAID}SUB a`,
    `${SAID}HPUB a 10 1000\r\nNATS`,
    'CONN',
  ];
  const clients = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const client = await ProtocolClient.open(broker);
      await client.send(halves[index % halves.length]!);
      return client;
    }),
  );
  for (const client of clients) {
    await client.waitForEnd();
    assert.match(client.received, /^PING\r\n-ERR 'Stale Connection'\r\n$/);
  }
  await unharmed(60);
});

test('of 10,000 subscriptions those above the limit are refused, and who goes on is cut off', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--max-subscriptions', '1000'] });
  await using client = await ProtocolClient.open(broker);
  const deep = 'x.'.repeat(200);
  const lines = Array.from({ length: 10_000 }, (_, index) => `SUB ${deep}${index} ${index}\r\n`);
  await client.send(SAID + lines.join(''));
  await client.waitForEnd();
  const refusals = client.received.split("-ERR 'maximum subscriptions exceeded'\r\n").length - 1;
  assert.equal(client.received, "-ERR 'maximum subscriptions exceeded'\r\n".repeat(refusals));
  assert.equal(refusals, 1001);
  await unharmed(100);
});

test('a client that never reads is cut off when too much waits for it; others get all', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--max-pending', '8MB', '--log-level', 'warn'] });
  const deaf = await Promise.all(Array.from({ length: 5 }, () => opened(broker, `${SAID}SUB flood 1\r\n`)));
  const received = await publish(broker, { count: 100, bytes: MB - 100 });
  assert.equal(received, 100 * (MB - 100));
  for (const socket of deaf) {
    socket.resume();
    await waitFor('the connection to end', () => socket.destroyed);
  }
  assert.equal(broker.log.match(/reads too slowly/g)?.length, 5);
  await unharmed(220);
});

test('a client for which little waits, but which reads nothing, is cut off after a while', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--write-timeout', '0.5'] });
  const socket = await opened(broker, `${SAID}SUB flood 1\r\n`);
  const received = await publish(broker, { count: 20, bytes: MB - 100 });
  assert.equal(received, 20 * (MB - 100));
  await waitFor('the broker to cut it off', () => /reads too slowly/.test(broker.log));
  socket.destroy();
  await unharmed(150);
});

test('a client that asks and asks, and never reads the answers, is cut off', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--max-pending', '4MB'] });
  for (const lines of ['PING\r\n', 'SUB a..b 1\r\n', 'PUB a..b r 0\r\n\r\n']) {
    const socket = await opened(broker, `CONNECT {"verbose":true,"pedantic":true}\r\n`);
    const bytes = Buffer.from(lines.repeat(50_000));
    const isEnded = once(socket, 'close');
    for (let count = 0; count < 200 && !socket.destroyed; count += 1) {
      await Promise.race([new Promise((resolve) => socket.write(bytes, resolve)), isEnded]);
    }
    assert.ok(socket.destroyed, lines);
  }
  assert.equal(broker.log.match(/reads too slowly/g)?.length, 3);
  await unharmed(100);
});

test('many clients that read nothing are cut off before all that waits for them takes the memory', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: ['--log-level', 'warn'] });
  const deaf = await Promise.all(Array.from({ length: 30 }, () => opened(broker, `${SAID}SUB flood 1\r\n`)));
  const received = await publish(broker, { count: 60, bytes: MB - 100 });
  assert.equal(received, 60 * (MB - 100));
  await waitFor('some to be cut off', () => /reads too slowly/.test(broker.log));
  for (const socket of deaf) socket.destroy();
  // 30 times 60 MB would have waited.
  await unharmed(500);
});

test('connections above the limit are refused, and there is room again when others leave', async (t) => {
  const { broker, unharmed } = await attacked(t, {
    args: ['--max-connections', '1002', '--log-level', 'error'],
  });
  const clients = await Promise.all(Array.from({ length: 1500 }, () => ProtocolClient.open(broker)));
  const refused = () => clients.filter(({ isEnded }) => isEnded);
  await waitFor('the rest to be refused', () => refused().length >= 500);
  for (const client of refused()) assert.equal(client.received, "-ERR 'maximum connections exceeded'\r\n");
  const kept = clients.filter(({ isEnded }) => !isEnded);
  await Promise.all(kept.map((client) => client.settle()));
  assert.equal(kept.filter(({ isEnded }) => !isEnded).length, 1000);
  for (const client of clients) await client[Symbol.asyncDispose]();
  await waitFor('room for one more', async () => {
    await using client = await ProtocolClient.open(broker);
    await client.send(SAID);
    await client.settle();
    return !client.isEnded;
  });
  await unharmed(150);
});

test('who is refused hears why, also where it has spoken first', async (t) => {
  const broker = await startBroker(t, { kind: 'embedded', args: ['--max-connections', '1'] });
  await using first = await ProtocolClient.open(broker);
  await first.settle();
  const refused = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = await opened(broker, `${SAID}PUB a 3\r\nabc\r\n`);
      let text = '';
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1');
      });
      await waitFor('the connection to end', () => socket.destroyed);
      return text.slice(text.indexOf('\r\n') + 2);
    }),
  );
  assert.deepEqual([...new Set(refused)], ["-ERR 'maximum connections exceeded'\r\n"]);
});

test('who does not sign in is cut off, and who may not goes at once', async (t) => {
  const { broker, unharmed } = await attacked(t, {
    args: ['--sign-in-timeout', '1'],
    config: 'authorization { users = [ {user: me, password: secret} ] }',
    client: { user: 'me', pass: 'secret' },
  });
  const silent = await Promise.all(Array.from({ length: 100 }, () => ProtocolClient.open(broker)));
  const wrong = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const client = await ProtocolClient.open(broker);
      await client.send('CONNECT {"user":"me","pass":"guess"}\r\n');
      return client;
    }),
  );
  for (const client of wrong) {
    await client.waitForEnd();
    assert.equal(client.received, "-ERR 'Authorization Violation'\r\n");
  }
  for (const client of silent) {
    await client.waitForEnd();
    assert.equal(client.received, "-ERR 'Authentication Timeout'\r\n");
  }
  await unharmed(60);
});

test('who opens connections and does not sign in keeps nobody out, be it from the same address', async (t) => {
  const { broker, unharmed } = await attacked(t, {
    args: ['--max-signing-in', '20', '--max-connections', '40', '--sign-in-timeout', '1'],
    config: 'authorization { users = [ {user: me, password: secret} ] }',
    client: { user: 'me', pass: 'secret' },
  });
  const silent = await Promise.all(Array.from({ length: 60 }, () => ProtocolClient.open(broker)));
  await waitFor(
    'those above the limit to be refused',
    () => silent.filter((one) => one.isEnded).length >= 38,
  );
  const refused = silent.filter(({ received }) => received.includes('before sign-in exceeded'));
  assert.ok(refused.length > 0);
  await waitFor('one with a key to be let in', async () => {
    await using client = await ProtocolClient.open(broker);
    await client.send('CONNECT {"user":"me","pass":"secret","verbose":false}\r\n');
    await client.settle();
    return !client.isEnded;
  });
  await unharmed(60);
});

test('one key takes no place of others, however often it signs in: the oldest of too many of its connections goes', async (t) => {
  const [stolen, other] = [createUser(), createUser()];
  const users = [stolen, other].map((key) => `{nkey: ${key.getPublicKey()}}`).join(', ');
  const config = `authorization { users = [ ${users} ] }`;
  const args = ['--max-connections', '40'];
  const broker = await startBroker(t, { kind: 'embedded', config, args });
  const signIn = async (key: ReturnType<typeof createUser>) => {
    const client = await ProtocolClient.open(broker);
    const sig = Buffer.from(key.sign(Buffer.from(String(client.info.nonce)))).toString('base64url');
    await client.send(`CONNECT ${JSON.stringify({ nkey: key.getPublicKey(), sig, verbose: false })}\r\n`);
    await client.settle();
    return client;
  };
  await using node = await signIn(other);
  const clients: ProtocolClient[] = [];
  for (let count = 0; count < 50; count++) clients.push(await signIn(stolen));
  await clients[17]!.waitForEnd();
  assert.match(clients[0]!.received, /maximum connections of one key exceeded/);
  assert.deepEqual(
    clients.flatMap(({ isEnded }, at) => (isEnded ? [at] : [])),
    Array.from({ length: 18 }, (_, at) => at),
  );
  await using later = await signIn(other);
  assert.deepEqual([node.isEnded, later.isEnded], [false, false]);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test('subjects, headers and their names are of a length that nobody uses in earnest, or are not passed on', async (t) => {
  const { broker, unharmed } = await attacked(t, { args: [] });
  await using client = await ProtocolClient.open(broker);
  await client.send(`${SAID}SUB a 1\r\n`);
  const long = 'x'.repeat(1025);
  const message = (header: string) => {
    const block = `NATS/1.0\r\n${header}\r\n\r\n`;
    return `HPUB a ${block.length} ${block.length}\r\n${block}\r\n`;
  };
  await client.send(
    [
      ...[`PUB ${long} 0\r\n\r\n`, `PUB a ${long} 0\r\n\r\n`, `SUB ${long} 2\r\n`, `SUB a ${long} 2\r\n`],
      ...[message(`${long}: a`), message(`a: ${'y'.repeat(70_000)}`), message(`ok: ${'y'.repeat(2000)}`)],
    ].join(''),
  );
  await client.settle();
  const errors = [...client.received.matchAll(/-ERR '([^']*)'/g)].map(([, error]) => error);
  assert.deepEqual(errors, [
    ...['Maximum Subject Length Violation', 'Maximum Subject Length Violation'],
    ...['Invalid Subject', 'Invalid Subject', 'Maximum Header Name Violation', 'Maximum Header Violation'],
  ]);
  assert.equal(client.received.match(/HMSG a 1/g)?.length, 1);
  await unharmed(60);
});

test('TLS handshakes that never end are ended, and garbage in their place', async (t) => {
  const { path } = await tempFolder(t);
  const { ca } = await makeCertificates(path);
  const own = { path: join(path, 'own.pem'), name: 'IP:127.0.0.1,DNS:localhost' };
  const { certificate, key } = await issueCertificate(ca, own);
  const { broker, unharmed } = await attacked(t, {
    args: ['--tls-cert', certificate, '--tls-key', key, '--sign-in-timeout', '1'],
    client: { tls: { caFile: ca } },
  });
  const hello = Buffer.from('16030100c8010000c40303', 'hex');
  const kinds = ['', hello, 'CONNECT {}\r\n', Buffer.alloc(100_000, 0x16)];
  const clients = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const client = await ProtocolClient.open(broker);
      await client.send(kinds[index % kinds.length]!);
      return client;
    }),
  );
  for (const client of clients) await client.waitForEnd();
  await unharmed(100);
});

/** A connection that has said something, and has not begun to read. */
async function opened({ port }: Broker, text: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** Sends bytes again and again until the other side has had enough. */
async function flood(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  socket.resume();
  for (let count = 0; count < times && !socket.destroyed; count += 1) {
    await new Promise((resolve) => socket.write(bytes, resolve));
  }
  await waitFor('the connection to end', () => socket.destroyed);
}

/** Publishes messages on `flood`, each when the broker has taken the one before; returns the bytes that a reader got. */
async function publish(broker: Broker, { count, bytes }: { count: number; bytes: number }): Promise<number> {
  const reader = await opened(broker, `${SAID}SUB flood 1\r\n`);
  await using publisher = await ProtocolClient.open(broker);
  const line = `MSG flood 1 ${bytes}\r\n`;
  const whole = count * (line.length + bytes + 2);
  let received = 0;
  let isSettled = false;
  reader.on('data', (piece: Buffer) => {
    // INFO comes first, and nothing but the messages after it.
    received += isSettled ? piece.length : piece.length - (piece.indexOf('\r\n') + 2);
    isSettled = true;
  });
  await publisher.send(SAID);
  const frame = Buffer.concat([
    Buffer.from(`PUB flood ${bytes}\r\n`),
    Buffer.alloc(bytes, 'm'),
    Buffer.from('\r\n'),
  ]);
  for (let index = 0; index < count; index += 1) {
    await publisher.send(frame);
    await publisher.settle();
  }
  await waitFor('the reader to get all', () => received >= whole);
  reader.destroy();
  assert.equal(received, whole);
  return received - count * (line.length + 2);
}
