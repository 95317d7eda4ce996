import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptNotes } from '../../test/support/kept-notes.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { systemClock } from '../lib/clock.ts';
import { type Message, newMessage } from '../message/message.ts';
import type { Incoming, Outcome, RunResult } from '../message/method-contract.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import { kindOf } from '../message/subject.ts';
import { createMethods, type MethodsDeps } from './all-methods.ts';
import type { ProcessEntry } from './node-admin/node-processes.ts';

const OK = { ok: true };
const DATE = 'Sun Nov  1 05:04:03 2026';

test('every method is listed under its name, with the kind of the reference', async (t) => {
  const { methods } = await setUp(t);
  for (const [name, method] of methods) {
    assert.equal(method.name, name);
    assert.equal(method.kind, kindOf(name));
    assert.match(method.summary, /^[A-Z].*\.$/);
  }
  const elsewhere = /^REQ(CopyFile|Relay|Initial)/;
  const expected = METHOD_NAMES.filter((name) => !elsewhere.test(name));
  assert.deepEqual([...methods.keys()].toSorted(), [...expected, 'REQReport'].toSorted());
});

test('REQToFile replaces the content, keeps the mode, and leaves nothing else behind', async (t) => {
  const { apply, data } = await setUp(t);
  const path = join(data, 'dir/ship1/f.log');
  assert.deepEqual(await apply('REQToFile', [{ data: [Buffer.from('long content')] }]), [OK]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await chmod(path, 0o644);
  const binary = Buffer.from([0xff, 0, 1]);
  assert.deepEqual(await apply('REQToFile', [{ data: [Buffer.from('first')] }, { data: [binary, binary] }]), [
    OK,
    OK,
  ]);
  assert.deepEqual(await readFile(path), Buffer.concat([binary, binary]));
  assert.equal((await stat(path)).mode & 0o777, 0o644);
  assert.deepEqual(await readdir(join(data, 'dir/ship1')), ['f.log']);
});

test('REQToFile refuses what is no regular file, with the reason (faults 7 and 21)', async (t) => {
  const { apply, data, methods } = await setUp(t);
  await mkdir(join(data, 'dir/ship1/folder'), { recursive: true });
  await writeFile(join(data, 'file'), '');
  await symlink('/etc/hostname', join(data, 'dir/ship1/link'));
  const outcomes = await apply('REQToFile', [
    { fileName: 'folder' },
    { directory: 'file' },
    { fileName: 'link' },
    { directory: '../up' },
    { data: [Buffer.from('good')] },
  ]);
  const [folder, file, link, up, good] = outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.reason));
  assert.match(folder!, /is a folder/);
  assert.match(file!, /ENOTDIR|EEXIST/);
  assert.match(link!, /is a symbolic link/);
  assert.match(up!, /the part "\.\."/);
  assert.equal(good, 'ok');
  const check = methods.get('REQToFile')!.check!(
    newMessage({ toNode: 'a', directory: 'x/../../y', fileName: 'f' }),
  );
  assert.match(check!, /the part "\.\."/);
});

test('REQToFile and REQToFileAppend may take turns on one file', async (t) => {
  const { apply, data } = await setUp(t);
  for (const text of ['a', 'b']) {
    await apply('REQToFile', [{ data: [Buffer.from(text)] }]);
    await apply('REQToFileAppend', [{ data: [Buffer.from('+')] }]);
  }
  assert.equal(await readFile(join(data, 'dir/ship1/f.log'), 'utf8'), 'b+');
});

test('REQHello is filed under its sender and told, with the folders of the reference where it names none', async (t) => {
  const { apply, data, told } = await setUp(t);
  const hello = { toNode: 'central', fromNode: 'ship9', directory: '', fileName: '' };
  assert.deepEqual(await apply('REQHello', [hello, { ...hello, directory: 'hi', fileName: 'h' }]), [OK, OK]);
  const text = `${DATE}, Received hello from "ship9"\n`;
  assert.equal(await readFile(join(data, 'hello-messages/ship9/hello.log'), 'utf8'), text);
  assert.equal(await readFile(join(data, 'hi/ship9/h'), 'utf8'), text);
  assert.deepEqual(told, ['hello ship9', 'hello ship9']);
});

test('REQHello under a name like ../ writes nothing (fault 21)', async (t) => {
  const { apply, data } = await setUp(t);
  const [outcome] = await apply('REQHello', [{ fromNode: '../../x', directory: '', fileName: '' }]);
  assert.equal(outcome!.ok, false);
  await assert.rejects(readdir(data), { code: 'ENOENT' });
});

