import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { systemFiles } from '../lib/system-files.ts';
import { KeptData } from './kept-data.ts';

const KB = 1024;
const DAY_MS = 86_400_000;

async function start(t: TestContext, maxBytes = 100 * KB) {
  const folder = join((await tempFolder(t)).path, 'relayed');
  const state = { now: Date.now() };
  const warnings: string[] = [];
  const open = () =>
    new KeptData(folder, {
      maxBytes,
      clock: { wallNow: () => state.now },
      files: systemFiles,
      logger: { warn: (_, text) => void warnings.push(text) },
    });
  return { folder, state, warnings, open, kept: open() };
}

function stretchOf(data: Uint8Array) {
  return { count: data.length, sum: hash('sha256', data, 'hex').slice(0, 32) };
}

test('data is there again for its sender alone, also after a restart', async (t) => {
  const { kept, open } = await start(t);
  const data = randomBytes(20 * KB);
  await kept.keep('shore', data);
  for (const one of [kept, open()]) {
    assert.deepEqual(one.find('shore', stretchOf(data)), data);
    assert.equal(one.find('ship1', stretchOf(data)), undefined);
    assert.equal(one.find('shore', { ...stretchOf(data), count: 7 }), undefined);
  }
});

test('what was not of use for longest goes first, and what nobody sent for a week; small data is not kept', async (t) => {
  const { kept, open, state, folder } = await start(t);
  const all = Array.from({ length: 4 }, () => randomBytes(30 * KB));
  const isThere = (one: KeptData) => all.map((data) => one.find('shore', stretchOf(data)) !== undefined);
  for (const data of all.slice(0, 3)) {
    state.now += 1000;
    await kept.keep('shore', data);
  }
  state.now += 1000;
  await kept.keep('shore', all[0]!);
  await kept.keep('shore', all[3]!);
  assert.deepEqual(isThere(kept), [true, false, true, true]);
  await kept.keep('shore', randomBytes(10 * KB));
  await kept.keep('shore', randomBytes(101 * KB));
  assert.deepEqual(isThere(kept), [true, false, true, true]);
  state.now += 8 * DAY_MS;
  const later = open();
  await later.keep('shore', randomBytes(20 * KB));
  assert.deepEqual(isThere(later), [false, false, false, false]);
  assert.equal((await readdir(folder)).length, 1);
});

test('what is not what it was is not given, and comes again', async (t) => {
  const { kept, folder } = await start(t);
  const data = randomBytes(20 * KB);
  await kept.keep('shore', data);
  const [name] = await readdir(folder);
  await truncate(join(folder, name!), 10 * KB);
  assert.equal(kept.find('shore', stretchOf(data)), undefined);
  await kept.keep('shore', data);
  assert.deepEqual(await readFile(join(folder, name!)), data);
  await rm(join(folder, name!));
  assert.equal(kept.find('shore', stretchOf(data)), undefined);
});

test('where nothing can be written, nothing is kept, and the next may be again', async (t) => {
  const { kept, folder, warnings } = await start(t);
  const data = randomBytes(20 * KB);
  await writeFile(folder, 'in the way');
  await kept.keep('shore', data);
  assert.equal(kept.find('shore', stretchOf(data)), undefined);
  assert.deepEqual(warnings, ['the data of a relayed message is not kept: it travels again for each target']);
  await rm(folder);
  await kept.keep('shore', data);
  assert.deepEqual(kept.find('shore', stretchOf(data)), data);
  await rm(folder, { recursive: true });
  for (let time = 0; time < 2; time++) await kept.keep('shore', data);
  assert.deepEqual(kept.find('shore', stretchOf(data)), data, 'a folder that was removed is made again');
});
