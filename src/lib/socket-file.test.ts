import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { submitTo } from '../../test/support/submit.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { startUnixListener } from '../listeners/unix-socket.ts';
import { createLogger } from '../observe/logger.ts';
import { shortSocketPath } from './short-socket-path.ts';

const logger = createLogger({ level: 'silent', nodeName: 'test' });
const { path: folder } = await tempFolder({ after });

let count = 0;
const freshPath = () => join(folder, String(count++), 'steward.sock');

const start = ({ path = freshPath() } = {}) =>
  startUnixListener(
    { path },
    { submissions: { submit: async (text) => JSON.stringify({ bytes: text.length }), refused() {} }, logger },
  );

test('the socket is for its owner alone, and so is a folder made for it', async () => {
  await using listener = await start({ path: join(folder, 'a', 'b', 'steward.sock') });
  assert.equal(statSync(listener.path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(listener.path)).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(dirname(listener.path)), ['steward.sock']);
});

test('the socket file of a dead process is replaced', async () => {
  const path = freshPath();
  await mkdir(dirname(path), { recursive: true });
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.moved`, resolve));
  await rename(`${path}.moved`, path);
  await new Promise((resolve) => dead.close(resolve));
  assert.ok(existsSync(path));
  await using listener = await start({ path });
  assert.deepEqual(await submitTo(listener.path, '[1]'), { bytes: 3 });
});

test('a socket that somebody listens on is left alone', async () => {
  await using listener = await start();
  await assert.rejects(start({ path: listener.path }), {
    code: 'in-use',
    message: /another process listens/,
  });
  assert.deepEqual(await submitTo(listener.path, '[1]'), { bytes: 3 });
});

test('of two listeners that start at once over a dead socket, one wins', async () => {
  const path = freshPath();
  const results = await Promise.allSettled([start({ path }), start({ path })]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.deepEqual(await submitTo(path, '[1]'), { bytes: 3 });
  for (const result of results) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
});

test('a socket is made and reached in a folder whose path is too long for the kernel', {
  skip: process.platform !== 'linux' && 'it takes /proc',
}, async () => {
  const long = join(folder, 'f'.repeat(100), 'steward.sock');
  const listener = await start({ path: long });
  await assert.rejects(start({ path: long }), { code: 'in-use' });
  assert.deepEqual(await submitTo(shortSocketPath(long), '[1]'), { bytes: 3 });
  await listener[Symbol.asyncDispose]();
  const again = await start({ path: long });
  await again[Symbol.asyncDispose]();
});

test('a file that is not a socket, and a path that is too long, are errors that say so', async () => {
  const path = join(folder, 'plain');
  writeFileSync(path, 'kept');
  await assert.rejects(start({ path }), { code: 'not-a-socket' });
  await assert.rejects(start({ path: join(folder, 'x'.repeat(120)) }), {
    code: 'path-too-long',
    message: /107 at most/,
  });
  await assert.rejects(start({ path: join(path, 'steward.sock') }), { code: 'unavailable' });
});

test('a socket that is removed while somebody listens on it is made again, with its folder, as often as needed', async () => {
  await using listener = await start({ path: join(folder, 'gone', 'steward.sock') });
  const answers = () => submitTo(listener.path, '[1]').catch(() => undefined);
  for (const lost of [dirname(listener.path), listener.path]) {
    rmSync(lost, { recursive: true });
    assert.deepEqual(await waitFor('the socket', answers), { bytes: 3 });
    assert.equal(statSync(listener.path).mode & 0o777, 0o600);
  }
  rmSync(listener.path);
  writeFileSync(listener.path, 'in its place');
  assert.equal(await answers(), undefined);
  rmSync(listener.path);
  assert.deepEqual(await waitFor('the socket', answers), { bytes: 3 });
});
