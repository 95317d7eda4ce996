import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { boltFile } from '../support/bolt-file.ts';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly text: string;
  readonly advice?: string;
}

interface Report {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  /** What the queue of the original holds. */
  readonly queue?: readonly unknown[];
}

/** What `steward doctor --json` says, run in a folder with a node's flags or its configuration. */
async function doctor(folder: string, args: readonly string[] = []): Promise<Report> {
  process.chdir(folder);
  const { code, stdout, stderr } = await callSteward(['doctor', '--json', ...args]);
  process.chdir('/');
  assert.equal(stderr, '');
  const { ok, findings, queue } = JSON.parse(stdout) as Report & { ok: boolean };
  assert.equal(ok, code === 0);
  return { code, findings, ...(queue && { queue }) };
}

function textsOf({ findings }: Report, check: string, verdict?: string): string[] {
  return findings
    .filter((finding) => finding.check === check && (verdict ?? finding.verdict) === finding.verdict)
    .map(({ text, advice }) => (advice === undefined ? text : `${text} -> ${advice}`));
}

function flagsOf(node: string, broker: { readonly port: number }, user = ''): string[] {
  return [
    '--',
    `-nodeName=${node}`,
    '-centralNodeName=central',
    `-brokerAddress=${user}127.0.0.1:${broker.port}`,
  ];
}

test('a node that runs is found well, and notices nothing of it', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [id] = await submitAll(central, { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['true'] });
  await waitForEnd(central, id!);
  const [before, lines] = [central.ledger().length, central.logLines().length];
  const report = await doctor(central.folder);
  assert.deepEqual(
    report.findings.filter(({ verdict }) => verdict === 'fail'),
    [],
  );
  assert.equal(report.code, 0);
  assert.match(textsOf(report, 'socket', 'ok')[0]!, /a node runs and listens/);
  assert.match(textsOf(report, 'name', 'ok')[0]!, /the node named central is connected/);
  assert.match(textsOf(report, 'broker', 'ok')[0]!, /signed in at 127\.0\.0\.1:\d+, version \d+\.\d+\.\d+/);
  assert.match(textsOf(report, 'permissions', 'ok')[0]!, /allows what this node needs/);
  assert.match(textsOf(report, 'database', 'ok')[0]!, /whole; 0 messages wait/);
  assert.match(textsOf(report, 'clock', 'ok')[0]!, /compared with ship1: no difference/);
  assert.equal(central.ledger().length, before);
  const log = `${central.program.stderr}${ship1.program.stderr}`;
  assert.doesNotMatch(log, /another node tries/);
  assert.equal(central.logLines().length, lines);
});

test('a name that another node has is a fault', async (t) => {
  const broker = await startBroker(t);
  await startStewardNode({ name: 'ship1', broker }, t);
  const { path } = await tempFolder(t);
  const report = await doctor(path, flagsOf('ship1', broker));
  assert.deepEqual(textsOf(report, 'name', 'fail'), [
    'a node named ship1 is connected already, and none here -> stop it, or give this one another nodeName: two of one name would run everything twice',
  ]);
  const free = await doctor(path, flagsOf('ship2', broker));
  assert.deepEqual(textsOf(free, 'name'), ['no node named ship2 is connected']);
});

test('with the embedded broker all is as well as with nats-server', async (t) => {
  const broker = await startBroker(t, { kind: 'embedded', config: '' });
  const { path } = await tempFolder(t);
  const report = await doctor(path, flagsOf('ship1', broker));
  assert.deepEqual(
    report.findings.filter(({ verdict }) => verdict !== 'ok'),
    [],
  );
});

test('nothing is written where nothing was', async (t) => {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  const report = await doctor(path, flagsOf('ship1', broker));
  assert.equal(report.code, 0);
  await assert.rejects(readFile(join(path, 'etc/config.toml')), { code: 'ENOENT' });
});

const USERS = `
authorization {
  users = [
    { user: ship1, password: one, permissions: {
      publish: { allow: ["central.*.CommandACK", "central.*.CommandNACK", "central.*.EventACK", "ship1.>"] }
      subscribe: { allow: ["ship1.*.*", "ship1.Steward.Instance.reply.*", "central.*.*.reply.ship1.*"] } } }
  ]
}
`;

test('what the broker refuses is named, with what is lost by it', async (t) => {
  const broker = await startBroker(t, { config: USERS });
  const { path } = await tempFolder(t);
  const report = await doctor(path, flagsOf('ship1', broker, 'ship1:one@'));
  assert.equal(report.code, 1);
  const refused = textsOf(report, 'permissions', 'fail').map((text) => text.replace(/ ->.*/, ''));
  assert.deepEqual(refused, [
    'the broker does not allow this node to publish central.*.EventNACK: its EventNACK messages do not reach central',
    'the broker does not allow this node to subscribe errorCentral.REQErrorLog.EventACK.reply.ship1.*: what it sends to errorCentral is never confirmed',
  ]);
});

