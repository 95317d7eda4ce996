import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { makeUserKey } from '../lib/nkey.ts';
import { nodeNameFault } from '../message/names.ts';
import { Admission } from './admission.ts';
import { makeAuthority } from './certificate.ts';
import type { FleetUser } from './fleet-users.ts';
import { type JoinAnswer, readAnswer, writeRequest } from './join-messages.ts';
import { joinSubject } from './permissions.ts';

const HOUR = 3_600_000;
const AUTHORITY = makeAuthority('test', { from: new Date('2026-01-01'), to: new Date('2066-01-01') });
const PUBLIC = new X509Certificate(AUTHORITY.certificate).publicKey;

/** An admission whose disk and broker can fail; `open` opens it again, as after a crash. */
async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const central = makeUserKey();
  const world = {
    folder,
    now: 1_000_000,
    ...{ users: [] as readonly FleetUser[], answers: [] as string[] },
    ...{ diskFault: '' as '' | 'before' | 'after', brokerFault: false },
    warnings: [] as string[],
    admission: undefined as unknown as Admission,
    open: async () => {
      world.admission?.[Symbol.dispose]();
      world.admission = await Admission.open(
        { folder, central: 'central', centralKey: central.publicKey, key: createPrivateKey(AUTHORITY.key) },
        {
          writeFile: async (path, text) => {
            if (world.diskFault === 'before') throw new Error('the disk is full');
            await writeFile(path, text);
            if (world.diskFault === 'after') throw new Error('the disk has gone');
          },
          applyUsers: async (users) => {
            if (world.brokerFault) throw new Error('the broker is gone');
            world.users = users;
          },
          publish: (_, text) => world.answers.push(text) > 0,
          now: () => world.now,
          nameFault: nodeNameFault,
          logger: { info: () => {}, warn: (_, text) => void world.warnings.push(text) },
        },
      );
    },
    invite: async (more: { name?: string; isReplacing?: boolean } = {}) => {
      const token = makeUserKey();
      const { name = '', isReplacing = false } = more;
      await world.admission.invite({ key: token.publicKey, expiresAt: world.now + HOUR, name, isReplacing });
      return token;
    },
    ask: async (token: { seed: string; publicKey: string }, node: { seed: string }, name: string) => {
      const request = writeRequest({ tokenSeed: token.seed, nodeSeed: node.seed, name });
      return world.send(request, token.publicKey);
    },
    send: async (request: string, subjectKey: string): Promise<JoinAnswer | undefined> => {
      const before = world.answers.length;
      await world.admission.receive(joinSubject(subjectKey), Buffer.from(request));
      const text = world.answers[before];
      return text === undefined ? undefined : readAnswer(text, request, PUBLIC);
    },
    names: () => world.users.map(({ name }) => name).filter((name) => !name.startsWith('token')),
  };
  t.after(() => world.admission[Symbol.dispose]());
  await world.open();
  return world;
}

test('a token lets in one key, which becomes a user of its name with the permissions of a node', async (t) => {
  const world = await setUp(t);
  assert.deepEqual(world.names(), ['central']);
  const [token, node] = [await world.invite(), makeUserKey()];
  assert.deepEqual(await world.ask(token, node, 'ship1'), {
    verdict: 'admitted',
    central: 'central',
    name: 'ship1',
  });
  const user = world.users.find(({ name }) => name === 'ship1');
  assert.equal(user?.nkey, node.publicKey);
  assert.ok(user?.permissions.subscribe.allow.includes('ship1.*.*'));
});

test('a used token lets in nobody else, and its own key again', async (t) => {
  const world = await setUp(t);
  const [token, node, other] = [await world.invite(), makeUserKey(), makeUserKey()];
  await world.ask(token, node, 'ship1');
  for (const name of ['ship1', 'ship2']) assert.equal((await world.ask(token, other, name))?.verdict, 'used');
  assert.equal((await world.ask(token, node, 'ship2'))?.verdict, 'used');
  assert.equal((await world.ask(token, node, 'ship1'))?.verdict, 'admitted');
  assert.deepEqual(world.names(), ['central', 'ship1']);
});

test('of many that ask at once with one token, one is let in', async (t) => {
  const world = await setUp(t);
  const token = await world.invite();
  const nodes = Array.from({ length: 20 }, makeUserKey);
  const requests = nodes.map(({ seed }, index) =>
    writeRequest({ tokenSeed: token.seed, nodeSeed: seed, name: `ship${index}` }),
  );
  await Promise.all(
    requests.map((request) => world.admission.receive(joinSubject(token.publicKey), Buffer.from(request))),
  );
  const verdicts = world.answers.map((text) => JSON.parse(JSON.parse(text).body).verdict as string);
  assert.equal(verdicts.filter((verdict) => verdict === 'admitted').length, 1);
  assert.equal(verdicts.filter((verdict) => verdict === 'used').length, 19);
  assert.equal(world.names().length, 2);
});

