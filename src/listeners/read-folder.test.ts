import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { canFailSyncs, type FailingSyncs, failReads } from '../../test/support/failing-syncs.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { newId } from '../lib/new-id.ts';
import { answerLine } from './answer-line.ts';
import { type ReadFolderOptions, startReadFolder } from './read-folder.ts';

const GOOD = '[{"toNode":"ship1"}]';

test('a file that is renamed into the folder is sent once and moved to sent/ with its answer', async (t) => {
  const { folder, submitted, list } = await start(t);
  await writeFile(join(folder, '.a.json'), GOOD);
  await writeFile(join(folder, 'a.json.tmp'), GOOD);
  await rename(join(folder, '.a.json'), join(folder, 'a.json'));
  await waitFor('a.json in sent/', async () => (await list('sent')).includes('a.json'));
  assert.deepEqual(await list('sent'), ['a.json', 'a.json.answer.json']);
  assert.equal(
    JSON.parse(await readFile(join(folder, 'sent/a.json.answer.json'), 'utf8')).accepted.length,
    1,
  );
  await writeFile(join(folder, 'a.json'), GOOD);
  await waitFor('the second a.json in sent/', async () => (await list('sent')).includes('a.2.json'));
  assert.deepEqual(
    submitted.map(({ text }) => text),
    [GOOD, GOOD],
  );
  assert.deepEqual(await list('.'), ['a.json.tmp', 'refused', 'sending', 'sent']);
  assert.deepEqual(await list('sending'), []);
});

test('a submission counts from when its file was put into the folder, whenever it was written', async (t) => {
  const path = join((await tempFolder(t)).path, 'old.json');
  await writeFile(path, GOOD);
  await utimes(path, 1, 1);
  const before = Date.now();
  const { submitted } = await start(t, { settleMs: 200 }, [], async (folder) => {
    await mkdir(folder);
    await rename(path, join(folder, 'old.json'));
    return [];
  });
  const afterwards = Date.now();
  await waitFor('old.json to be sent', () => submitted.length > 0);
  const { since } = submitted[0]!;
  assert.ok(since >= before - 1000 && since <= afterwards, `${since - before} ms`);
});

