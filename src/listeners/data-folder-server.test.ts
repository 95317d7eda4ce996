import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

import { tempFolder } from '../../test/support/temp-folder.ts';
import { createLogger } from '../observe/logger.ts';
import { startDataFolderServer } from './data-folder-server.ts';

const logger = createLogger({ level: 'silent', nodeName: 'test' });
const CONTENT = '0123456789';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

test('files are shown with their type and size, whole or in part', async (t) => {
  const { get } = await start(t);
  const whole = await get('/cli/ship1/out.log');
  assert.deepEqual([whole.status, whole.body], [200, CONTENT]);
  assert.equal(whole.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(whole.headers['content-length'], '10');
  assert.match(String(whole.headers['content-security-policy']), /sandbox/);
  const part = await get('/cli/ship1/out.log', { range: 'bytes=2-4' });
  assert.deepEqual([part.status, part.body, part.headers['content-range']], [206, '234', 'bytes 2-4/10']);
  const beyond = await get('/cli/ship1/out.log', { range: 'bytes=10-' });
  assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */10']);
  const { etag = '' } = whole.headers;
  assert.equal((await get('/cli/ship1/out.log', { 'if-none-match': etag })).status, 304);
  assert.equal((await get('/cli/ship1/out.log', { range: 'bytes=2-4', 'if-range': '"old"' })).status, 200);
  const head = await get('/cli/ship1/out.log', {}, 'HEAD');
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '10']);
  assert.equal((await get('/empty')).body, '');
});

test('folders are listed, with names made harmless', async (t) => {
  const { get } = await start(t);
  const { body, headers } = await get('/');
  assert.match(String(headers['content-type']), /text\/html/);
  assert.match(body, /<a href="\.\/cli\/">cli\/<\/a>/);
  assert.match(body, /<a href="\.\/%3Cb%3E%3A%20'x\.txt">&lt;b&gt;: &#39;x\.txt<\/a>/);
  assert.doesNotMatch(body, /hidden/);
  const moved = await get('/cli/ship1');
  assert.deepEqual([moved.status, moved.headers.location], [301, './ship1/']);
  assert.match((await get('/cli/ship1/')).body, /href="\.\.\/"[\s\S]*out\.log/);
});

test('nothing outside the folder is shown, nor what is hidden or no file', async (t) => {
  const { get } = await start(t);
  for (const path of [
    '/../secret',
    '/%2e%2e/secret',
    '/cli/..%2f..%2fsecret',
    '/cli/%2e%2e/%2e%2e/secret',
    '/cli/ship1/../../../secret',
    '/out-link',
    '/folder-link/secret',
    '/.hidden',
    '/%2ehidden',
    '/fifo',
    '/nowhere',
    '/cli/ship1/out.log/',
    '/cli/ship1/out.log/x',
    '/%00',
    '/%zz',
    '//etc/passwd',
    'http://127.0.0.1/../secret',
    '*',
  ]) {
    assert.deepEqual([path, (await get(path)).status], [path, 404]);
  }
  assert.equal((await get('/in-link')).body, CONTENT, 'a link that stays inside');
});

test('nothing can be changed, and the rules of access hold', async (t) => {
  const { get } = await start(t);
  for (const method of ['PUT', 'DELETE', 'POST', 'OPTIONS']) {
    assert.equal((await get('/empty', {}, method)).status, 405);
  }
  assert.equal((await get('/empty', { host: 'evil.example' })).status, 403);
  assert.equal((await get('/empty', { origin: 'http://evil.example' })).status, 403);
  const guarded = await start(t, '0.0.0.0');
  assert.equal((await guarded.get('/empty')).status, 401);
  assert.equal((await guarded.get('/empty', { authorization: 'Bearer s3cret' })).status, 200);
});

async function start(t: TestContext, host = '127.0.0.1') {
  const { path: parent } = await tempFolder(t);
  const folder = join(parent, 'data');
  await mkdir(join(folder, 'cli/ship1'), { recursive: true });
  await writeFile(join(parent, 'secret'), 'secret');
  await writeFile(join(folder, 'cli/ship1/out.log'), CONTENT);
  for (const name of ['empty', '.hidden', "<b>: 'x.txt"]) await writeFile(join(folder, name), '');
  await symlink(join(parent, 'secret'), join(folder, 'out-link'));
  await symlink(parent, join(folder, 'folder-link'));
  await symlink('cli/ship1/out.log', join(folder, 'in-link'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  const token = host === '127.0.0.1' ? '' : 's3cret';
  const server = await startDataFolderServer({ address: { host, port: 0 }, token, folder }, { logger });
  t.after(() => server[Symbol.asyncDispose]());
  /** Sends the path as it is, which fetch would tidy up. */
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> => {
    const sent = request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false });
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    sent.on('error', reject).on('response', async (response) => {
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        body: await readAll(response),
      });
    });
    sent.end();
    return promise;
  };
  return { get };
}
