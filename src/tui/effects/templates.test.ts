import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { openTemplates } from './templates.ts';

test('templates are the JSON and YAML files of a folder, each with its messages or what is wrong with it', async (t) => {
  const { path } = await tempFolder(t);
  const message = { toNode: 'ship1', method: 'REQPing' };
  await writeFile(join(path, 'one.json'), JSON.stringify(message));
  await writeFile(join(path, 'two.yaml'), '- toNode: ship1\n  method: REQPing\n');
  await writeFile(join(path, 'broken.json'), '{"toNode": ');
  await writeFile(join(path, 'number.yml'), '42');
  await writeFile(join(path, 'notes.txt'), 'no template');
  const found = await openTemplates(path).list();
  assert.deepEqual(
    found.map(({ name, messages }) => [name, messages]),
    [
      ['broken', null],
      ['number', null],
      ['one', [message]],
      ['two', [message]],
    ],
  );
  assert.match(found[0]?.fault ?? '', /JSON/);
  assert.equal(found[1]?.fault, 'it holds no message');
});

test('a template is saved in a folder that is made for it, and replaces another only when told', async (t) => {
  const folder = join((await tempFolder(t)).path, 'new/templates');
  const templates = openTemplates(folder);
  assert.deepEqual(await templates.list(), []);
  const path = await templates.save('daily', [{ method: 'REQPing' }], { isReplacing: false });
  assert.equal(path, join(folder, 'daily.json'));
  assert.equal(await templates.save('daily', [{ method: 'REQNone' }], { isReplacing: false }), undefined);
  assert.match(await readFile(path, 'utf8'), /REQPing/);
  await templates.save('daily', [{ method: 'REQNone' }], { isReplacing: true });
  assert.deepEqual((await templates.list())[0]?.messages, [{ method: 'REQNone' }]);
});
