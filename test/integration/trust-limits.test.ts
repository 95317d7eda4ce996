import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { shared } from '../support/shared.ts';
import { StolenShip, WORDS } from '../support/stolen-ship.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = shared((scope) => StolenShip.start(scope));
const APPEND = { method: 'REQToFileAppend', directory: 'd', fileName: 'f' };
const EVIL = '\u001b[31m\u202eevil\nnewline\u0007';

/** Has central ask ship1 for a command, which ship1 takes and answers no further; hands back its id. */
async function askShip1({ central, thief }: StolenShip): Promise<string> {
  const asked = await thief.gather('ship1.REQCliCommand.CommandACK.from.central');
  const [id] = await submitAll(central, {
    ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['sleep', '50'], replyMethod: 'REQNone' },
  });
  const wire = await waitFor('the request', () => asked.find(({ headers }) => headers['Nats-Msg-Id'] === id));
  thief.answer(wire, 'accepted', { 'Steward-Knows': WORDS });
  await waitForState(central, id!, 'accepted');
  return id!;
}

test('what ship1 reports of one request is bounded: its texts, how often it ends, and what is logged of it', async () => {
  const stolen = await fleet();
  const { central } = stolen;
  const id = await askShip1(stolen);
  const audit = join(central.folder, 'var/lib/store.log');
  const before = (await stat(audit)).size;
  for (let round = 0; round < 5; round++) {
    const ends = Array.from({ length: 500 }, (_, at) => ({
      ...{ id, state: at % 2 === 0 ? 'lost' : 'expired', reason: 'x'.repeat(10_000) },
    }));
    const strange = Array.from({ length: 500 }, (_, at) => ({ id: `${round}-${at}`, state: 'lost' }));
    const data = [Buffer.from(JSON.stringify({ ends: [...ends, ...strange] }))];
    assert.match(await stolen.attack({ method: 'REQReport', data }, { compression: 'z' }), /^accepted/);
  }
  const grew = (await stat(audit)).size - before;
  assert.ok(grew < 200_000, `the audit log grew by ${grew} bytes`);
  const warned = central.logLines().filter(({ msg }) => String(msg).includes('not sent to its node'));
  assert.ok(warned.length <= 5, `${warned.length} warnings`);
});

test('a few kB of hellos, errors or reports that unpack to much cost no more than their refusal', async () => {
  const stolen = await fleet();
  const large = (text: string, count: number) => [Buffer.from(text.repeat(count))];
  const place = { toNode: 'errorCentral', directory: 'errorLog', fileName: 'error.log' };
  const bombs = [
    { ...place, method: 'REQErrorLog', data: large('x\n', 1_000_000) },
    { method: 'REQPong', isReply: true, data: large('x', 2_000_000) },
  ];
  for (const bomb of bombs) {
    const heard = bomb.method === 'REQErrorLog' ? 'errorCentral.REQErrorLog.EventACK' : undefined;
    const answer = await stolen.attack(bomb, { compression: 'z', ...(heard && { subject: heard }) });
    assert.match(answer, /^rejected a REQ\w+ of another node may have 1024 kB here/, bomb.method);
  }
  const data = [Buffer.from(`{"ends":[${'{},'.repeat(2_000_000)}0]}`)];
  const answer = await stolen.attack({ method: 'REQReport', data }, { compression: 'z' });
  assert.match(answer, /^rejected .*more entries than any node/);
});

test('refusals name the node that the broker proves, and those of one node do not crowd out the errors of others', async () => {
  const stolen = await fleet();
  const { central, thief } = stolen;
  const wrong = { ...APPEND, fromNode: 'ship2', directory: '..' };
  assert.match(await stolen.attack(wrong), /^rejected/);
  assert.match(await stolen.attack(APPEND, { lane: 'bad' }), /^rejected/);
  for (let count = 0; count < 300; count++)
    thief.send({
      message: newMessage({ ...wrong, toNode: 'central', directory: `../${count}` }),
      subject: 'central.REQToFileAppend.EventACK.from.ship1',
      lane: `crowd/${count + 1}/1`,
      reply: 'central.REQToFileAppend.EventACK.reply.ship1.crowd',
    });
  const answered = (count: number) => () =>
    stolen.answers('crowd').some(({ headers }) => headers['Steward-Range']?.endsWith(`-${count}`));
  await waitFor('all to be refused', answered(300));
  const log = await waitFor('the flood to be told', async () => {
    const text = await stolen.read('errorLog/errorCentral/error.log');
    return /ship1 sends more messages that are refused than/.test(text) && text;
  });
  assert.match(log, /a message from ship1 was refused: the header Steward-Lane "bad"/);
  const refused = log.split('\n').filter((line) => / a message from \S+ was (rejected|refused): /.test(line));
  assert.deepEqual(
    refused.filter((line) => !line.includes('a message from ship1')),
    [],
  );
  assert.ok(refused.length < 200, `${refused.length} lines`);
  const counted = central.query("SELECT sum(count) AS count FROM refusals WHERE method = 'any'");
  assert.ok(counted.length === 1);
});

