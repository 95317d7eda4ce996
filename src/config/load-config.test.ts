import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'smol-toml';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { Config } from './config.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { OPTIONS } from './options.ts';

const NAMES = ['-nodeName=ship1', '-centralNodeName=central'];

/** A config folder with a config.toml of this text, or without one. */
async function configFolder(
  t: TestContext,
  text?: string | Uint8Array,
): Promise<{ folder: string; path: string }> {
  const { path: parent } = await tempFolder(t);
  const folder = join(parent, 'etc');
  const path = join(folder, 'config.toml');
  if (text !== undefined) {
    await mkdir(folder);
    await writeFile(path, text);
  }
  return { folder, path };
}

function load(
  folder: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<LoadedConfig> {
  return loadConfig({ args, env: { CONFIG_FOLDER: folder, ...env } });
}

async function refusal(folder: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const error = await load(folder, args, env).then(
    () => assert.fail('the config was taken'),
    (reason) => reason,
  );
  assert.equal(error.name, 'ConfigError', error.stack);
  assert.equal(error.exitCode, 2);
  assert.doesNotMatch(error.message, /\n/);
  return error as Error & { code: string };
}

test('the first start makes a private config.toml with every key', async (t) => {
  const { folder, path } = await configFolder(t);
  const { config, warnings, configFile } = await load(folder, NAMES);
  assert.deepEqual(warnings, []);
  assert.equal(configFile, path);
  const values = parse(await readFile(path, 'utf8'));
  assert.deepEqual(
    Object.keys(values),
    OPTIONS.filter((option) => option.inFile !== false && !option.onlyGiven).map((option) => option.key),
  );
  assert.equal(values.NodeName, 'ship1');
  assert.equal(values.NatsReconnectJitterTLS, 5);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(folder), ['config.toml']);
  assert.equal(config.nodeName, 'ship1');
  assert.equal(config.isCentral, false);
});

test('the defaults are those of the reference, and the config is frozen', async (t) => {
  const { folder } = await configFolder(t);
  const { config } = await load(folder, NAMES);
  const expected: Partial<Config> = {
    brokerAddress: '127.0.0.1:4222',
    socketFolder: './tmp',
    databaseFolder: './var/lib',
    subscribersDataFolder: './data',
    natsConnOptTimeoutSeconds: 20,
    natsConnectRetryIntervalSeconds: 10,
    natsReconnectJitterMs: 100,
    defaultMessageTimeoutSeconds: 10,
    defaultMessageRetries: 1,
    defaultMethodTimeoutSeconds: 10,
    helloIntervalSeconds: 900,
    originalHelloSeconds: 30,
    linkSilenceSeconds: 90,
    errorMessageTimeoutSeconds: 60,
    errorMessageRetries: 10,
    messageTtlSeconds: 604_800,
    scheduleGraceSeconds: 60,
    maxMessageBytes: 64 * 1024 * 1024,
    promHostAndPort: undefined,
    compression: '',
    serialization: '',
  };
  for (const [key, value] of Object.entries(expected))
    assert.deepEqual(config[key as keyof Config], value, key);
  assert.equal(config.startSub.REQCliCommand, true);
  assert.equal(config.startSub.REQRelay, false);
  for (const part of [config, config.labels, config.startSub]) assert.ok(Object.isFrozen(part));
});

test('fault 27: only the central node collects errors, unless another is told to', async (t) => {
  const { folder: ship } = await configFolder(t);
  assert.equal((await load(ship, NAMES)).config.startSub.REQErrorLog, false);
  assert.equal((await load(ship, ['-startSubREQErrorLog'])).config.startSub.REQErrorLog, true);
  const { folder: central } = await configFolder(t);
  const names = ['-nodeName=central', '-centralNodeName=central'];
  const { config } = await load(central, names);
  assert.equal(config.isCentral, true);
  assert.equal(config.startSub.REQErrorLog, true);
  const { warnings } = await load(central, ['-startSubREQErrorLog=false']);
  assert.match(warnings.join(), /StartSubREQErrorLog is false/);
});

