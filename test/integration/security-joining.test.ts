import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { makeUserKey } from '../../src/lib/nkey.ts';
import { askToJoin } from '../../src/security/ask-to-join.ts';
import { makeAuthority, makeServerCertificate } from '../../src/security/certificate.ts';
import { writeRequest } from '../../src/security/join-messages.ts';
import { joinAnswerSubject, joinSubject } from '../../src/security/permissions.ts';
import { decodeToken, encodeToken, tokenKeyOf } from '../../src/security/token.ts';
import { changedToken, UpCentral } from '../support/joining.ts';
import { publishFault, subscribeFault } from '../support/keyed-fleet.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const VIOLATION = /Permissions Violation/i;
/** One that nobody has joined, and which has given away no token. */
const untouched = shared(async (scope) => ({ central: await UpCentral.start(scope) }));
/** What all share that let machines in, each with names of its own. */
const joined = shared(async (scope) => ({ central: await UpCentral.start(scope, ['--no-invite']) }));
const VALIDITY = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) };

test('a token works once: others hear that it was used, and the same key is let in again', async () => {
  const { central } = await joined();
  const token = await central.token();
  const { seed } = makeUserKey();
  const admitted = { verdict: 'admitted', central: 'central', name: 'ship1', trust: 'closed' };
  assert.deepEqual(await central.ask(token, 'ship1', seed), admitted);
  const other = await central.ask(token, 'ship2');
  assert.ok(other.verdict === 'used');
  assert.match(other.reason, /^this token was used at \S+, for the node ship1: a token lets in one machine$/);
  assert.deepEqual(await central.ask(token, 'ship1', seed), admitted);
  assert.deepEqual(
    (await central.kept()).nodes.map(({ name }) => name),
    ['ship1'],
  );
});

test('of several that join at once with one token, exactly one is let in', async () => {
  const { central } = await joined();
  const before = (await central.kept()).nodes.length;
  for (let round = 1; round <= 5; round++) {
    const token = await central.token();
    const names = [1, 2, 3, 4].map((index) => `ship${round}${index}`);
    const answers = await Promise.all(names.map((name) => central.ask(token, name)));
    const verdicts = answers.map(({ verdict }) => verdict).sort();
    assert.deepEqual(verdicts, ['admitted', 'used', 'used', 'used']);
    assert.equal((await central.kept()).nodes.length, before + round);
  }
});

test('names that are wild, reserved or taken are refused, and the token stays good', async () => {
  const { central } = await joined();
  const before = await namesIn(central);
  assert.equal((await central.ask(await central.token(), 'boat1')).verdict, 'admitted');
  const token = await central.token();
  for (const name of [
    '*',
    '>',
    'boat1.>',
    '*.*',
    'errorCentral',
    'Steward',
    '',
    'a;reboot',
    'a`id`',
    '$(id)',
  ])
    assert.equal((await central.ask(token, name)).verdict, 'bad-name', name);
  for (const name of ['boat1', 'Boat1', 'central'])
    assert.equal((await central.ask(token, name)).verdict, 'name-taken', name);
  assert.equal((await central.ask(await central.token('--name', 'boat9'), 'boat8')).verdict, 'other-name');
  assert.equal((await central.ask(token, 'boat2')).verdict, 'admitted');
  assert.deepEqual(await namesIn(central), [...before, 'boat1', 'boat2'].toSorted());
});

test('a token whose time is over is refused, and soon not even let in as a guest', async (t) => {
  const central = await UpCentral.start(t, ['--no-invite']);
  const token = await central.token('--ttl', '1s');
  const sentence = await waitFor('the broker to forget it', async () => {
    // A name that is refused, so that asking never uses it up.
    const answer = await central.ask(token, '*').catch((error: Error) => error.message);
    return typeof answer === 'string' && answer;
  });
  assert.match(
    sentence,
    /does not know this token: its time was over at \S+; steward invite on the central node/,
  );
  await waitFor('it to be gone from the disk', async () => (await central.kept()).tokens.length === 0);
});

