import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptNotes } from '../../../test/support/kept-notes.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { type Message, newMessage } from '../../message/message.ts';
import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { AppendFiles } from './append-files.ts';

const OK = { ok: true };

test('a batch is appended in order, to folders and files made for it (0700 and 0600)', async (t) => {
  const { append, data } = await setUp(t);
  const outcomes = await append([line('a\n'), line('b'), line('c\n', { directory: '/x/y/' }), line('d\n')]);
  assert.deepEqual(outcomes, [OK, OK, OK, OK]);
  assert.equal(await text(data, 'dir/ship1/f.log'), 'a\nbd\n');
  assert.equal(await text(data, 'x/y/ship1/f.log'), 'c\n');
  assert.equal((await stat(join(data, 'dir/ship1'))).mode & 0o777, 0o700);
  assert.equal((await stat(join(data, 'dir/ship1/f.log'))).mode & 0o777, 0o600);
});

test('the node of a reply is the one that ran the request, and a missing fileName is named after its method', async (t) => {
  const { append, data } = await setUp(t);
  const previousMessage = newMessage({ toNode: 'ship7', method: 'REQCliCommand' });
  await append([line('out', { toNode: 'central', fileName: '', previousMessage })]);
  assert.equal(await text(data, 'dir/ship7/REQCliCommand.log'), 'out');
});

test('data is written byte for byte, items one after the other, and a message without data makes the file', async (t) => {
  const { append, data } = await setUp(t);
  await append([
    line('', { data: null, fileName: 'empty' }),
    line('', { data: [Buffer.from([0xff, 0]), Buffer.from([0xfe])] }),
  ]);
  assert.deepEqual(await readFile(join(data, 'dir/ship1/f.log')), Buffer.from([0xff, 0, 0xfe]));
  assert.equal(await text(data, 'dir/ship1/empty'), '');
});

test('one note for all files is made before the first byte is written', async (t) => {
  const { files, data } = await setUp(t);
  const notes: string[] = [];
  const write = async (note: string) => {
    notes.push(note);
    assert.equal(await text(data, 'dir/ship1/f.log'), '');
  };
  const intend = Object.assign(write, { withdraw: async () => {} });
  await files.append([line('a'), line('b', { fileName: 'g.log' })], intend);
  const [first, second] = JSON.parse(notes[0]!);
  assert.equal(notes.length, 1);
  assert.deepEqual([first.path, first.offset, first.bytes], ['dir/ship1/f.log', 0, 1]);
  assert.equal(second.path, 'dir/ship1/g.log');
});

test('a file that is full is set aside before more is appended, and as many as are to be kept are kept', async (t) => {
  const { files, data } = await setUp(t);
  const intend = Object.assign(async () => {}, { withdraw: async () => {} });
  for (const one of ['one\n', 'two\n', 'three\n', 'four\n', 'five\n', 'six seven\n', 'eight\n'])
    await files.append([line(one)], intend, { rotation: { maxBytes: 8, keepFiles: 2 } });
  const texts = await Promise.all(['', '.1', '.2'].map((end) => text(data, `dir/ship1/f.log${end}`)));
  assert.deepEqual(texts, ['eight\n', 'five\nsix seven\n', 'three\nfour\n']);
  assert.deepEqual((await readdir(join(data, 'dir/ship1'))).length, 3);
});

test('a file that can not be written fails its own messages with the reason (fault 7)', async (t) => {
  const { append, data } = await setUp(t);
  await mkdir(join(data, 'dir/ship1/folder'), { recursive: true });
  await writeFile(join(data, 'file'), '');
  execFileSync('mkfifo', [join(data, 'dir/ship1/fifo')]);
  const outcomes = await append([
    line('a'),
    line('b', { fileName: 'folder' }),
    line('c', { directory: 'file' }),
    line('d', { fileName: 'fifo' }),
    line('e'),
  ]);
  assert.match(reasonOf(outcomes[1]), /dir\/ship1\/folder .* is a folder, not a regular file/);
  assert.match(reasonOf(outcomes[2]), /file\/ship1\/f.log .*(ENOTDIR|EEXIST)/);
  assert.match(reasonOf(outcomes[3]), /is a FIFO/);
  assert.deepEqual([outcomes[0], outcomes[4]], [OK, OK]);
  assert.equal(await text(data, 'dir/ship1/f.log'), 'ae');
});