test('nothing that ship1 says of itself or of its requests reaches a terminal as more than text', async () => {
  const stolen = await fleet();
  const { central } = stolen;
  const id = await askShip1(stolen);
  const about = {
    ...{ version: EVIL, os: EVIL, arch: EVIL, uptime: 1e308, interval: -1, callIn: 1e300, knows: WORDS },
    ...{ labels: { [EVIL]: EVIL }, link: [EVIL, 1e308], budget: [1e308, -1, EVIL] },
  };
  const hello = JSON.stringify(about).replace(
    /[^ -~]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  await stolen.attack(
    { method: 'REQHello', directory: 'hello-messages', fileName: 'hello.log', data: [Buffer.from(EVIL)] },
    { reply: '', headers: { 'Steward-Hello': hello } },
  );
  const printed = Buffer.from(EVIL).toString('base64');
  const end = {
    ...{ id, state: 'failed', exitCode: -(2 ** 40), reason: EVIL, signal: EVIL, outputBytes: 2 ** 50 },
    ...{ stderrTail: printed, stdout: printed, startedAt: 0, acceptedAt: 8e15, endedAt: 1 },
  };
  const report = { method: 'REQReport', data: [Buffer.from(JSON.stringify({ ends: [end] }))] };
  assert.match(await stolen.attack(report), /^accepted/);
  await stolen.attack({ ...APPEND, directory: EVIL, fileName: EVIL });
  assert.equal((await waitForEnd(central, id)).state, 'failed');
  const socketPath = join(central.folder, 'tmp/stew.sock');
  const commands = [['nodes'], ['nodes', 'ship1'], ['status', id], ['status'], ['why', id], ['errors']];
  for (const words of [...commands, ['audit'], ['trust'], ['queue']]) {
    const { stdout, stderr } = await callSteward(words, { socketPath });
    assert.doesNotMatch(stdout + stderr, CONTROL, words.join(' '));
    if (words[0] === 'nodes') assert.match(stdout, /evil/);
  }
  for (const file of ['errorLog/errorCentral/error.log', 'hello-messages/ship1/hello.log'])
    assert.doesNotMatch(await readFile(join(central.dataFolder, file), 'utf8'), CONTROL);
  assert.doesNotMatch(central.program.output(), CONTROL);
});

test('a key of ship1 supersedes requests of ship1 alone, also by way of a relay and whatever it is made of', async () => {
  const stolen = await fleet();
  const { central, ship2 } = stolen;
  // What waits for a node that is off has not begun.
  await ship2.stop();
  const command = { toNode: 'ship2', method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone' };
  const [own] = await submitAll(central, { ...command, supersedes: 'release' });
  const relay = {
    ...{ ...command, toNode: 'ship2.central', method: 'REQRelay', relayFromNode: 'ship1', ackTimeout: 5 },
    ...{ relayToNode: 'ship2', relayOriginalViaNode: 'central', relayOriginalMethod: 'REQCliCommand' },
    ...{ relayReplyMethod: 'REQNone' },
  };
  const keys = ['release', 'release', 'central release', 'ship1 release', '../central release'];
  for (const key of keys)
    assert.match(await stolen.attack(relay, { headers: { 'Steward-Supersedes': key } }), /^accepted/, key);
  const superseded = await waitFor('the older one of ship1 to be superseded', () => {
    const rows = central.query("SELECT id FROM ledger WHERE state = 'superseded'");
    return rows.length > 0 && rows;
  });
  await ship2.restart();
  assert.equal((await waitForEnd(central, own!)).state, 'succeeded');
  const ran = await waitFor('the others to run', () => {
    const rows = ship2.query(
      "SELECT supersedes FROM journal WHERE supersedes IS NOT NULL AND state = 'succeeded' ORDER BY row",
    );
    return rows.length >= keys.length && rows;
  });
  assert.deepEqual(
    ran.map(({ supersedes }) => supersedes),
    ['release', ...keys.slice(1).map((key) => `ship1 ${key}`)],
  );
  assert.equal(superseded.length, 1);
});

/** What a terminal acts on, or what turns the order of signs; a newline and a tab are text. */
const CONTROL = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u;
