import assert from 'node:assert/strict';
import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { newMessage } from '../../message/message.ts';
import { createWriteFile } from './replace-file.ts';
import { writeNotice } from './write-notice.ts';

test('no program is started for the file of a hello, which would make it seem touched for ever', async (t) => {
  const { path } = await tempFolder(t);
  const deps = {
    writeFile: createWriteFile({ dataFolder: path }, { lock: new KeyedLock() }),
    now: () => new Date(0),
  };
  const target = { directory: 'hello-messages', fileName: 'hello.log', node: 'ship9' };
  const note = () => writeNotice(newMessage({ fromNode: 'ship9' }), { text: 'hello', target }, deps);
  await note();
  const file = join(path, 'hello-messages/ship9/hello.log');
  await utimes(file, 1, 1);
  assert.deepEqual(await note(), { ok: true });
  // A file whose attributes were kept says that it was changed before it was made.
  const { mtimeMs, birthtimeMs } = await stat(file);
  assert.ok(mtimeMs >= birthtimeMs);
});
