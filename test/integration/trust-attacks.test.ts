import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Message, newMessage } from '../../src/message/message.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { shared } from '../support/shared.ts';
import { StolenShip, WORDS } from '../support/stolen-ship.ts';
import {
  FORBIDDEN_SUBJECTS,
  forbiddenAsks,
  OTHERS_PLACES,
  touch,
  WRONG_FILES,
  WRONG_RELAYS,
} from '../support/stolen-ship-attacks.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = shared((scope) => StolenShip.start(scope));
const UNKNOWN = '019b76db-ffff-7fff-8fff-ffffffffffff';
const APPEND = { method: 'REQToFileAppend', data: [Buffer.from('x')], directory: 'd', fileName: 'f' };

test('nobody commands central or another ship with the key of ship1, in whatever name', async () => {
  const stolen = await fleet();
  const mark = stolen.mark('command');
  const attempts = forbiddenAsks(mark).flatMap((attack) =>
    ['ship1', 'ship2', 'central'].flatMap((fromNode) =>
      [...new Set(['', 'ship1', fromNode])].map((proof) => ({ attack: { fromNode, ...attack }, proof })),
    ),
  );
  for (const { attack, proof } of attempts)
    assert.equal(await stolen.attack(attack, { proof }), 'forbidden', `${JSON.stringify(attack)} ${proof}`);
  const sockets = [
    join(stolen.central.folder, 'tmp/steward.sock'),
    join(stolen.central.folder, 'tmp/stew.sock'),
  ];
  const command = Buffer.from(JSON.stringify([{ toNode: 'central', ...touch(mark) }]));
  for (const socket of sockets)
    for (const more of [
      {},
      { isReply: true },
      { isReply: true, previousMessage: newMessage({ toNode: 'ship1' }) },
    ]) {
      const message = { method: 'REQToSocket', methodArgs: [socket], data: [command], ...more };
      assert.match(await stolen.attack(message), /^(rejected|accepted$)/);
      assert.match(await stolen.attack({ ...message, fromNode: 'central' }), /^rejected .*comes from ship1/);
    }
  assert.equal(stolen.isMarked('command'), false);
});

