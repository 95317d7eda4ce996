import assert from 'node:assert/strict';
import { chmod, chown, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { ApiError } from './api-error.ts';
import { connectToNode } from './find-node.ts';

/** Makes a folder of its own the working folder, as an operator's shell would have it. */
async function inFolder(t: TestContext): Promise<string> {
  const { path } = await tempFolder(t);
  const before = process.cwd();
  process.chdir(path);
  t.after(() => process.chdir(before));
  return path;
}

async function faultOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => assert.fail('it did not fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

const socketOf = (client: { address: object }) => (client.address as { socketPath: string }).socketPath;

test('the socket that is told is taken, from the option before the environment', async (t) => {
  const { socketPath } = await startFakeApi(t);
  const byOption = await connectToNode({ socket: socketPath }, { STEWARD_SOCKET: '/nowhere/s' });
  assert.equal((await byOption.status()).node, 'central');
  const byEnvironment = await connectToNode({}, { STEWARD_SOCKET: socketPath, STEWARD_API: '127.0.0.1:1' });
  assert.equal(socketOf(byEnvironment), socketPath);
});

test('a socket that is told and does not answer is not replaced by another one', async (t) => {
  const folder = await inFolder(t);
  await mkdir('tmp');
  const { code, message } = await faultOf(connectToNode({ socket: `${folder}/none.sock` }, {}));
  assert.equal(code, 'unreachable');
  assert.match(message, /none\.sock is not there; is the node running\?/);
});

test("the socket folder of the node's configuration is looked into, seen from here or next to that file", async (t) => {
  const folder = await inFolder(t);
  const { socketPath, folder: served } = await startFakeApi(t);
  await mkdir(join(folder, 'etc'));
  await writeFile(join(folder, 'etc/config.toml'), `NodeName = "central"\nSocketFolder = '${served}'\n`);
  assert.equal(socketOf(await connectToNode({}, {})), socketPath);
  assert.equal(socketOf(await connectToNode({}, { CONFIG_FOLDER: join(folder, 'etc') })), socketPath);
  await mkdir(join(served, 'etc'));
  await writeFile(join(served, 'etc/config.toml'), '# SocketFolder = "/elsewhere"\nSocketFolder = "./"\n');
  assert.equal(socketOf(await connectToNode({}, { CONFIG_FOLDER: join(served, 'etc') })), socketPath);
  assert.equal(socketOf(await connectToNode({}, { SOCKET_FOLDER: served })), socketPath);
});

test('where no node answers, the places are named', async (t) => {
  const folder = await inFolder(t);
  await mkdir('tmp');
  const server = createServer().listen('tmp/s');
  await new Promise((resolve) => server.once('listening', resolve));
  await link('tmp/s', 'tmp/stew.sock');
  await new Promise((resolve) => server.close(resolve));
  const { code, message } = await faultOf(connectToNode({}, {}));
  assert.equal(code, 'unreachable');
  assert.match(message, /^no node answers here; looked at /);
  assert.ok(message.includes(`${folder}/tmp/stew.sock (left by a node that has ended)`), message);
  assert.match(message, /\/run\/steward\/stew\.sock/);
  assert.match(message, /--folder, its socket with --socket or its address with --api/);
});

test('a node is found by its folder, and by one above that has a node', async (t) => {
  const folder = await inFolder(t);
  const { socketPath, folder: served } = await startFakeApi(t);
  const made = join(folder, 'fleet/steward');
  await mkdir(join(made, 'etc'), { recursive: true });
  await writeFile(join(made, 'etc/config.toml'), `SocketFolder = '${served}'\n`);
  assert.equal(socketOf(await connectToNode({ folder: made }, {})), socketPath);
  await mkdir('fleet/deep/down', { recursive: true });
  for (const place of ['fleet', 'deep/down']) {
    process.chdir(place);
    assert.equal(socketOf(await connectToNode({}, {})), socketPath, place);
  }
  const none = await faultOf(connectToNode({ folder: join(folder, 'none') }, {}));
  assert.match(none.message, /looked at .*none\/tmp\/stew\.sock: start one/);
  const both = await faultOf(connectToNode({ folder: made, socket: socketPath }, {}));
  assert.match(both.message, /give one of the two \(--socket, --api or --folder\)/);
});

test("somebody else's socket is told from one that is not there", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('needs to begin as root');
  const folder = await inFolder(t);
  await chmod(folder, 0o755);
  const { socketPath, folder: served } = await startFakeApi(t);
  await chmod(served, 0o755);
  process.seteuid!(65_534);
  try {
    const told = await faultOf(connectToNode({ socket: socketPath }, {}));
    assert.equal(told.code, 'unauthorized');
    assert.match(told.message, /stew\.sock belongs to root: run this as root \(sudo\)/);
    const looked = await faultOf(connectToNode({}, { SOCKET_FOLDER: served }));
    assert.match(looked.message, /belongs to root/);
  } finally {
    process.seteuid!(0);
  }
});

test('a socket is not used where anybody can have put it, and a node whose socket is told is', async (t) => {
  const { socketPath, folder: served } = await startFakeApi(t);
  const folder = await inFolder(t);
  await chmod(folder, 0o1777);
  await symlink(served, 'tmp');
  assert.equal(socketOf(await connectToNode({}, {})), socketPath, 'behind a link to a folder of its own');
  await chmod(served, 0o1777);
  for (const place of [{}, { folder: '.' }]) {
    const { code, message } = await faultOf(connectToNode(place, {}));
    assert.equal(code, 'unreachable');
    assert.match(message, /tmp\/stew\.sock is not used: any user can write to .*-socketFolder.*--socket/);
  }
  await faultOf(connectToNode({}, { SOCKET_FOLDER: served }));
  assert.equal(socketOf(await connectToNode({ socket: socketPath }, {})), socketPath);
  await chmod(served, 0o770);
  if (process.geteuid?.() !== 0) return;
  await chown(served, 0, 65_534);
  assert.match((await faultOf(connectToNode({}, {}))).message, /the group 65534 can write to/);
});

test("root uses another user's node where its folder says so, and not what somebody left in a folder of all", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('needs to be root');
  const { socketPath, folder: served } = await startFakeApi(t);
  const folder = await inFolder(t);
  await mkdir('steward/etc', { recursive: true });
  await writeFile('steward/etc/config.toml', `SocketFolder = '${served}'\n`);
  const giveTo = async (user: number) => {
    for (const path of [served, 'steward', 'steward/etc', 'steward/etc/config.toml'])
      await chown(path, user, user);
  };
  await giveTo(65_534);
  // The folder of the socket is in /tmp, where that user can have made it.
  assert.match(
    (await faultOf(connectToNode({}, {}))).message,
    /stew\.sock is not used: any user can write to/,
  );
  assert.equal(socketOf(await connectToNode({ folder: join(folder, 'steward') }, {})), socketPath);
  await chown('steward/etc/config.toml', 0, 0);
  const { message } = await faultOf(connectToNode({ folder: join(folder, 'steward') }, {}));
  assert.match(message, /belongs to the user with id 65534/);
});