test('nothing is written outside the data folder (fault 21)', async (t) => {
  const { append, data } = await setUp(t);
  const outside = join(dirname(data), 'outside');
  await mkdir(outside);
  await mkdir(join(data, 'dir/ship1'), { recursive: true });
  await symlink(outside, join(data, 'link'));
  await symlink(join(outside, 'nowhere'), join(data, 'dangling'));
  await symlink(join(outside, 'x'), join(data, 'dir/ship1/x'));
  const outcomes = await append([
    line('a', { directory: '../outside' }),
    line('a', { fileName: '../../../outside/f' }),
    line('a', { toNode: '../..' }),
    line('a', { toNode: '..' }),
    line('a', { directory: 'link' }),
    line('a', { directory: 'link/deeper' }),
    line('a', { directory: 'dangling' }),
    line('a', { fileName: 'x' }),
    line('a', { fileName: 'a\0b' }),
    line('a', { toNode: '' }),
  ]);
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    outcomes.map(() => false),
  );
  assert.match(reasonOf(outcomes[4]), /a symbolic link on the way to link\/ship1\/f.log leads out/);
  assert.deepEqual(await readdir(outside), []);
});

test('a link that stays inside is followed, and two ways to one file do not overwrite each other', async (t) => {
  const { append, data } = await setUp(t);
  await append([line('first|', { directory: 'real' })]);
  await symlink(join(data, 'real'), join(data, 'alias'));
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      append([line(`${i % 10}`, { directory: i % 2 ? 'real' : 'alias' })]),
    ),
  );
  assert.equal((await text(data, 'real/ship1/f.log')).length, 'first|'.length + 20);
});

test('appends of many batches at once all arrive, each batch in one piece', async (t) => {
  const { append, data } = await setUp(t);
  const batches = Array.from({ length: 30 }, (_, b) =>
    Array.from({ length: 10 }, (_, i) => line(`${b}.${i}\n`)),
  );
  await Promise.all(batches.map((batch) => append(batch)));
  const lines = (await text(data, 'dir/ship1/f.log')).trimEnd().split('\n');
  assert.equal(lines.length, 300);
  for (let at = 0; at < 300; at += 10) {
    const [batch] = lines[at]!.split('.');
    assert.deepEqual(
      lines.slice(at, at + 10),
      Array.from({ length: 10 }, (_, i) => `${batch}.${i}`),
    );
  }
});

test('a file that was rotated, removed or replaced meanwhile is opened anew', async (t) => {
  const { append, data } = await setUp(t);
  const path = join(data, 'dir/ship1/f.log');
  await append([line('one')]);
  await rename(path, `${path}.1`);
  await append([line('two')]);
  await rm(path);
  await append([line('three')]);
  assert.equal(await readFile(`${path}.1`, 'utf8'), 'one');
  assert.equal(await readFile(path, 'utf8'), 'three');
});

test('a full disk undoes the whole batch, withdraws the note, and is thrown as temporary', async (t) => {
  const { append, data, files } = await setUp(t);
  const full = join(data, 'full');
  await mkdir(full, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full], { stdio: 'ignore' });
  } catch {
    return t.skip('needs the right to mount a small disk');
  }
  try {
    await append([line('kept', { directory: 'full' }), line('kept')]);
    const batch = [line('x'), line('y'.repeat(100_000), { directory: 'full' })];
    const notes = new KeptNotes();
    await assert.rejects(
      files.append(batch, notes.intend),
      (error) => error instanceof TemporaryError && /ENOSPC/.test(error.message),
    );
    assert.equal(notes.written, 1);
    // Another lane appends; a crash now must not cut that off.
    await append([line(' too', { directory: 'full' })]);
    for (const note of notes.left) assert.equal(await files.recover(note), false);
    assert.equal(await text(data, 'full/ship1/f.log'), 'kept too');
    assert.equal(await text(data, 'dir/ship1/f.log'), 'kept');
  } finally {
    execFileSync('umount', ['-l', full]);
  }
});

test('what could not be withdrawn is tried again after a while, also where nobody appends any more', async (t) => {
  const { data, planned, notes, free } = await leaveUnwithdrawn(t);
  planned.shift()!();
  await waitFor('the next try to be planned', () => planned.length === 1);
  assert.equal(notes.left.size, 1);
  free();
  planned.shift()!();
  await waitFor('the note to be withdrawn', () => notes.left.size === 0);
  assert.deepEqual([await text(data, 'dir/ship1/f.log'), planned], ['kept', []]);
});

