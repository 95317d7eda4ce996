import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from './flags.ts';
import { OPTIONS } from './options.ts';

test('a value is given with one dash or two, after = or as the next argument', () => {
  for (const args of [
    ['-nodeName=ship1'],
    ['--nodeName=ship1'],
    ['-nodeName', 'ship1'],
    ['--nodeName', 'ship1'],
  ]) {
    assert.equal(parseFlags(args).values.get('NodeName'), 'ship1', args.join(' '));
  }
});

test('a value may hold =, be empty, or look like a flag', () => {
  assert.equal(parseFlags(['-labels=a=b,c=d']).values.get('Labels'), 'a=b,c=d');
  assert.equal(parseFlags(['-labels=']).values.get('Labels'), '');
  assert.equal(parseFlags(['-labels', '-h']).values.get('Labels'), '-h');
});

test('the last of several wins', () => {
  const { values } = parseFlags(['-subscribersDataFolder=./data', '-subscribersDataFolder=./var']);
  assert.equal(values.get('SubscribersDataFolder'), './var');
});

test('a bare bool is true, and takes every form that Go takes', () => {
  assert.equal(parseFlags(['-startSubREQRelay']).values.get('StartSubREQRelay'), true);
  for (const form of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
    assert.equal(parseFlags([`-startSubREQPing=${form}`]).values.get('StartSubREQPing'), true, form);
  }
  for (const form of ['0', 'f', 'F', 'false', 'FALSE', 'False']) {
    assert.equal(parseFlags([`-startSubREQPing=${form}`]).values.get('StartSubREQPing'), false, form);
  }
});

test('a bool takes true or false from the next argument, and says what the original makes of that', () => {
  const { values, warnings } = parseFlags(['-startSubREQPing', 'false', '-nodeName=a']);
  assert.equal(values.get('StartSubREQPing'), false);
  assert.equal(values.get('NodeName'), 'a');
  assert.match(warnings.join(), /takes "-startSubREQPing false" for true, and ignores all that follows/);
  assert.deepEqual(parseFlags(['-startSubREQPing', '-nodeName=a']).warnings, []);
});

test('-- ends the flags, and what is left over gets a warning', () => {
  assert.equal(parseFlags(['-nodeName=a', '--']).values.get('NodeName'), 'a');
  const behind = parseFlags(['--', '-nodeName=a']);
  assert.equal(behind.values.has('NodeName'), false);
  assert.match(behind.warnings.join(), /"-nodeName=a" is no flag and is passed over/);
  assert.match(parseFlags(['-']).warnings.join(), /"-" is no flag/);
  const stray = parseFlags(['ship1', '-nodeName=b']);
  assert.match(
    stray.warnings.join(),
    /"ship1" is no flag .* the original program ignores all that follows it/,
  );
  assert.equal(stray.values.get('NodeName'), 'b');
});

test('help and version are asked for in every form', () => {
  for (const arg of ['-h', '--h', '-help', '--help']) assert.equal(parseFlags([arg]).asks, 'help', arg);
  for (const arg of ['-version', '--version']) assert.equal(parseFlags([arg]).asks, 'version', arg);
});

test('an unknown flag is refused with the flag that was meant', () => {
  assert.throws(() => parseFlags(['-nodname=a']), {
    code: 'unknown-flag',
    message: /-nodname; did you mean -nodeName\?/,
  });
  assert.throws(() => parseFlags(['--node=ship2']), {
    code: 'unknown-flag',
    message: /did you mean -nodeName\?/,
  });
  assert.throws(() => parseFlags(['-xyzzyxyzzy']), {
    code: 'unknown-flag',
    message: /^unknown flag -xyzzyxyzzy \(/,
  });
});

test('whole numbers are read strictly', () => {
  assert.equal(parseFlags(['-startPubREQHello=200']).values.get('StartPubREQHello'), 200);
  for (const text of ['abc', '', '1.5', '0x10', '010', '1_000', ' 5', '5s', '1e3']) {
    assert.throws(
      () => parseFlags([`-startPubREQHello=${text}`]),
      { code: 'bad-value', message: /whole number/ },
      text,
    );
  }
});

test('a flag without its value, or without a name, is refused', () => {
  assert.throws(() => parseFlags(['-nodeName']), { code: 'bad-flag', message: /needs a value/ });
  for (const arg of ['-=a', '---nodeName=a', '--=a']) {
    assert.throws(() => parseFlags([arg]), { code: 'bad-flag' }, arg);
  }
});

test('every option has a flag, an environment variable and a key of its own', () => {
  for (const name of ['key', 'flag', 'env'] as const) {
    assert.equal(new Set(OPTIONS.map((option) => option[name])).size, OPTIONS.length);
  }
  const named = new Map(OPTIONS.map((option) => [option.key, option]));
  assert.equal(named.get('TCPListener')?.flag, 'tcpListener');
  assert.equal(named.get('RootCAPath')?.flag, 'rootCAPath');
  assert.equal(named.get('TLSCertFile')?.flag, 'tlsCertFile');
  assert.equal(named.get('TLSKeyFile')?.env, 'TLS_KEY_FILE');
  assert.equal(named.get('RootCAPath')?.env, 'ROOT_CA_PATH');
  assert.equal(named.get('NatsReconnectJitterTLS')?.env, 'NATS_RECONNECT_JITTER_TLS');
  assert.equal(named.get('StartPubREQHello')?.env, 'START_PUB_REQ_HELLO');
  assert.equal(named.get('StartSubREQCliCommandCont')?.env, 'START_SUB_REQ_CLI_COMMAND_CONT');
  assert.equal(named.get('MaxMessageMB')?.env, 'MAX_MESSAGE_MB');
});