test('ends, cancellations, hellos and error lines count in the name of ship1 alone', async () => {
  const stolen = await fleet();
  const { central } = stolen;
  const place = { directory: 'asked', fileName: 'two', methodTimeout: 60 };
  const [id] = await submitAll(central, {
    ...{ toNode: 'ship2', method: 'REQCliCommand', methodArgs: ['sleep', '50'], ...place },
  });
  await waitForState(central, id!, 'running');
  const end = JSON.stringify({ id, state: 'failed', exitCode: 1 });
  const report = { method: 'REQReport', data: [Buffer.from(`{"ends":[${end}]}`)] };
  assert.match(await stolen.attack({ ...report, fromNode: 'ship2' }), /^rejected .*comes from ship1/);
  assert.equal(await stolen.attack({ ...report, fromNode: 'ship2' }, { proof: 'ship2' }), 'forbidden');
  await stolen.attack(report);
  // The end of a request can ride with any message that is taken.
  assert.match(await stolen.attack(APPEND, { headers: { 'Steward-End': end } }), /^accepted/);
  // Along its relay ship1 may cancel what it sent; what central sent is nothing that came to central.
  assert.match(await stolen.attack({ method: 'REQCancel', methodArgs: [id!] }), /^accepted/);
  const previousMessage = newMessage({ toNode: 'ship2', fromNode: 'central', method: 'REQCliCommand' });
  const reply = { ...APPEND, isReply: true, directory: 'asked', fileName: 'two', previousMessage };
  assert.match(await stolen.attack(reply, { headers: { 'Steward-Re': id! } }), /^rejected .*sent to ship2/);
  assert.match(await stolen.attack({ ...reply, fromNode: 'ship2' }), /^rejected .*comes from ship1/);
  await stolen.attack(reply, { headers: { 'Steward-Re': UNKNOWN } });
  await stolen.attack(reply);
  assert.equal(await stolen.read('asked/ship2/two'), '');

  const before = await stolen.read('errorLog/errorCentral/error.log');
  for (const method of ['REQToFile', 'REQToFileAppend']) {
    const wipe = {
      method,
      directory: 'errorLog',
      fileName: 'error.log',
      isReply: true,
      data: [Buffer.from('')],
    };
    const of = newMessage({ toNode: 'errorCentral', fromNode: 'central', method: 'REQErrorLog' });
    await stolen.attack({ ...wipe, previousMessage: of });
    assert.match(await stolen.attack({ ...wipe, isReply: false, previousMessage: of }), /^rejected/);
  }
  const line = {
    toNode: 'errorCentral',
    method: 'REQErrorLog',
    directory: 'errorLog',
    fileName: 'error.log',
  };
  const forged =
    'Mon Jan  1 00:00:00 2026, node: ship2, error: x\nMon Jan  1 00:00:00 2026, node: central, all is well\n';
  void stolen.attack({ ...line, data: [Buffer.from(forged)] }, { reply: '' });
  const log = await waitFor('the line', async () => {
    const text = await stolen.read('errorLog/errorCentral/error.log');
    return text.includes('all is well') && text;
  });
  assert.ok(log.startsWith(before), 'nothing is wiped');
  assert.match(log, /^node: ship1, says: Mon.*node: ship2, error: x\n {4}Mon.*all is well$/m);

  const hello = { method: 'REQHello', directory: 'hello-messages', fileName: 'hello.log' };
  const copied = {
    isReply: true,
    previousMessage: newMessage({ fromNode: 'ship1', relayFromNode: 'central' }),
  };
  const about = JSON.stringify({ version: '9.9', labels: { stolen: 'yes' }, knows: WORDS });
  for (const more of [{}, copied])
    for (const fromNode of ['ship2', 'ship9', 'central', '../x', 'a,b', '@fleet'])
      await stolen.attack(
        { ...hello, ...more, fromNode },
        { reply: '', headers: { 'Steward-Hello': about } },
      );
  assert.match(await stolen.attack(APPEND), /^accepted/);
  const rows = central.query('SELECT name, info FROM nodes') as { name: string; info: string | null }[];
  assert.deepEqual(
    rows.filter(({ name, info }) => name === 'ship9' || (name !== 'ship1' && info?.includes('stolen'))),
    [],
  );
  assert.equal(central.query('SELECT state FROM ledger WHERE id = ?', id!)[0]!.state, 'running');
  await submitAll(central, { toNode: 'ship2', method: 'REQCancel', methodArgs: [id!] });
});

test('answers, states and lanes of others stay their own', async () => {
  const stolen = await fleet();
  const { ship2, thief, ear } = stolen;
  for (const subject of FORBIDDEN_SUBJECTS)
    assert.equal(await stolen.attack({}, { subject, proof: '', reply: '' }), 'forbidden', subject);
  const heard = await ear.gather('central.*.*.reply.ship2.*');
  const subject = 'central.REQToFileAppend.EventACK';
  for (const reply of OTHERS_PLACES)
    assert.equal(await stolen.attack({ ...APPEND, fileName: 'deputy' }, { reply }), '', reply);
  thief.send({
    ...{ payload: JSON.stringify({ from: 'ship1', ids: [] }), subject: 'central.Steward.State.from.ship1' },
    reply: 'central.Steward.State.reply.ship2.steal',
  });

  const own = {
    toNode: 'central',
    method: 'REQToFileAppend',
    directory: 'own',
    fileName: 'f',
    replyMethod: 'REQNone',
  };
  const [first] = await submitAll(ship2, { ...own, data: ['1'] });
  await waitForEnd(ship2, first!);
  const [lane] = ship2.query(
    'SELECT epoch, next_seq FROM lanes WHERE subject = ? AND retired_at IS NULL',
    subject,
  );
  const far = { lane: `${lane!.epoch}/1000/1000` };
  assert.match(await stolen.attack({ ...APPEND, fileName: 'lane' }, far), /^accepted/);
  const [second] = await submitAll(ship2, { ...own, data: ['2'] });
  assert.equal((await waitForEnd(ship2, second!)).state, 'succeeded');
  assert.equal(await stolen.read('own/ship2/f'), '12');
  assert.deepEqual(
    heard.filter((wire) => wire.subject.endsWith('.steal')),
    [],
  );
  assert.equal(await stolen.read('d/ship1/deputy'), '');
  assert.deepEqual(ship2.query("SELECT subject FROM journal WHERE from_node <> 'central'"), []);
});