test('a token that was changed is of no use', async () => {
  const { central } = await untouched();
  const text = central.printedToken;
  const address = { host: '127.0.0.1', port: central.port };
  const ask = (change: Parameters<typeof changedToken>[1]) =>
    askToJoin({ address, token: changedToken(text, change), nodeSeed: makeUserKey().seed, name: 'ship1' });
  await assert.rejects(
    ask({ seed: makeUserKey().seed }),
    /does not know this token: it was withdrawn, or its time is over/,
  );
  await assert.rejects(
    ask({ authority: new Uint8Array(32) }),
    /is not the one that this token is for: the token is of another fleet/,
  );
  assert.deepEqual((await central.kept()).nodes, []);
  // What else it says is for the machine that joins; the central node knows better.
  const named = await central.token('--name', 'ship7');
  const renamed = encodeToken(changedToken(named, { name: 'ship8', expiresAt: 0xffffffff }));
  assert.equal((await central.ask(renamed, 'ship8')).verdict, 'other-name');
});

test("a token is good for its own fleet's broker alone", async (t) => {
  const { central } = await untouched();
  const other = await UpCentral.start(t);
  await assert.rejects(other.ask(central.printedToken, 'ship1'), /is not the one that this token is for/);
});

test('with a token one may ask to be let in, and nothing else', async (t) => {
  const { central } = await untouched();
  const [own, other] = [decodeToken(central.printedToken), decodeToken(await central.token())];
  const connection = await central.client(t, own.seed);
  const [ownKey, otherKey] = [tokenKeyOf(own), tokenKeyOf(other)];
  const subjects = [joinSubject(otherKey), joinAnswerSubject(otherKey), 'central.REQCliCommand.CommandACK'];
  for (const subject of [
    ...subjects,
    joinAnswerSubject(ownKey),
    'errorCentral.REQErrorLog.EventACK',
    '_INBOX.a',
  ])
    assert.match(await publishFault(connection, subject), VIOLATION, subject);
  for (const subject of [
    ...subjects,
    joinSubject('*'),
    joinAnswerSubject('*'),
    '>',
    'Steward.>',
    'central.>',
    joinSubject(ownKey),
  ])
    assert.match(await subscribeFault(connection, subject), VIOLATION, subject);
  assert.equal(await subscribeFault(connection, joinAnswerSubject(ownKey)), '');
});

test('garbage on the subject of joining disturbs nobody', async (t) => {
  const { central } = await joined();
  const before = await namesIn(central);
  const token = decodeToken(await central.token());
  const connection = await central.client(t, token.seed);
  const subject = joinSubject(tokenKeyOf(token));
  const request = writeRequest({ tokenSeed: token.seed, nodeSeed: makeUserKey().seed, name: 'ship1' });
  const pieces = [
    '',
    '{}',
    'null',
    request.slice(0, -5),
    request.replace('ship1', 'ship2'),
    '\0'.repeat(500_000),
    '{"body":'.repeat(10_000),
  ];
  for (let round = 0; round < 50; round++) for (const piece of pieces) connection.publish(subject, piece);
  await connection.flush();
  assert.equal((await central.ask(await central.token(), 'ship5')).verdict, 'admitted');
  assert.deepEqual(await namesIn(central), [...before, 'ship5'].toSorted());
  assert.equal(central.program.exit, undefined);
  assert.match(central.program.stderr, /a request to join was passed over/);
});

test('a request that is played again lets nobody in who was forgotten, and changes no key', async (t) => {
  const { central } = await joined();
  const before = await namesIn(central);
  const keyOf = async (name: string) => (await central.kept()).nodes.find((node) => node.name === name)?.key;
  const token = decodeToken(await central.token());
  const connection = await central.client(t, token.seed);
  const request = writeRequest({ tokenSeed: token.seed, nodeSeed: makeUserKey().seed, name: 'ship6' });
  const verdicts: string[] = [];
  connection.subscribe(joinAnswerSubject(tokenKeyOf(token)), {
    callback: (_, message) => void verdicts.push(JSON.parse(message.json<{ body: string }>().body).verdict),
  });
  const play = async () => {
    const before = verdicts.length;
    connection.publish(joinSubject(tokenKeyOf(token)), request);
    return waitFor('an answer', () => verdicts[before]);
  };
  assert.equal(await play(), 'admitted');
  assert.equal(await play(), 'admitted');
  const first = await keyOf('ship6');
  assert.equal(await central.forget('ship6'), 'ship6 is let in no more.\n');
  assert.equal(await play(), 'used');
  assert.deepEqual(await namesIn(central), before);
  assert.equal((await central.ask(await central.token('--name', 'ship6'), 'ship6')).verdict, 'admitted');
  assert.equal(await play(), 'used');
  assert.notEqual(await keyOf('ship6'), first);
});

async function namesIn(central: UpCentral): Promise<string[]> {
  return (await central.kept()).nodes.map(({ name }) => name).toSorted();
}

