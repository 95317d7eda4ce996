import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { type AuditEntry, openAuditLog } from './audit-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
after(() => rm(folder, { recursive: true }));

/** Of util-linux; sets limits of a process that runs. */
const prlimit = 'prlimit';

let count = 0;
const freshPath = () => join(folder, String(count++), 'store.log');
const limits = { maxBytes: 1_000_000, keepFiles: 2 };

const entry = (id: string, data = ''): AuditEntry => ({
  id,
  state: 'succeeded',
  queuedAt: 0,
  endedAt: 1500,
  attempts: 1,
  message: { data },
});

const idsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).id);

test('fault 26: an entry is one line of JSON with the outcome and its times', async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, ...limits });
  await log.append([{ ...entry('1'), batch: 'b', sentAt: 1000, exitCode: 3, reason: 'no\nsuch file' }]);
  assert.equal(
    readFileSync(path, 'utf8'),
    '{"id":"1","batch":"b","state":"succeeded","reason":"no\\nsuch file","queuedAt":"1970-01-01T00:00:00.000Z",' +
      '"sentAt":"1970-01-01T00:00:01.000Z","endedAt":"1970-01-01T00:00:01.500Z","attempts":1,"exitCode":3,' +
      '"message":{"data":""}}\n',
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('appends at the same time keep their order', async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, ...limits });
  await Promise.all(Array.from({ length: 50 }, (_, n) => log.append([entry(`${n}a`), entry(`${n}b`)])));
  assert.deepEqual(idsIn(path), Array.from({ length: 50 }, (_, n) => [`${n}a`, `${n}b`]).flat());
});

test('the file is set aside before it grows too large, and the oldest goes', async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, maxBytes: 400, keepFiles: 2 });
  for (const id of ['1', '2', '3', '4', '5', '6', '7']) await log.append([entry(id, 'x'.repeat(50))]);
  assert.deepEqual(readdirSync(join(path, '..')).sort(), ['store.log', 'store.log.1', 'store.log.2']);
  assert.deepEqual([idsIn(`${path}.2`), idsIn(`${path}.1`), idsIn(path)], [['3', '4'], ['5', '6'], ['7']]);
});

test('with no files kept, the full one goes', async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, maxBytes: 200, keepFiles: 0 });
  await log.append([entry('1', 'x'.repeat(500))]);
  await log.append([entry('2')]);
  assert.deepEqual(readdirSync(join(path, '..')), ['store.log']);
  assert.deepEqual(idsIn(path), ['2']);
});

test('a file that was moved or removed is made anew, its folder is not, and may be put back', async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, ...limits });
  await log.append([entry('1')]);
  await rename(path, `${path}.old`);
  await log.append([entry('2')]);
  await rm(path);
  await log.append([entry('3')]);
  assert.deepEqual(idsIn(path), ['3']);
  const folderOfIt = join(path, '..');
  await rename(folderOfIt, `${folderOfIt}.old`);
  await assert.rejects(log.append([entry('4')]), { code: 'write-failed', message: /ENOENT/ });
  await rename(`${folderOfIt}.old`, folderOfIt);
  await log.append([entry('4')]);
  assert.deepEqual(idsIn(path), ['3', '4']);
});

test('a line that a crash left torn is ended, and its permissions are narrowed', async () => {
  const path = join(folder, 'torn.log');
  writeFileSync(path, '{"id":"0"}\n{"id":', { mode: 0o644 });
  await using log = await openAuditLog({ path, ...limits });
  await log.append([entry('1')]);
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines[1], '{"id":');
  assert.equal(JSON.parse(lines[2]!).id, '1');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('an error is thrown while the disk is full, and later appends work', { skip: noDevFull() }, async () => {
  const path = join(folder, 'full.log');
  symlinkSync('/dev/full', path);
  await using log = await openAuditLog({ path, ...limits });
  await assert.rejects(log.append([entry('1')]), { code: 'write-failed', message: /full\.log: ENOSPC/ });
  await rm(path);
  await log.append([entry('2')]);
  assert.deepEqual(idsIn(path), ['2']);
});

test('a write that fails half-way leaves nothing behind', { skip: noPrlimit() }, async () => {
  const path = freshPath();
  await using log = await openAuditLog({ path, ...limits });
  await log.append([entry('1')]);
  const { size } = statSync(path);
  limitFileSize(String(size + 10));
  try {
    await assert.rejects(log.append([entry('2')]), { code: 'write-failed', message: /EFBIG/ });
  } finally {
    limitFileSize('unlimited');
  }
  assert.equal(statSync(path).size, size);
  await log.append([entry('3')]);
  assert.deepEqual(idsIn(path), ['1', '3']);
});

test('a closed log takes no more, and closing finishes what was begun', async () => {
  const path = freshPath();
  const log = await openAuditLog({ path, ...limits });
  const last = log.append([entry('1')]);
  await log[Symbol.asyncDispose]();
  await log[Symbol.asyncDispose]();
  await last;
  await assert.rejects(log.append([entry('2')]), { code: 'closed' });
  assert.deepEqual(idsIn(path), ['1']);
});

test('a path that cannot be had is an error that names it', async () => {
  await assert.rejects(openAuditLog({ path: '/dev/null/store.log', ...limits }), {
    code: 'write-failed',
    message: /\/dev\/null\/store\.log/,
  });
});

function limitFileSize(bytes: string): void {
  execFileSync(prlimit, ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

function noPrlimit(): boolean {
  try {
    execFileSync(prlimit, ['--version']);
    return false;
  } catch {
    return true;
  }
}

function noDevFull(): boolean {
  return statSync('/dev/full', { throwIfNoEntry: false }) === undefined;
}