test('of a file that was removed nothing is left to undo: its note is withdrawn, and it is not made again', async (t) => {
  const { data, planned, notes, free } = await leaveUnwithdrawn(t);
  free();
  await rm(join(data, 'dir/ship1/f.log'));
  planned.shift()!();
  await waitFor('the note to be withdrawn', () => notes.left.size === 0);
  await assert.rejects(text(data, 'dir/ship1/f.log'), { code: 'ENOENT' });
});

test('until the note of an undone append is withdrawn nobody appends to its file, and a crash erases nothing', async (t) => {
  const { append, data, files } = await setUp(t);
  await append([line('kept'), line('other', { fileName: 'g.log' })]);
  const notes = new KeptNotes();
  let isFull = true;
  // The note is on the disk, but that it is was never answered, and no further write finds room.
  const intend = Object.assign(
    async (note: string) => {
      await notes.intend(note);
      throw new TemporaryError('the database is full');
    },
    {
      withdraw: (note: string) => (isFull ? Promise.reject(new Error('full')) : notes.intend.withdraw(note)),
    },
  );
  await assert.rejects(files.append([line('-lost-')], intend), /the database is full/);
  await assert.rejects(append([line(' mine')]), /full/);
  assert.equal(await text(data, 'dir/ship1/f.log'), 'kept');
  await append([line(' file', { fileName: 'g.log' })]);
  isFull = false;
  await append([line(' mine')]);
  for (const note of notes.left) await files.recover(note);
  assert.equal(await text(data, 'dir/ship1/f.log'), 'kept mine');
  assert.equal(await text(data, 'dir/ship1/g.log'), 'other file');
});

test('nobody appends to a file in which a crash cut an append short until that was checked', async (t) => {
  const { append, data, files } = await setUp(t);
  await append([line('kept')]);
  const { ino } = await stat(join(data, 'dir/ship1/f.log'));
  const torn = { path: 'dir/ship1/f.log', ino, offset: 4, bytes: 10, sum: 0 };
  // Its second entry is no path, which is no fault of what was written.
  const note = JSON.stringify([torn, { ...torn, path: 'dir\0' }]);
  await assert.rejects(files.recover(note));
  await assert.rejects(append([line('more')]), /what a crash left in the file .* could not be checked yet/);
  assert.equal(await files.recover(JSON.stringify([torn])), false);
  await append([line(' more')]);
  assert.equal(await text(data, 'dir/ship1/f.log'), 'kept more');
});

/** An append that failed, whose note cannot be withdrawn until the database is free again. */
async function leaveUnwithdrawn(t: TestContext) {
  const planned: (() => void)[] = [];
  const after = (_ms: number, task: () => void) => {
    planned.push(task);
    return () => {};
  };
  const { data, files, append } = await setUp(t, { after });
  await append([line('kept')]);
  const notes = new KeptNotes();
  let isFull = true;
  const full = () => Promise.reject(new TemporaryError('the database is full'));
  const intend = Object.assign((note: string) => notes.intend(note).then(full), {
    withdraw: (note: string) => (isFull ? full() : notes.intend.withdraw(note)),
  });
  await assert.rejects(files.append([line('-lost-')], intend), /the database is full/);
  const free = () => {
    isFull = false;
  };
  return { data, planned, notes, free };
}

async function setUp(t: TestContext, clock: Pick<Clock, 'after'> = systemClock) {
  const folder = await tempFolder(t);
  const data = join(folder.path, 'data');
  const files = new AppendFiles({ dataFolder: data }, { lock: new KeyedLock(), clock });
  t.after(() => files[Symbol.asyncDispose]());
  return { files, data, append: (batch: Incoming[]) => files.append(batch, new KeptNotes().intend) };
}

function line(content: string, fields: Partial<Message> = {}): Incoming {
  const data = [Buffer.from(content)];
  return {
    id: 'id',
    message: newMessage({ toNode: 'ship1', directory: 'dir', fileName: 'f.log', data, ...fields }),
  };
}

function text(folder: string, path: string): Promise<string> {
  return readFile(join(folder, path), 'utf8');
}

function reasonOf(outcome: Outcome | undefined): string {
  return outcome?.ok === false ? outcome.reason : '';
}
