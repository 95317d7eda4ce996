import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openAuditLog } from './audit-log.ts';
import { readAuditLog } from './read-audit-log.ts';

const START = Date.parse('2026-03-01T10:00:00Z');
const MINUTE = 60_000;

async function writtenLog(t: Parameters<typeof tempFolder>[0]) {
  const { path: folder } = await tempFolder(t);
  const files = { path: join(folder, 'store.log'), keepFiles: 3 };
  await using log = await openAuditLog({ ...files, maxBytes: 2000 });
  for (let i = 0; i < 30; i++) {
    const message = {
      toNode: `ship${i % 3}`,
      method: i % 2 ? 'REQPing' : 'REQCliCommand',
      data: [`line ${i}`],
    };
    const times = { queuedAt: START, endedAt: START + i * MINUTE };
    await log.append([
      { id: `i${i}`, state: i % 5 ? 'succeeded' : 'failed', attempts: 1, ...times, message },
    ]);
  }
  return files;
}

async function ids(files: { path: string; keepFiles: number }, query: object): Promise<unknown[]> {
  return (await readAuditLog(files, { limit: 100, ...query })).map(({ id }) => id);
}

test('entries come newest first, from the files that were set aside too', async (t) => {
  const files = await writtenLog(t);
  const all = await ids(files, {});
  assert.equal(all[0], 'i29');
  assert.ok(all.length > 20, `${all.length} entries`);
  assert.deepEqual(
    all,
    all.toSorted((a, b) => Number(String(b).slice(1)) - Number(String(a).slice(1))),
  );
  assert.deepEqual(await ids(files, { limit: 2 }), ['i29', 'i28']);
});

test('entries are chosen by node, method, state, time and text', async (t) => {
  const files = await writtenLog(t);
  assert.deepEqual(await ids(files, { node: 'ship1', limit: 2 }), ['i28', 'i25']);
  assert.deepEqual(await ids(files, { method: 'REQPing', state: 'failed', limit: 2 }), ['i25', 'i15']);
  assert.deepEqual(await ids(files, { since: START + 27 * MINUTE }), ['i29', 'i28', 'i27']);
  assert.deepEqual(await ids(files, { text: 'line 28' }), ['i28']);
  assert.deepEqual(await ids(files, { node: 'ship' }), []);
});