test('an address is asked with the token of a file or of the environment', async (t) => {
  const address = { host: '127.0.0.1', port: 0 };
  const { url } = await startFakeApi(t, { address, token: 's3cret' });
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'token'), 's3cret\n');
  const api = await connectToNode({ api: url, tokenFile: join(path, 'token') }, { STEWARD_SOCKET: '/none' });
  assert.equal((await api.status()).node, 'central');
  const wrong = await connectToNode({}, { STEWARD_API: url, STEWARD_TOKEN: 'wrong' });
  const { code, message } = await faultOf(wrong.status());
  assert.deepEqual([code, message], ['unauthorized', 'the token is wrong']);
  const missing = await faultOf(connectToNode({ api: url, tokenFile: join(path, 'none') }, {}));
  assert.match(missing.message, /token file .* cannot be read/);
});

test('an address that is none, or two places at once, are refused with a sentence', async () => {
  for (const api of ['ftp://x', 'http://', 'http://a b']) {
    const { code, message } = await faultOf(connectToNode({ api }, {}));
    assert.equal(code, 'bad-request');
    assert.match(message, /give it as http:\/\/host:port/);
  }
  const { message } = await faultOf(connectToNode({ api: 'x:1', socket: 'y' }, {}));
  assert.match(message, /give one of the two/);
});