test('a slow writer is waited for, also where what is there could be read', async (t) => {
  const { folder, submitted, list } = await start(t, { settleMs: 150 });
  const path = join(folder, 'slow.yaml');
  for (const piece of ['- toNode: a\n', '  method: b\n', '- toNode: c\n', '  method: d\n']) {
    await appendFile(path, piece);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await waitFor('slow.yaml in sent/', async () => (await list('sent')).includes('slow.yaml'));
  assert.equal(submitted.length, 1);
  assert.match(submitted[0]!.text, /method: d/);
});

test('unfinished JSON is waited for longer, and what never can be read is refused with the reason', async (t) => {
  const { folder, submitted, reports, list } = await start(t, { refuseMs: 300 });
  await writeFile(join(folder, 'late.json'), '[{"toNode":');
  await writeFile(join(folder, 'never.json'), '[{"toNode":');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await appendFile(join(folder, 'late.json'), '"ship1"}]');
  await waitFor('both files to go', async () => (await list('.')).length === 3);
  assert.deepEqual(await list('sent'), ['late.json', 'late.json.answer.json']);
  assert.deepEqual(await list('refused'), ['never.json', 'never.json.answer.json', 'never.json.reason.txt']);
  assert.match(await readFile(join(folder, 'refused/never.json.reason.txt'), 'utf8'), /^refused: line 1/);
  assert.match(reports.join(), /read folder: never\.json: line 1/);
  assert.equal(submitted.length, 1);
});

test('a file of which a part is refused goes to refused/ with the ids of what was sent', async (t) => {
  const { folder, list } = await start(t, {}, ['bad node']);
  await writeFile(join(folder, 'part.json'), GOOD);
  await waitFor('part.json in refused/', async () => (await list('refused')).includes('part.json'));
  const reason = await readFile(join(folder, 'refused/part.json.reason.txt'), 'utf8');
  assert.match(reason, /^refused: message 1: bad node\nsent: message 0 to ship1: [0-9a-f-]{36}\n$/);
});

test('files that were being sent when the node ended are gone on with, under their batch', async (t) => {
  const [stored, lost] = [newId(), newId()];
  const { folder, submitted, list } = await start(t, {}, [], async (path) => {
    await mkdir(join(path, 'sending'), { recursive: true });
    await writeFile(join(path, `sending/${stored}.stored.json`), GOOD);
    await writeFile(join(path, `sending/${lost}.lost.json`), GOOD);
    return [stored];
  });
  await waitFor('sending/ to be empty', async () => (await list('sending')).length === 0);
  assert.deepEqual(
    submitted.map(({ batch, stored: count }) => [batch, count]),
    [
      [stored, 1],
      [lost, 0],
    ],
  );
  assert.deepEqual((await list('sent')).length, 4);
  assert.deepEqual(await readdir(join(folder, 'refused')), []);
});

test('a file that cannot be stored is kept, reported once, and tried again under its batch', async (t) => {
  let attempts = 0;
  const { folder, submitted, reports, list } = await start(t, { retryMs: 60 }, [], undefined, () => {
    if (++attempts < 3) throw new Error('the disk is full');
  });
  await writeFile(join(folder, 'a.json'), GOOD);
  await waitFor('a.json in sent/', async () => (await list('sent')).includes('a.json'));
  assert.equal(attempts, 3);
  assert.equal(new Set(submitted.map(({ batch }) => batch)).size, 1);
  assert.equal(reports.filter((text) => /the disk is full/.test(text)).length, 1);
});

test('links, FIFOs and files that are too large are refused; folders are left alone', async (t) => {
  const { folder, submitted, list } = await start(t, { refuseMs: 30, maxBytes: 1000 });
  await mkdir(join(folder, 'folder'));
  await symlink('/etc/hostname', join(folder, 'link.json'));
  execFileSync('mkfifo', [join(folder, 'fifo.json')]);
  await writeFile(join(folder, 'big.json'), `["${'x'.repeat(1000)}"]`);
  await waitFor('three files to be refused', async () => (await list('refused')).length === 9);
  assert.match(await readFile(join(folder, 'refused/link.json.reason.txt'), 'utf8'), /not a regular file/);
  assert.match(await readFile(join(folder, 'refused/big.json.reason.txt'), 'utf8'), /1000 are the most/);
  assert.deepEqual(await list('.'), ['folder', 'refused', 'sending', 'sent']);
  assert.equal(submitted.length, 0);
});

test('names of any length and kind find their place', async (t) => {
  const { folder, list } = await start(t);
  const names = [`${'æ'.repeat(125)}.json`, 'a b; $(c)\n.json', '-rf'];
  for (const name of names) await writeFile(join(folder, name), GOOD);
  await waitFor('all to be sent', async () => (await list('sent')).length === 6);
});

test('a name that is no UTF-8 is reported once, and holds up no others', async (t) => {
  const { folder, reports, list } = await start(t, { pollMs: 20 });
  await writeFile(
    Buffer.concat([Buffer.from(`${folder}/a`), Buffer.from([0xff]), Buffer.from('.json')]),
    GOOD,
  );
  await waitFor('a report', () => reports.length > 0);
  await writeFile(join(folder, 'b.json'), GOOD);
  await waitFor('the other to be sent', async () => (await list('sent')).length === 2);
  assert.deepEqual(reports, [
    'error: read folder: a\ufffd.json: its name is no UTF-8, so it is not sent: rename it',
  ]);
});

test('what stands in the place of the folder is reported with the way out, and the folder is made once it is gone', async (t) => {
  const place = async (folder: string) => {
    await writeFile(folder, '');
    return [];
  };
  const { folder, reports, list } = await start(t, { pollMs: 20 }, [], place);
  await waitFor('a report', () => reports.length > 0);
  assert.match(reports[0]!, /(EEXIST|ENOTDIR): .*: move away what stands there; it is tried again$/);
  await rm(folder);
  await waitFor('the folder', async () => (await list('.').catch(() => [])).length === 3);
  await writeFile(join(folder, 'a.json'), GOOD);
  await waitFor('a.json to be sent', async () => (await list('sent')).length === 2);
});

test('a file that cannot be read for a while is not refused, and sent once it can', {
  skip: canFailSyncs() ? false : 'only where strace may trace other processes',
}, async (t) => {
  const path = join((await tempFolder(t)).path, 'a.json');
  const { folder, reports, list } = await start(t, { settleMs: 1, refuseMs: 1, pollMs: 20 });
  await writeFile(path, GOOD);
  const reads = await failReads(process.pid, [path, join(folder, 'a.json')], t);
  await rename(path, join(folder, 'a.json'));
  await waitFor('a report', () =>
    reports.some((text) => /: a\.json: EIO: i\/o error; it is tried again/.test(text)),
  );
  await writeFile(join(folder, 'b.json'), GOOD);
  await waitFor('b.json to be sent', async () => (await list('sent')).includes('b.json'));
  assert.deepEqual(await list('refused'), []);
  await reads[Symbol.asyncDispose]();
  await waitFor('a.json to be sent', async () => (await list('sent')).includes('a.json'));
});

test('a file that was being sent when the node ended and cannot be read for a while holds up no others', {
  skip: canFailSyncs() ? false : 'only where strace may trace other processes',
}, async (t) => {
  const unreads: FailingSyncs[] = [];
  const { reports, list } = await start(t, { pollMs: 20, retryMs: 20 }, [], async (path) => {
    const names = ['unread.json', 'late.json'].map((name) => join(path, `sending/${newId()}.${name}`));
    await mkdir(join(path, 'sending'), { recursive: true });
    for (const name of names) await writeFile(name, GOOD);
    unreads.push(await failReads(process.pid, [names[0]!], t));
    return [];
  });
  await waitFor('late.json to be sent', async () => (await list('sent')).includes('late.json'));
  assert.match(reports.join(), /: sending\/.*\.unread\.json: EIO: i\/o error; it is tried again/);
  await unreads[0]![Symbol.asyncDispose]();
  await waitFor('unread.json to be sent', async () => (await list('sent')).includes('unread.json'));
  assert.deepEqual(await list('refused'), []);
});

test('a folder that is removed, or renamed, and made again is used again, and so are the folders in it', async (t) => {
  const { folder, list } = await start(t, { refuseMs: 300 });
  const takes = async (name: string) => {
    await writeFile(join(folder, `.${name}`), GOOD);
    await rename(join(folder, `.${name}`), join(folder, name));
    await waitFor(`${name} in sent/`, async () => (await list('sent')).includes(name));
  };
  await takes('a.json');
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await takes('b.json');
  await rename(folder, `${folder}.old`);
  await mkdir(folder);
  await takes('c.json');
  for (const part of ['sending', 'sent', 'refused']) await rm(join(folder, part), { recursive: true });
  await takes('d.json');
  await writeFile(join(folder, 'never.json'), '[{"toNode":');
  await rm(join(folder, 'refused'), { recursive: true });
  await waitFor('it in refused/', async () => (await list('refused')).includes('never.json'));
});

test('without news from the system the folder is polled, and a folder that comes back is used again', async (t) => {
  const { folder, reports, list } = await start(t, { pollMs: 30, retryMs: 30 });
  await rm(folder, { recursive: true });
  await waitFor('the fault to be reported', () => reports.some((text) => /ENOENT/.test(text)));
  await mkdir(folder);
  await writeFile(join(folder, 'a.json'), GOOD);
  await waitFor('a.json in sent/', async () => (await list('sent')).includes('a.json'));
});

/** Watches a folder; `prepare` fills it before and says which batches are stored already. */
async function start(
  t: TestContext,
  options: Partial<ReadFolderOptions> = {},
  refusals: string[] = [],
  prepare: (folder: string) => Promise<string[]> = async () => [],
  beforeSubmit: () => void = () => {},
) {
  const folder = join((await tempFolder(t)).path, 'read');
  const stored = new Set(await prepare(folder));
  const submitted: { text: string; batch: string; stored: number; since: number }[] = [];
  const reports: string[] = [];
  const settings = { folder, maxBytes: 100_000, settleMs: 30, ...options };
  const watched = await startReadFolder(settings, {
    submissions: {
      resume: async (bytes, { batch, stored, since = 0 }) => {
        submitted.push({ text: Buffer.from(bytes).toString(), batch, stored: stored.length, since });
        beforeSubmit();
        const accepted = [{ index: 0, toNode: 'ship1', id: newId() }];
        const refused = refusals.map((reason, at) => ({ index: at + 1, field: null, reason }));
        return answerLine({ batch, accepted, refused, warnings: [] });
      },
    },
    ledger: { batch: (batch) => (stored.has(batch) ? [{ id: newId() }] : []) },
    errorReporter: { report: (text) => reports.push(text) },
    logger: { info: () => {}, warn: () => {} },
  });
  t.after(() => watched[Symbol.asyncDispose]());
  const list = async (part: string) => (await readdir(join(folder, part))).sort();
  return { folder, submitted, reports, list };
}