test('names that are taken, reserved, wild or alike are refused, and the token stays good', async (t) => {
  const world = await setUp(t);
  await world.ask(await world.invite(), makeUserKey(), 'ship1');
  const token = await world.invite();
  const verdict = async (name: string) => (await world.ask(token, makeUserKey(), name))?.verdict;
  const anew = async (name: string) => (await world.ask(await world.invite(), makeUserKey(), name))?.verdict;
  for (const name of [
    '*',
    '>',
    'a*b',
    'ship1.>',
    '',
    ' ',
    '../x',
    '$SYS',
    '_INBOX',
    'errorCentral',
    'Steward',
    'a\nb',
  ])
    assert.equal(await verdict(name), 'bad-name', JSON.stringify(name));
  for (const name of ['ship1', 'SHIP1', 'ｓｈｉｐ１', 'ѕһір1', 'СENTRАL', 'central', 'Central'])
    assert.equal(await verdict(name), 'name-taken', name);
  const unseen = ['\u{fe0f}', '\u{115f}', '\u{34f}', '\u{301}', '\u{3164}'].map((mark) => `ship${mark}1`);
  for (const name of [...unseen, 'shıp1', 'ꜱhip1']) assert.equal(await anew(name), 'name-taken', name);
  assert.deepEqual(world.names(), ['central', 'ship1']);
  for (const name of ['__proto__', 'constructor']) assert.equal(await anew(name), 'admitted', name);
  await world.open();
  assert.deepEqual(world.names(), ['central', 'ship1', '__proto__', 'constructor']);
  assert.equal(await verdict('ship2'), 'admitted');
});

test("a key is one node's: not the central one's, and not a second one's", async (t) => {
  const world = await setUp(t);
  const node = makeUserKey();
  await world.ask(await world.invite(), node, 'ship1');
  assert.equal((await world.ask(await world.invite(), node, 'ship2'))?.verdict, 'key-taken');
  assert.equal((await world.ask(await world.invite(), node, 'ship1'))?.verdict, 'admitted', 'the same again');
});

test('a token for one name lets in no other', async (t) => {
  const world = await setUp(t);
  const token = await world.invite({ name: 'ship1' });
  assert.equal((await world.ask(token, makeUserKey(), 'ship2'))?.verdict, 'other-name');
  assert.equal((await world.ask(token, makeUserKey(), 'ship1'))?.verdict, 'admitted');
});

test('a name is given to another key only by a token that was made to', async (t) => {
  const world = await setUp(t);
  const [first, second] = [makeUserKey(), makeUserKey()];
  const old = await world.invite({ name: 'ship1' });
  await world.ask(old, first, 'ship1');
  await assert.rejects(world.invite({ name: 'Ship1' }), /ship1 has joined already: steward forget ship1/);
  assert.equal(
    (await world.ask(await world.invite({ name: 'ship1', isReplacing: true }), second, 'ship1'))?.verdict,
    'admitted',
  );
  assert.deepEqual(
    world.users.filter(({ name }) => name === 'ship1').map(({ nkey }) => nkey),
    [second.publicKey],
  );
  assert.equal(
    (await world.ask(old, first, 'ship1'))?.verdict,
    'used',
    'the old token does not bring the old key back',
  );
});

test('a node that was forgotten is gone, and its old request does not bring it back', async (t) => {
  const world = await setUp(t);
  const [token, node] = [await world.invite(), makeUserKey()];
  const request = writeRequest({ tokenSeed: token.seed, nodeSeed: node.seed, name: 'ship1' });
  assert.equal((await world.send(request, token.publicKey))?.verdict, 'admitted');
  assert.equal(
    (await world.send(request, token.publicKey))?.verdict,
    'admitted',
    'a repeated request changes nothing',
  );
  assert.equal(await world.admission.forget('ship1'), true);
  assert.equal(await world.admission.forget('ship1'), false);
  assert.deepEqual(world.names(), ['central']);
  assert.equal((await world.send(request, token.publicKey))?.verdict, 'used');
  assert.equal(
    (await world.ask(await world.invite(), node, 'ship1'))?.verdict,
    'admitted',
    'with a new token it may',
  );
});

test('a token ends with its time, and is no user any more', async (t) => {
  const world = await setUp(t);
  const [token, used] = [await world.invite(), await world.invite()];
  await world.ask(used, makeUserKey(), 'ship1');
  world.now += HOUR - 1;
  assert.equal((await world.ask(await world.invite(), makeUserKey(), 'ship2'))?.verdict, 'admitted');
  world.now += 1;
  assert.equal((await world.ask(token, makeUserKey(), 'ship3'))?.verdict, 'expired');
  await world.open();
  assert.ok(!world.users.some(({ nkey }) => nkey === token.publicKey || nkey === used.publicKey));
  assert.deepEqual(world.names(), ['central', 'ship1', 'ship2']);
});

