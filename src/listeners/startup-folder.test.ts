import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { TemporaryError } from '../lib/temporary-error.ts';
import { answerLine } from './answer-line.ts';
import { submitStartupFolder } from './startup-folder.ts';

test('what cannot be stored at the start is tried again under its batch, those behind it wait, and others do not', async (t) => {
  const { path: folder } = await tempFolder(t);
  for (const name of ['a.json', 'c.json']) await writeFile(join(folder, name), name);
  await mkdir(join(folder, 'b.json'));
  const { clock, attempts, reports, done } = start(folder, 3);
  await waitFor('five attempts', () => clock.advance(1000).then(() => attempts.length === 5));
  await done;
  assert.deepEqual(
    attempts.map(({ text }) => text),
    ['a.json', 'a.json', 'a.json', 'a.json', 'c.json'],
  );
  assert.equal(new Set(attempts.map(({ batch }) => batch)).size, 2);
  assert.deepEqual(reports, [
    'error: startup folder: a.json: the disk is full; it is tried again',
    'error: startup folder: b.json: it is a folder, not a regular file: move it away',
  ]);
});

test('what stands in the place of the folder is reported with the way out', async (t) => {
  const { path } = await tempFolder(t);
  await rm(path, { recursive: true });
  await writeFile(path, '');
  const { reports, done } = start(path, 0);
  await done;
  assert.match(
    reports.join(),
    /^error: the startup folder .*: EEXIST: .*; it is no folder: move away what stands there$/,
  );
});

/** Submits the files of a folder to a database that is full for a number of attempts. */
function start(folder: string, full: number) {
  const clock = new ManualClock();
  clock.steadyNow = clock.steadyNow.bind(clock);
  const attempts: { text: string; batch: string }[] = [];
  const reports: string[] = [];
  const done = submitStartupFolder(
    { folder, maxBytes: 1000 },
    {
      clock,
      signal: new AbortController().signal,
      submissions: {
        resume: async (text, { batch }) => {
          if (attempts.push({ text: Buffer.from(text).toString(), batch }) <= full)
            throw new TemporaryError('the disk is full');
          return answerLine({ accepted: [{ index: 0, toNode: 'x', id: 'x' }], refused: [], warnings: [] });
        },
      },
      ledger: { batch: () => [] },
      errorReporter: { report: (text) => reports.push(text) },
      logger: { info: () => {}, warn: () => {} },
    },
  );
  return { clock, attempts, reports, done };
}