test('a flag goes before the environment, that before the file, that before the default', async (t) => {
  const { folder } = await configFolder(
    t,
    'StartPubREQHello = 1\nErrorMessageRetries = 1\nErrorMessageTimeout = 1\n',
  );
  const env = { START_PUB_REQ_HELLO: '2', ERROR_MESSAGE_RETRIES: '2', NODE_NAME: 'ship1', LOG_LEVEL: '' };
  const { config } = await load(folder, ['-startPubREQHello=3', '-centralNodeName=central'], env);
  assert.equal(config.nodeName, 'ship1');
  assert.equal(config.helloIntervalSeconds, 3);
  assert.equal(config.errorMessageRetries, 2);
  assert.equal(config.errorMessageTimeoutSeconds, 1);
  assert.equal(config.logLevel, 'info');
});

test('what a flag gave is the default of the next start, what the environment gave is not', async (t) => {
  const { folder, path } = await configFolder(t);
  await load(folder, [...NAMES, '-promHostAndPort=:12112'], {
    BROKER_ADDRESS: 'nats://me:secret@10.0.0.1:4222',
  });
  assert.doesNotMatch(await readFile(path, 'utf8'), /secret/);
  const { config } = await load(folder);
  assert.deepEqual(config.promHostAndPort, { host: '', port: 12112 });
  assert.equal(config.brokerAddress, '127.0.0.1:4222');
});

test("an operator's file keeps its comments, order, unknown keys and spelling", async (t) => {
  const text =
    '# our ship\nZebra = "kept" # why\nnodename = "ship1"\nCENTRALNODENAME = "central"\n[Table]\nx = 1\n';
  const { folder, path } = await configFolder(t, text);
  const { config, warnings } = await load(folder, ['-nodeName=ship9']);
  assert.equal(config.nodeName, 'ship9');
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /unknown key "Zebra"/);
  const written = await readFile(path, 'utf8');
  assert.ok(
    written.startsWith('# our ship\nZebra = "kept" # why\nnodename = "ship9"\nCENTRALNODENAME = "central"\n'),
  );
  assert.ok(written.endsWith('[Table]\nx = 1\n'));
  assert.equal(written.match(/nodename *=/gi)?.length, 2, 'NodeName and CentralNodeName, each once');
});

test('a file that says all of it already is not written', async (t) => {
  const { folder, path } = await configFolder(t);
  await load(folder, NAMES);
  await utimes(path, 1, 1);
  const before = await stat(path);
  await load(folder, NAMES);
  const after = await stat(path);
  assert.equal(after.mtimeMs, before.mtimeMs);
  assert.equal(after.ino, before.ino);
});

test('a rewritten file keeps its mode, but for the rights of others', async (t) => {
  const { folder, path } = await configFolder(t, 'NodeName = "ship1"\n');
  await chmod(path, 0o644);
  await load(folder, NAMES);
  assert.equal((await stat(path)).mode & 0o777, 0o640);
});

test('a symbolic link is written through', async (t) => {
  for (const text of ['NodeName = "old"\n', undefined]) {
    const { folder, path } = await configFolder(t, '');
    const real = join(folder, 'real.toml');
    const link = join(folder, 'linked', 'config.toml');
    if (text !== undefined) await writeFile(real, text);
    await mkdir(join(folder, 'linked'));
    await symlink('../real.toml', link);
    await load(join(folder, 'linked'), NAMES);
    assert.equal(await readlink(link), '../real.toml');
    assert.match(await readFile(real, 'utf8'), /NodeName = "ship1"/);
    assert.equal(await readFile(path, 'utf8'), '');
  }
});

test('where the file cannot be written the node still starts, with a warning', async (t) => {
  const { folder, path } = await configFolder(t);
  await load(folder, NAMES);
  const { folder: empty } = await configFolder(t, '');
  await asOrdinaryUser([folder, path, empty, join(empty, 'config.toml')], async () => {
    assert.deepEqual((await load(folder, NAMES)).warnings, [], 'nothing to change');
    const { config, warnings } = await load(folder, ['-nodeName=ship2']);
    assert.equal(config.nodeName, 'ship2');
    assert.match(warnings.join(), /config\.toml cannot be written/);
    assert.match((await load(join(empty, 'deeper'), NAMES)).warnings.join(), /no default file was made/);
  });
  assert.match(await readFile(path, 'utf8'), /NodeName = "ship1"/);
  assert.deepEqual(await readdir(folder), ['config.toml']);
});