test('a token that was never made lets in nobody', async (t) => {
  const world = await setUp(t);
  assert.equal((await world.ask(makeUserKey(), makeUserKey(), 'ship1'))?.verdict, 'unknown');
});

test("a request on another token's subject is passed over", async (t) => {
  const world = await setUp(t);
  const [one, other] = [await world.invite(), await world.invite()];
  const request = writeRequest({ tokenSeed: one.seed, nodeSeed: makeUserKey().seed, name: 'ship1' });
  assert.equal(await world.send(request, other.publicKey), undefined);
  assert.equal(world.warnings.length, 1);
  for (const garbage of ['', 'x', '{}', '\xff'.repeat(10_000)])
    assert.equal(await world.send(garbage, one.publicKey), undefined);
  assert.equal(world.warnings.length, 1, 'one complaint a minute');
  assert.equal((await world.send(request, one.publicKey))?.verdict, 'admitted');
});

test('of a flood of requests with one token a few are looked at, and another token is not held up', async (t) => {
  const world = await setUp(t);
  const [token, other] = [await world.invite(), await world.invite()];
  const requests = Array.from({ length: 200 }, () =>
    writeRequest({ tokenSeed: token.seed, nodeSeed: makeUserKey().seed, name: 'a*b' }),
  );
  const subject = joinSubject(token.publicKey);
  await Promise.all(requests.map((request) => world.admission.receive(subject, Buffer.from(request))));
  assert.ok(world.answers.length <= 20, `${world.answers.length} answers`);
  assert.equal((await world.ask(other, makeUserKey(), 'ship1'))?.verdict, 'admitted');
});

test('nothing is answered that is not on disk, and the same key is let in later', async (t) => {
  const world = await setUp(t);
  const [token, node] = [await world.invite(), makeUserKey()];
  world.diskFault = 'before';
  assert.equal(await world.ask(token, node, 'ship1'), undefined);
  assert.deepEqual(world.names(), ['central']);
  world.diskFault = '';
  await world.open();
  assert.equal((await world.ask(token, node, 'ship1'))?.verdict, 'admitted');
});

test('a crash after the state was written leaves one winner, which may ask again', async (t) => {
  const world = await setUp(t);
  const [token, node, other] = [await world.invite(), makeUserKey(), makeUserKey()];
  world.diskFault = 'after';
  assert.equal(await world.ask(token, node, 'ship1'), undefined, 'no answer');
  world.diskFault = '';
  await world.open();
  assert.deepEqual(world.names(), ['central', 'ship1'], 'the broker is told at the start');
  assert.equal((await world.ask(token, other, 'ship2'))?.verdict, 'used');
  assert.equal((await world.ask(token, node, 'ship1'))?.verdict, 'admitted');
});

test('where the broker could not be told there is no answer, and asking again tells it', async (t) => {
  const world = await setUp(t);
  const [token, node] = [await world.invite(), makeUserKey()];
  world.brokerFault = true;
  assert.equal(await world.ask(token, node, 'ship1'), undefined);
  world.brokerFault = false;
  assert.equal((await world.ask(token, node, 'ship1'))?.verdict, 'admitted');
  assert.deepEqual(world.names(), ['central', 'ship1']);
});

test('a damaged file is named, and not taken for an empty one', async (t) => {
  const world = await setUp(t);
  for (const text of ['', '{}', '{"version":2}', 'x'.repeat(100)]) {
    await writeFile(join(world.folder, 'admission.json'), text);
    await assert.rejects(world.open(), /admission\.json is damaged: restore it from a backup/, text);
  }
});

test('relays give rights to those who have joined, and end with them', async (t) => {
  const world = await setUp(t);
  await world.admission.setRelays([{ from: 'ship1', via: 'central', to: 'ship2' }]);
  const subject = 'ship2.central.REQRelay.EventACK';
  const ship1 = () => world.users.find(({ name }) => name === 'ship1');
  const mayRelay = () => ship1()?.permissions.publish.allow.includes(subject);
  const join = async (name: string) => world.ask(await world.invite(), makeUserKey(), name);
  await join('ship1');
  assert.equal(mayRelay(), false, 'ship2 is not there yet');
  await join('ship2');
  assert.equal(mayRelay(), true);
  await world.admission.forget('ship2');
  await join('ship2');
  assert.equal(mayRelay(), false, 'another ship2 does not inherit them');
});