test('REQErrorLog appends to the error log of errorCentral', async (t) => {
  const { apply, data, told } = await setUp(t);
  const error = { toNode: 'errorCentral', fromNode: 'ship1', directory: 'errorLog', fileName: 'error.log' };
  await apply('REQErrorLog', [{ ...error, data: [Buffer.from('one\n')] }]);
  await apply('REQErrorLog', [{ ...error, directory: '', fileName: '', data: [Buffer.from('two\n')] }]);
  assert.equal(await readFile(join(data, 'errorLog/errorCentral/error.log'), 'utf8'), 'one\ntwo\n');
  assert.deepEqual(told, ['errors 1', 'errors 1']);
});

test('REQPing writes its line and replies one empty item, also where it names no file', async (t) => {
  const { run, data } = await setUp(t);
  assert.deepEqual(await run('REQPing', { fromNode: 'central' }), {
    state: 'succeeded',
    reply: new Uint8Array(0),
  });
  assert.equal(
    await readFile(join(data, 'dir/ship1/f.log'), 'utf8'),
    `${DATE}, ping received from central\n`,
  );
  await run('REQPing', { fromNode: 'central', directory: '', fileName: '' });
  assert.match(await readFile(join(data, 'ship1/REQPing.log'), 'utf8'), /ping received/);
  const failed = await run('REQPing', { directory: '..' });
  assert.deepEqual([failed.state, failed.reply], ['failed', new Uint8Array(0)]);
});

test('REQPong writes its line, also without a previous message (fault 20)', async (t) => {
  const { apply, data } = await setUp(t);
  const previousMessage = newMessage({ toNode: 'ship1', method: 'REQPing' });
  const pong = { toNode: 'central', fromNode: 'ship1' };
  assert.deepEqual(await apply('REQPong', [{ ...pong, previousMessage }, pong]), [OK, OK]);
  for (const node of ['ship1', 'central']) {
    assert.equal(
      await readFile(join(data, `dir/${node}/f.log`), 'utf8'),
      `${DATE}, pong received from ship1\n`,
    );
  }
});

test('REQToConsole prints the data in order, a newline behind each message, and says when nobody takes it', async (t) => {
  const printed: Buffer[] = [];
  const { apply } = await setUp(t, { stdout: async (bytes) => void printed.push(Buffer.from(bytes)) });
  const data = [Buffer.from('a'), Buffer.from([0xff])];
  assert.deepEqual(await apply('REQToConsole', [{ data }, { data: null }, { data: [Buffer.from('b')] }]), [
    OK,
    OK,
    OK,
  ]);
  assert.deepEqual(Buffer.concat(printed), Buffer.from([0x61, 0xff, 0x0a, 0x0a, 0x62, 0x0a]));
  const broken = await setUp(t, { stdout: () => Promise.reject(new Error('EPIPE')) });
  const [outcome] = await broken.apply('REQToConsole', [{ data }]);
  assert.deepEqual(outcome, { ok: false, reason: "the standard output can't be written: EPIPE" });
});

test('REQNone does nothing', async (t) => {
  const { apply, data } = await setUp(t);
  assert.deepEqual(await apply('REQNone', [{}, {}]), [OK, OK]);
  await assert.rejects(readdir(data), { code: 'ENOENT' });
});

test('REQOpProcessList replies a line for each process', async (t) => {
  const { run } = await setUp(t);
  const { reply } = await run('REQOpProcessList', {});
  assert.equal(
    textOf(reply),
    `${DATE}, process: subscriber, id: 1, name: ship1.REQPing.EventACK\n` +
      `${DATE}, process: subscriber, id: 2, name: ship1.REQOpProcessStart.CommandACK\n` +
      `${DATE}, process: publisher, id: 3, name: central.REQToFile.EventACK\n`,
  );
});