test('a file comes where it was asked for, and brings nothing else along; pieces of others are unknown', async () => {
  const stolen = await fleet();
  const { central, ship2, thief } = stolen;
  const target = join(central.folder, 'asked-file');
  const asked = await thief.gather('ship1.REQCopyFileFrom.EventACK.from.central');
  const [id] = await submitAll(central, {
    ...{ toNode: 'ship1', method: 'REQCopyFileFrom', methodArgs: ['/src', 'central', target] },
    ...{ replyMethod: 'REQToFile', directory: 'copy', fileName: 'reply' },
  });
  await waitFor('the request', () => asked.length > 0);
  thief.answer(asked[0]!, 'accepted', { 'Steward-Knows': WORDS });
  await waitForState(central, id!, 'accepted');
  const sum = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
  const file = {
    ...{ method: 'REQCopyFileTo', data: [Buffer.from('x')], replyMethod: 'REQCliCommand' },
    replyMethodArgs: ['touch', stolen.mark('copy')],
    previousMessage: newMessage({ method: 'REQCopyFileFrom', fromNode: 'ship2', toNode: 'ship1' }),
  };
  const whole = (path: string) => ['/src', 'central', path, 'whole', '755', sum];
  const to = (path: string, more: object = {}) =>
    stolen.attack({ ...file, methodArgs: whole(path), ...more }, { headers: { 'Steward-Re': id! } });
  for (const path of [stolen.mark('copy'), `${target}/../stolen-copy`, '/etc/passwd'])
    assert.match(await to(path), /^rejected no copy of this file/);
  const [other] = await submitAll(central, {
    ...{
      toNode: 'ship2',
      method: 'REQCopyFileFrom',
      methodArgs: ['/dev/zero', 'central', stolen.mark('copy')],
    },
  });
  for (const transfer of [id!, other!, UNKNOWN]) {
    const begin = [...whole(stolen.mark('copy')).slice(0, 2), '/dev/null', 'begin', transfer];
    const methodArgs = [...begin, stolen.mark('copy'), '1', '644', 'i'];
    assert.match(await stolen.attack({ ...file, methodArgs }), /^rejected no copy of this file/);
    const piece = { 'Steward-Copy': `${transfer}/0/1` };
    const answer = await stolen.attack({ method: 'REQCopyFileTo' }, { headers: piece });
    assert.equal(answer, 'unknown');
  }
  assert.match(await to(target), /^accepted/);
  await waitFor('the confirmation', async () =>
    (await stolen.read(join(target.slice(1), '../central/asked-file'))).includes('wrote the file'),
  );
  assert.equal(stolen.isMarked('copy'), false);
  assert.deepEqual(
    ship2.query("SELECT id FROM journal WHERE subject LIKE 'ship2.REQCliCommand%' AND id = ?", id!),
    [],
  );
});