test('why the broker cannot be reached, or refuses the sign-in, is said with the way out', async (t) => {
  const broker = await startBroker(t, { config: USERS });
  const { path } = await tempFolder(t);
  const wrong = textsOf(await doctor(path, flagsOf('ship1', broker, 'ship1:two@')), 'broker', 'fail');
  assert.match(wrong[0]!, /it refuses the user ship1 .* -> check user and password in brokerAddress$/);
  await broker.kill();
  const gone = textsOf(await doctor(path, flagsOf('ship1', broker)), 'broker', 'fail');
  assert.match(gone[0]!, /nothing listens there -> check brokerAddress, and that the broker runs$/);
});

test('a configuration that cannot be read is a fault of its own, and the rest is looked at', async (t) => {
  const { path } = await tempFolder(t);
  const report = await doctor(path, ['--', '-nodeName=ship1', '-centralNodeName=a b']);
  assert.equal(report.code, 1);
  assert.match(textsOf(report, 'config', 'fail')[0]!, /flag -centralNodeName: "a b" is no node name/);
  assert.equal(textsOf(report, 'versions', 'ok').length, 1);
  // Where up and join put a node, seen from the folder in which they were called.
  await mkdir(join(path, 'steward/etc'), { recursive: true });
  await writeFile(join(path, 'steward/etc/config.toml'), 'NodeName = "a b"\n');
  assert.match(
    textsOf(await doctor(path), 'config', 'fail')[0]!,
    /^steward\/etc\/config\.toml line 1: NodeName = "a b"/,
  );
});

test('a node that was killed is known by its socket', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'ship1', broker }, t);
  await node.kill();
  const report = await waitFor('the broker to notice', async () => {
    const seen = await doctor(node.folder);
    return textsOf(seen, 'name', 'ok').length > 0 && seen;
  });
  assert.match(textsOf(report, 'socket', 'ok')[0]!, /was left by one that was killed/);
  assert.match(textsOf(report, 'database', 'ok')[0]!, /whole/);
});

const ORIGINAL_CONFIG = `
NodeName = "ship1"
CentralNodeName = "central"
BrokerAddress = "127.0.0.1:PORT"
DatabaseFolder = "./var/lib"
SubscribersDataFolder = "./data"
SocketFolder = "./tmp"
TCPListener = "0.0.0.0:8888"
Serialization = "json"
StartSubREQErrorLog = true
`;

test('the folder of a node of the original is looked at before the change: what will differ, and what it did not deliver', async (t) => {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  for (const folder of ['etc', 'var/lib', 'data', 'tmp', 'elsewhere'])
    await mkdir(join(path, folder), { recursive: true });
  const config = ORIGINAL_CONFIG.replace('PORT', String(broker.port));
  await writeFile(join(path, 'etc/config.toml'), config);
  await symlink('../elsewhere', join(path, 'data/out'));
  const Message = { toNode: 'central', method: 'REQToFileAppend', data: ['text'] };
  const left = JSON.stringify({ ID: 3, SAM: { Subject: {}, Message } });
  await writeFile(join(path, 'var/lib/incomingBuffer.db'), boltFile('samValueBucket', [['3', left]]));
  // From another folder: what is relative in its configuration is so to its own.
  for (const folder of [path, join(path, 'etc')]) {
    const report = await doctor('/', ['--from-original', folder]);
    assert.equal(report.code, 0, JSON.stringify(report.findings));
    assert.deepEqual(report.queue, [Message]);
    const warned = report.findings.filter(({ verdict }) => verdict === 'warn');
    assert.match(textsOf(report, 'queue').join(), /holds 1 message that the original did not deliver/);
    assert.match(textsOf(report, 'listeners').join(), /TCPListener/i);
    assert.match(
      textsOf(report, 'errors').join(),
      /collects the errors of all nodes.* -startSubREQErrorLog=false/,
    );
    assert.match(textsOf(report, 'modes', 'warn').join(), /1 link in .* lead out of it.*followLinks = true/);
    assert.match(textsOf(report, 'config', 'warn').join(), /serialization/i);
    assert.ok(warned.length >= 5);
    assert.match(textsOf(report, 'permissions').join(), /allows/);
  }
  assert.equal(await readFile(join(path, 'etc/config.toml'), 'utf8'), config, 'nothing is changed');
  const none = await doctor(path, ['--from-original', join(path, 'data')]);
  assert.match(textsOf(none, 'config').join(), /there is no config\.toml in .*data or its etc/);
});

test('a queue that the original left is named at each start, and nothing in it is sent', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker }, t);
  await node.stop();
  const left = JSON.stringify({ ID: 0, SAM: { Message: { toNode: 'central', method: 'REQToFileAppend' } } });
  await writeFile(join(node.folder, 'var/lib/incomingBuffer.db'), boltFile('samValueBucket', [['0', left]]));
  await node.start();
  const named =
    /incomingBuffer\.db is a queue of the original \(1 message that it did not deliver\): nothing in it is sent/;
  await waitFor('the line', () => node.logLines().some(({ msg }) => named.test(String(msg))));
  assert.deepEqual(node.ledger(), []);
});