test('REQOpProcessStart starts a method once, and says why not otherwise (fault 16)', async (t) => {
  const { run, told } = await setUp(t);
  const started = await run('REQOpProcessStart', { methodArgs: ['REQnCliCommand'] });
  assert.equal(started.state, 'succeeded');
  const text = 'info: OpProcessStart: started id: 27, subject: ship1.REQCliCommand.EventACK: node: ship1';
  assert.deepEqual([textOf(started.reply), started.error], [`${text}\n`, text]);
  for (const [methodArgs, words] of [
    [['REQPing'], /REQPing is already started, as ship1.REQPing.EventACK with id 1/],
    [['REQNoSuch'], /there is no method "REQNoSuch"/],
    [[], /methodArgs is empty/],
    [null, /methodArgs is empty/],
    [['REQPong'], /REQPong can't be started: refused by the broker/],
  ] as const) {
    const refused = await run('REQOpProcessStart', { methodArgs: methodArgs as string[] | null });
    assert.equal(refused.state, 'failed');
    assert.match(refused.reason!, words);
    assert.match(textOf(refused.reply), words);
  }
  assert.deepEqual(told, ['start REQCliCommand', 'start REQPong']);
});

test('REQOpProcessStop takes three or four arguments, and says why not otherwise (faults 16 and 20)', async (t) => {
  const { run, told } = await setUp(t);
  const stopped = await run('REQOpProcessStop', { methodArgs: ['REQPing', 'ship1', 'subscriber', '1'] });
  const text = 'info: OpProcessStop: stopped id: 1, subject: ship1.REQPing.EventACK: node: ship1';
  assert.deepEqual([textOf(stopped.reply), stopped.error], [`${text}\n`, text]);
  assert.equal(
    (await run('REQOpProcessStop', { methodArgs: ['REQToFile', 'central', 'publisher'] })).state,
    'succeeded',
  );
  for (const [methodArgs, words] of [
    [null, /methodArgs are method, node/],
    [['REQPing', 'ship1'], /methodArgs are method, node/],
    [['REQPing', 'ship2', 'subscriber'], /there is no subscriber ship2 REQPing/],
    [['REQPing', 'ship1', 'publisher'], /there is no publisher ship1 REQPing/],
    [['REQPing', 'ship1', 'thing'], /"subscriber" or "publisher", not "thing"/],
    [['REQOpProcessStart', 'ship1', 'subscriber', '2'], /can't be stopped: nothing could be started again/],
  ] as const) {
    const refused = await run('REQOpProcessStop', { methodArgs: methodArgs as string[] | null });
    assert.equal(refused.state, 'failed');
    assert.match(refused.reason!, words);
  }
  // The README's own example gives an id that is nobody's.
  await run('REQOpProcessStop', { methodArgs: ['REQPing', 'ship1', 'subscriber', '199'] });
  assert.deepEqual(told, ['stop 1', 'stop 3', 'stop 1']);
});

async function setUp(t: TestContext, given: Partial<MethodsDeps> = {}) {
  const { path } = await tempFolder(t);
  const data = join(path, 'data');
  const told: string[] = [];
  const deps: MethodsDeps = {
    stdout: () => Promise.resolve(),
    clock: systemClock,
    now: () => new Date(2026, 10, 1, 5, 4, 3),
    fleet: {
      helloReceived: (node) => void told.push(`hello ${node}`),
      errorsReceived: (messages) => void told.push(`errors ${messages.length}`),
    },
    submissions: { faults: () => Promise.resolve([]) },
    journal: {
      cancel: (id) => Promise.resolve(void told.push(`cancel ${id}`)),
      schedules: { list: () => [] },
    },
    queue: { find: () => [], cancel: () => Promise.resolve(0) },
    processes: processes(told),
    ...given,
  };
  const options = {
    nodeName: 'ship1',
    dataFolder: data,
    startupFolder: '',
    spoolFolder: join(path, 'spool'),
    env: {},
    defaultMethodTimeout: 10,
  };
  const methods = createMethods(options, deps);
  t.after(() => methods[Symbol.asyncDispose]());
  const apply = async (name: string, batch: Partial<Message>[]): Promise<Outcome[]> => {
    const method = methods.get(name);
    assert.equal(method?.mode, 'effect');
    return method.apply(
      batch.map((fields) => incoming(name, fields)),
      new KeptNotes().intend,
    );
  };
  const run = async (name: string, fields: Partial<Message>): Promise<RunResult> => {
    const method = methods.get(name);
    assert.equal(method?.mode, 'run');
    const signal = new AbortController().signal;
    return method.run({
      ...incoming(name, fields),
      runId: 'test/1/1/id',
      signal,
      reply: () => Promise.resolve(),
      progress: () => {},
    });
  };
  return { methods, data, told, apply, run };
}

function incoming(method: string, fields: Partial<Message>): Incoming {
  return {
    id: 'id',
    message: newMessage({ toNode: 'ship1', method, directory: 'dir', fileName: 'f.log', ...fields }),
  };
}

function processes(told: string[]): MethodsDeps['processes'] {
  const entries: ProcessEntry[] = [
    { kind: 'subscriber', id: 1, subject: 'ship1.REQPing.EventACK', node: 'ship1', method: 'REQPing' },
    {
      kind: 'subscriber',
      id: 2,
      subject: 'ship1.REQOpProcessStart.CommandACK',
      node: 'ship1',
      method: 'REQOpProcessStart',
    },
    { kind: 'publisher', id: 3, subject: 'central.REQToFile.EventACK', node: 'central', method: 'REQToFile' },
  ];
  return {
    list: () => entries,
    startSubscriber: async (method) => {
      told.push(`start ${method}`);
      if (method === 'REQPong') throw new Error('refused by the broker');
      return { kind: 'subscriber', id: 27, subject: `ship1.${method}.EventACK`, node: 'ship1', method };
    },
    stop: async (id) => void told.push(`stop ${id}`),
  };
}

function textOf(reply: RunResult['reply']): string {
  assert.ok(reply instanceof Uint8Array);
  return Buffer.from(reply).toString();
}