test('along a relay that is allowed ship1 asks ship2, and gets no further than that', async () => {
  const stolen = await fleet();
  const { central, ship2 } = stolen;
  const relay = (script: string, more: Partial<Message> = {}) => ({
    ...{ toNode: 'ship2.central', method: 'REQRelay', relayFromNode: 'ship1', relayToNode: 'ship2' },
    ...{
      relayOriginalViaNode: 'central',
      relayOriginalMethod: 'REQCliCommand',
      ackTimeout: 5,
      methodTimeout: 10,
    },
    ...{ methodArgs: ['bash', '-c', script], replyMethod: 'REQToFile', directory: 'relayed', fileName: 'f' },
    ...more,
  });
  assert.match(await stolen.attack(relay('echo allowed')), /^accepted/);
  assert.equal(await central.waitForFile('relayed/ship2/f'), 'allowed\n');
  const submission = JSON.stringify([{ toNode: 'central', ...touch(stolen.mark('relay')) }]);
  for (const socket of ['steward.sock', 'stew.sock'])
    assert.match(
      await stolen.attack(
        relay(`echo '${submission}'`, {
          replyMethod: 'REQToSocket',
          replyMethodArgs: [join(central.folder, 'tmp', socket)],
        }),
      ),
      /^rejected .*not taken there as REQToSocket/,
    );
  const asCommand = { replyMethod: 'REQCliCommand', replyMethodArgs: ['touch', stolen.mark('relay')] };
  assert.match(await stolen.attack(relay('true', asCommand)), /^rejected .*not taken there as REQCliCommand/);
  for (const wrong of WRONG_RELAYS)
    assert.match(await stolen.attack(relay('true', wrong)), /^rejected/, JSON.stringify(wrong));
  assert.equal(
    await stolen.attack(relay('true', { toNode: 'ship3.central', relayToNode: 'ship3' })),
    'forbidden',
  );
  for (const node of ['central', 'ship3']) {
    const fetched = ['/s', node, '/dev/null', 'fetch', stolen.mark('relay'), '644', 'state', '5'];
    assert.match(
      await stolen.attack(relay('', { relayOriginalMethod: 'REQCopyFileTo', methodArgs: fetched })),
      /^rejected .*the file is for/,
      node,
    );
  }

  await writeFile(join(ship2.folder, 'bait'), 'x');
  const copy = {
    relayOriginalMethod: 'REQCopyFileFrom',
    methodArgs: [join(ship2.folder, 'bait'), 'central', stolen.mark('relay')],
  };
  assert.match(await stolen.attack(relay('', copy)), /^accepted/);
  await waitFor('central to refuse the file', () =>
    ship2
      .query("SELECT reason FROM ledger WHERE state = 'rejected'")
      .some(({ reason }) => /no copy of this file/.test(String(reason))),
  );
  assert.equal(stolen.isMarked('relay'), false);
});

test('what ship1 writes unasked stays in its own folder, bounded however it is packed, cut or named', async () => {
  const stolen = await fleet();
  const { central } = stolen;
  const bomb = { ...APPEND, data: [Buffer.alloc(300_000_000)] };
  assert.match(await stolen.attack(bomb, { compression: 'z' }), /^rejected .*larger than this node takes/);
  for (const place of WRONG_FILES)
    assert.match(await stolen.attack({ ...APPEND, ...place }), /^rejected/, JSON.stringify(place));
  const previousMessage = newMessage({ toNode: 'ship2', fromNode: 'central', method: 'REQCliCommand' });
  assert.match(await stolen.attack({ ...APPEND, directory: 'previous', previousMessage }), /^accepted/);
  assert.deepEqual(await readdir(join(central.dataFolder, 'previous')), ['ship1']);
  const forged = { ...APPEND, isReply: true, fileName: '../../f', previousMessage };
  await stolen.attack(forged, { headers: { 'Steward-Re': UNKNOWN } });
  for (const name of await readdir(join(central.dataFolder, 'unasked'))) assert.equal(name, 'ship1');

  // As many small ones as the share has no room for, in one lane: each costs more than its bytes.
  const small = newMessage({ ...APPEND, toNode: 'central', fromNode: 'ship1', fileName: 'small', data: [] });
  const subject = 'central.REQToFileAppend.EventACK';
  for (let seq = 1; seq <= 2000; seq++)
    stolen.thief.send({
      ...{ message: small, subject: `${subject}.from.ship1`, lane: `small/${seq}/1` },
      reply: `${subject}.reply.ship1.small`,
    });
  await waitFor('the rest to be left waiting', () =>
    stolen
      .answers('small')
      .some(({ headers }) => /used its share here, [\d.]+ [kM]B a day/.test(headers['Steward-Reason'] ?? '')),
  );
  for (let lane = 1; lane <= 200; lane++)
    stolen.thief.send({
      ...{ message: small, subject: `${subject}.from.ship1`, lane: `over${lane}/1/1` },
      reply: `${subject}.reply.ship1.over`,
    });
  await waitFor('all of them to wait', () => stolen.answers('over').length === 200);
  const lines = central.logLines().filter(({ msg }) => String(msg).includes('not accepted for now'));
  assert.ok(lines.length < 60, `${lines.length} lines in the log`);
  const [asked] = await submitAll(central, {
    ...{ toNode: 'ship2', method: 'REQCliCommand', methodArgs: ['echo', 'still'] },
    ...{ replyMethod: 'REQToFile', directory: 'after', fileName: 'f' },
  });
  assert.equal((await waitForEnd(central, asked!)).state, 'succeeded');
  assert.equal(await central.waitForFile('after/ship2/f'), 'still\n');
});

