import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readlink, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { ByteBudget } from '../../lib/byte-budget.ts';
import type { FollowDeps } from '../../lib/follow-file.ts';
import { type Message, newMessage } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { createReqTailFile } from './req-tail-file.ts';

test('new lines are sent as they come, until methodTimeout (fault 18)', async (t) => {
  const { folder, tail, text } = await setUp(t);
  const path = join(folder, 'app.log');
  await writeFile(path, 'old\n');
  const running = tail({ methodArgs: [path], methodTimeout: 3 });
  await waitFor('a first line', async () => {
    await appendFile(path, 'one\n');
    return text().includes('one\n');
  });
  await appendFile(path, 'no end');
  const result = await running;
  assert.equal(result.state, 'succeeded');
  assert.match(result.reason!, /app.log was followed until methodTimeout \(3 s\)/);
  assert.match(text(result), /^(one\n)+no end$/);
  assert.equal(result.outputBytes, text(result).length);
});

test('a relative path begins at the working folder, and a rotated file ends its last line', async (t) => {
  const { folder, tail, text } = await setUp(t);
  const path = join(folder, 'app.log');
  await writeFile(path, 'old\n');
  const running = tail({ methodArgs: ['app.log'], methodTimeout: 3 });
  const link = (name: string) => readlink(`/proc/self/fd/${name}`).catch(() => '');
  await waitFor('the file to be followed', async () => {
    const links = await Promise.all((await readdir('/proc/self/fd')).map(link));
    return links.includes(path);
  });
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, 'cut');
  await writeFile(path, 'next\n');
  await waitFor('both', () => text() === 'cut\nnext\n');
  assert.equal((await running).state, 'succeeded');
});

test('a cancel and a stop end it, whatever its time', async (t) => {
  const { folder, tail } = await setUp(t);
  for (const [code, state] of [
    ['cancelled', 'cancelled'],
    ['stopping', 'interrupted'],
  ] as const) {
    const abort = new AbortController();
    const running = tail({ methodArgs: [join(folder, 'never')], methodTimeout: -1 }, abort.signal);
    abort.abort(Object.assign(new Error('stop'), { code }));
    assert.equal((await running).state, state);
  }
});

test('what can not be followed is a clear error (fault 20)', async (t) => {
  const { folder, tail, method } = await setUp(t);
  await mkdir(join(folder, 'dir'));
  for (const [methodArgs, words] of [
    [null, /methodArgs is empty/],
    [['a\0b'], /NUL/],
    [[join(folder, 'dir')], /dir is a folder: only a file can be followed/],
  ] as const) {
    const result = await tail({ methodArgs: methodArgs as string[] | null });
    assert.equal(result.state, 'failed');
    assert.match(result.reason!, words);
    assert.match(result.error!, /^error: methodREQTailFile: /);
  }
  assert.match(method.check!(newMessage({}))!, /methodArgs is empty/);
  const never = await tail({ methodArgs: [join(folder, 'never')], methodTimeout: 0.1 });
  assert.equal(never.state, 'timed-out');
  assert.match(never.reason!, /there was no file .*never within methodTimeout/);
});

test('a request that is cancelled while its lines cannot be queued gives back the memory that it held', async () => {
  const outputs = new ByteBudget(1024 * 1024);
  const follow = async (_: unknown, output: FollowDeps) => {
    await output.write(Buffer.alloc(300 * 1024, 'x\n'));
    return { wasFound: true };
  };
  const options = { workingFolder: '/', defaultMethodTimeout: 10 };
  const method = createReqTailFile(options, {
    diskRoom: { shortage: async () => undefined },
    outputs,
    follow,
  });
  const abort = new AbortController();
  const { state } = await method.run({
    ...{ id: 'tail', runId: 'test/1/1/tail', progress: () => {}, signal: abort.signal },
    message: newMessage({ method: 'REQTailFile', methodArgs: ['app.log'], methodTimeout: 10 }),
    reply: async () => {
      abort.abort(Object.assign(new Error('stop'), { code: 'cancelled' }));
      throw new Error('locked');
    },
  });
  assert.equal(state, 'cancelled');
  assert.ok(outputs.hold(outputs.maxBytes));
});

async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const method = createReqTailFile(
    { workingFolder: folder, defaultMethodTimeout: 10 },
    { diskRoom: { shortage: async () => undefined } },
  );
  const sent: Uint8Array[] = [];
  const tail = (fields: Partial<Message>, signal = new AbortController().signal) =>
    method.run({
      id: 'tail',
      runId: 'test/1/1/tail',
      progress: () => {},
      message: newMessage({ method: 'REQTailFile', methodTimeout: 10, ...fields }),
      signal,
      reply: async (data) => void sent.push(data),
    });
  const text = (result?: RunResult) =>
    Buffer.concat([...sent, ...(result?.reply ? [result.reply as Uint8Array] : [])]).toString();
  return { folder, method, tail, text };
}