/** Something that listens in place of the broker, and notes what it is sent once it is encrypted. */
async function impostor(
  t: TestContext,
  { info, tls }: { info: object; tls?: { cert: string; key: string } },
): Promise<{ port: number; heard: () => string }> {
  let heard = '';
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    if (!tls) return void socket.on('data', (bytes) => (heard += bytes.toString()));
    const secure = new TLSSocket(socket, { isServer: true, ...tls });
    secure.on('error', () => {});
    secure.on('data', (bytes) => (heard += bytes.toString()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard: () => heard };
}

test('a broker in the middle is found out before it hears anything', async (t) => {
  const { central } = await untouched();
  const real = await central.authority();
  const name = 'Steward broker of central';
  const own = makeAuthority(name, VALIDITY);
  const issuer = { name, key: createPrivateKey(own.key) };
  const server = makeServerCertificate({ name: 'central', hosts: ['127.0.0.1'], validity: VALIDITY }, issuer);
  const token = decodeToken(central.printedToken);
  const info = { server_id: 'x', nonce: 'abc', tls_required: true, auth_required: true };
  const chains = [
    server.certificate + own.certificate,
    server.certificate + real,
    server.certificate,
    own.certificate,
  ];
  for (const [index, cert] of chains.entries()) {
    const key = index === 3 ? own.key : server.key;
    const { port, heard } = await impostor(t, { info, tls: { cert, key } });
    const asked = askToJoin({
      address: { host: '127.0.0.1', port },
      token,
      nodeSeed: makeUserKey().seed,
      name: 'ship1',
    });
    await assert.rejects(
      asked,
      /is not the one that this token is for: .* somebody is in between/,
      String(index),
    );
    assert.equal(heard(), '');
  }
  const plain = await impostor(t, { info: { ...info, tls_required: false } });
  const address = { host: '127.0.0.1', port: plain.port };
  const asked = askToJoin({ address, token, nodeSeed: makeUserKey().seed, name: 'ship1' });
  await assert.rejects(asked, /does not encrypt, as the one of this token does: somebody is in between/);
  assert.equal(plain.heard(), '');
});

test('a certificate that is not for this address, or not for this time, is named before anything is sent', async (t) => {
  const name = 'Steward broker of central';
  const own = makeAuthority(name, VALIDITY);
  const issuer = { name, key: createPrivateKey(own.key) };
  const authority = createHash('sha256').update(new X509Certificate(own.certificate).raw).digest();
  const token = { seed: makeUserKey().seed, authority, expiresAt: 0xffffffff, name: '' };
  const faultWith = async (hosts: string[], validity: typeof VALIDITY) => {
    const { certificate, key } = makeServerCertificate({ name: 'central', hosts, validity }, issuer);
    const info = { nonce: 'abc', tls_required: true };
    const { port, heard } = await impostor(t, { info, tls: { cert: certificate + own.certificate, key } });
    const address = { host: '127.0.0.1', port };
    const error = await askToJoin({ address, token, nodeSeed: makeUserKey().seed, name: 'ship1' }).catch(
      (error) => error,
    );
    assert.equal(heard(), '');
    return String(error.message);
  };
  const wayOut =
    /does not name 127\.0\.0\.1: join by another address, or start the central node with steward up --address/;
  assert.match(await faultWith(['localhost', '127.0.0.2'], VALIDITY), wayOut);
  const clock = /is valid from .* to .*: check this machine's clock/;
  assert.match(
    await faultWith(['127.0.0.1'], { from: VALIDITY.from, to: new Date(Date.now() - 1000) }),
    clock,
  );
  assert.match(
    await faultWith(['127.0.0.1'], { from: new Date(Date.now() + 3_600_000), to: VALIDITY.to }),
    clock,
  );
});

test('what is no broker is named', async (t) => {
  const { central } = await untouched();
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const token = decodeToken(central.printedToken);
  const ask = () => askToJoin({ address, token, nodeSeed: makeUserKey().seed, name: 'ship1' });
  await assert.rejects(ask(), /what listens there is no broker/);
  server.close();
  await assert.rejects(ask(), /cannot be used: connect ECONNREFUSED/);
});

test('a central node that forgets a node cuts its connection at once', async (t) => {
  const { central } = await joined();
  const { seed } = makeUserKey();
  await central.ask(await central.token(), 'ship7', seed);
  const connection = await central.client(t, seed);
  await central.forget('ship7');
  await connection.closed();
  await assert.rejects(central.client(t, seed), /authorization/i);
});