test('names are required and must be legal', async (t) => {
  const { folder, path } = await configFolder(t);
  const missing = await refusal(folder);
  assert.equal(missing.code, 'missing-value');
  assert.match(
    missing.message,
    /node name is missing: give -nodeName=<name>, set NODE_NAME, or write NodeName in .*toml/,
  );
  assert.match((await refusal(folder, ['-nodeName=a'])).message, /-centralNodeName/);
  const collected = (await refusal(folder, ['-nodeName=errorCentral', '-centralNodeName=central'])).message;
  assert.match(collected, /-nodeName.* it is the name under which errors are collected/);
  assert.match(
    (await refusal(folder, ['-nodeName=a..b', '-centralNodeName=c'])).message,
    /flag -nodeName: "a\.\.b".*its dots/,
  );
  await assert.rejects(stat(path), { code: 'ENOENT' }, 'a refused start writes nothing');
});

test('a bad value is refused, whoever gave it, and named with its place', async (t) => {
  const cases: [args: string[], env: Record<string, string>, message: RegExp][] = [
    [['-startPubREQHello=-1'], {}, /flag -startPubREQHello: -1 must be between 0 and 2147483 s/],
    [['-defaultMessageTimeout=0'], {}, /flag -defaultMessageTimeout: 0 must be between 1/],
    [['-natsConnOptTimeout=99999999'], {}, /must be between 1 and 2147483 s/],
    [['-socketFolder='], {}, /flag -socketFolder: "" must not be empty/],
    [['-brokerAddress=host:http'], {}, /flag -brokerAddress: "host:http" is not host:port/],
    [['-brokerAddress=me:secret@host:http'], {}, /"\*\*\*@host:http"/],
    [['-fileMode=0755'], {}, /is not one of original, private/],
    [['-nameCheck=off'], {}, /is not one of strict, warn/],
    [['-logLevel=loud'], {}, /is not one of trace, debug/],
    [['-labels=a'], {}, /where key=value belongs/],
    [['-tcpListener=8091'], {}, /flag -tcpListener: "8091" is not host:port/],
    [['-configFolder='], {}, /-configFolder must not be empty/],
    [[], { START_SUB_REQ_PING: 'maybe' }, /variable START_SUB_REQ_PING: "maybe" is neither true nor false/],
    [[], { MESSAGE_TTL: '1d' }, /variable MESSAGE_TTL: "1d" is not a whole number/],
    [[], { HTTP_LISTENER: 'x' }, /variable HTTP_LISTENER: "x" is not host:port/],
  ];
  const { folder } = await configFolder(t);
  for (const [args, env, message] of cases) {
    const error = await refusal(folder, [...NAMES, ...args], env);
    assert.equal(error.code, 'bad-value');
    assert.match(error.message, message);
  }
});

test('a bad value in the file does not matter once a flag replaces it', async (t) => {
  const { folder, path } = await configFolder(t, 'NodeName = 5\n');
  assert.equal((await load(folder, NAMES)).config.nodeName, 'ship1');
  assert.match(await readFile(path, 'utf8'), /^NodeName = "ship1"\n/);
});

test('a config.toml that cannot be read is refused', async (t) => {
  const { folder, path } = await configFolder(t);
  await mkdir(path, { recursive: true });
  const error = await refusal(folder, NAMES);
  assert.equal(error.code, 'unreadable-file');
  assert.match(error.message, /config\.toml cannot be read: it is a folder, .*CONFIG_FOLDER/);
  const { path: file } = await configFolder(t, '');
  assert.equal((await refusal(file, NAMES)).code, 'unreadable-file', 'a file where the folder should be');
});

test('an unknown compression means none, and an unknown serialization gob, with a warning', async (t) => {
  const { folder } = await configFolder(t);
  const { config, warnings } = await load(folder, [...NAMES, '-compression=lz4', '-serialization=json']);
  assert.deepEqual([config.compression, config.serialization], ['', 'gob']);
  for (const named of [/flag -compression: "lz4" is not known/, /flag -serialization: "json" is not known/])
    assert.match(warnings.join(), named);
});

test('the key ConfigFolder of an old file is neither used nor unknown', async (t) => {
  const { folder } = await configFolder(t, 'ConfigFolder = "/elsewhere"\n');
  assert.deepEqual((await load(folder, NAMES)).warnings, []);
});

/** Runs the work as a user who may read these paths but not write them, also where the tests run as root. */
async function asOrdinaryUser(paths: readonly string[], work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid!() === 0;
  const parents = paths.map((path) => join(path, '..'));
  for (const path of new Set([...parents, ...paths])) {
    if (isRoot) await chown(path, 0, 0);
    await chmod(path, 0o555);
  }
  if (isRoot) process.seteuid!(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid!(0);
    for (const path of new Set([...parents, ...paths])) await chmod(path, 0o755);
  }
}
