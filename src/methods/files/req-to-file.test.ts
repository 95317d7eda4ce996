import assert from 'node:assert/strict';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeptNotes } from '../../../test/support/kept-notes.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { newMessage } from '../../message/message.ts';
import { createHoldsContent, createWriteFile } from './replace-file.ts';
import { createReqToFile } from './req-to-file.ts';

test('a note of what a file will hold comes before it is replaced, and tells after a crash whether it was', async (t) => {
  const { path: dataFolder } = await tempFolder(t);
  const notes = new KeptNotes();
  const path = join(dataFolder, 'ship1', 'file');
  const write = createWriteFile({ dataFolder }, { lock: new KeyedLock() });
  let isFull = false;
  const method = createReqToFile({
    writeFile: async (file) => {
      assert.equal(notes.left.size, 1);
      if (isFull) throw new Error('no space');
      return await write(file);
    },
    holdsContent: createHoldsContent({ dataFolder }),
  });
  const apply = (...texts: string[]) => {
    const data = texts.map((text) => Buffer.from(text));
    const message = newMessage({ toNode: 'ship1', method: 'REQToFile', fileName: 'file', data });
    return method.apply([{ id: 'id', message, isFromOriginal: false }], notes.intend);
  };
  await apply('one ', 'two');
  const [note] = [...notes.left];
  assert.equal(await readFile(path, 'utf8'), 'one two');
  assert.equal(await method.recover!(note!), Number.POSITIVE_INFINITY);
  for (const other of ['one tw', 'one twO', 'one two three']) {
    await writeFile(path, other);
    assert.equal(await method.recover!(note!), 0, other);
  }
  notes.left.clear();
  isFull = true;
  await assert.rejects(apply('three'), /no space/);
  assert.equal(notes.left.size, 0, 'what was not done leaves no note');
});

test('of several files whose writing a crash or a fault cut short, the first ones that are there count', async (t) => {
  const { path: dataFolder } = await tempFolder(t);
  const notes = new KeptNotes();
  const write = createWriteFile({ dataFolder }, { lock: new KeyedLock() });
  const method = createReqToFile({
    writeFile: async (file) => {
      if (file.path.endsWith('full')) throw new Error('no space');
      return await write(file);
    },
    holdsContent: createHoldsContent({ dataFolder }),
  });
  const batch = ['a', 'a', 'b', 'full', 'a'].map((fileName, index) => {
    const data = [Buffer.from(`${fileName} ${index}`)];
    const message = newMessage({ toNode: 'ship1', method: 'REQToFile', fileName, data });
    return { id: `id${index}`, message, isFromOriginal: false };
  });
  await assert.rejects(method.apply(batch, notes.intend), /no space/);
  const [note] = [...notes.left];
  assert.equal(await readFile(join(dataFolder, 'ship1', 'a'), 'utf8'), 'a 4');
  assert.equal(await method.recover!(note!), 3);
  await writeFile(join(dataFolder, 'ship1', 'b'), 'another');
  assert.equal(await method.recover!(note!), 2);
});

test('what somebody does to a file while the disk confirms it is not taken for how it was left', async (t) => {
  const { path: dataFolder } = await tempFolder(t);
  const path = join(dataFolder, 'file');
  let [kept, touches] = [0, false];
  const files: FileSystem = {
    ...systemFiles,
    keepAttributes: async () => void kept++,
    lstat: (async (place: string) => {
      const stats = await systemFiles.lstat(place);
      // As a script does that sees the file come; some systems look at the clock every few ms alone.
      while (touches && place === path && (await systemFiles.lstat(place)).ctimeMs === stats.ctimeMs)
        await utimes(path, new Date(), new Date());
      return stats;
    }) as FileSystem['lstat'],
  };
  const write = createWriteFile({ dataFolder }, { lock: new KeyedLock(), files });
  const data = [Buffer.from('text')];
  await write({ path: 'file', data });
  await write({ path: 'file', data });
  assert.equal(kept, 0);
  touches = true;
  await write({ path: 'file', data });
  touches = false;
  const before = kept;
  await write({ path: 'file', data });
  assert.equal(kept, before + 1);
});