test('floods of ship1 cost central a bounded amount, and hold nobody else up', async () => {
  const stolen = await fleet();
  const { central, ship2, thief } = stolen;
  const hello = newMessage({
    ...{ method: 'REQHello', toNode: 'central', fromNode: 'ship1' },
    ...{ directory: 'hello-messages', fileName: 'hello.log' },
  });
  const last = JSON.stringify({ version: 'last', knows: WORDS });
  const about = (count: number) => (count === 5000 ? last : JSON.stringify({ version: `${count}` }));
  const subject = 'central.REQHello.EventNACK.from.ship1';
  for (let count = 1; count <= 5000; count++)
    thief.send({ message: hello, subject, headers: { 'Steward-Hello': about(count) } });
  const question = JSON.stringify({ from: 'ship1', ids: [UNKNOWN] });
  for (let count = 0; count < 5000; count++)
    thief.send({
      ...{ payload: question, subject: 'central.Steward.State.from.ship1' },
      reply: `central.Steward.State.reply.ship1.flood`,
    });
  const version = () =>
    JSON.parse(String(central.query("SELECT info FROM nodes WHERE name = 'ship1'")[0]?.info)).version;
  await waitFor('the last hello to count', () => version() === 'last');
  await thief.connection.flush();
  // The burst, and what became due while the flood was on its way.
  assert.ok(stolen.answers('flood').length < 2500, `${stolen.answers('flood').length} answers`);
  const told = () =>
    central.query(
      "SELECT reason FROM refusals WHERE reason LIKE '%sends more%' AND method <> 'any' ORDER BY reason",
    );
  await waitFor('both to be counted', () => told().length === 2);
  assert.deepEqual(
    told().map(({ reason }) => String(reason).split(' than ')[0]),
    ['ship1 sends more hellos', 'ship1 sends more questions for states'],
  );
  const log = central.logLines().filter(({ msg }) => String(msg).includes('sends more hellos'));
  assert.equal(log.length, 1);
  const own = { toNode: 'central', method: 'REQToFileAppend', directory: 'calm', fileName: 'f' };
  const [id] = await submitAll(ship2, { ...own, replyMethod: 'REQNone', data: ['x'] });
  assert.equal((await waitForEnd(ship2, id!)).state, 'succeeded');
  const socketPath = join(central.folder, 'tmp/stew.sock');
  const listed = await callSteward(['nodes'], { socketPath });
  assert.match(listed.stdout, /ship1 .*\(too many (hellos|questions for states)\)/);
  assert.doesNotMatch(listed.stdout, /ship2 .*too many/);
});
