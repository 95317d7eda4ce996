import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { createGroupsFile } from './groups-file.ts';
import { readGroups } from './read-groups.ts';

test('a groups file is read anew when it has changed, and none is no group', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'groups.toml');
  const file = createGroupsFile(path);
  assert.deepEqual(await file.read(), {});
  await writeFile(path, 'dock = ["ship1", "@north"]\nnorth = "region=north"\n');
  const groups = await file.read();
  assert.deepEqual({ ...groups }, { dock: ['ship1', '@north'], north: ['region=north'] });
  assert.equal(await file.read(), groups);
  await writeFile(path, 'dock = "ship2 and"\n');
  await assert.rejects(file.read(), /groups\.toml:1: the target "ship2 and" cannot be read at its end/);
  await assert.rejects(file.read(), /cannot be read at its end/);
  await writeFile(path, 'dock = []\n');
  assert.deepEqual({ ...(await file.read()) }, { dock: [] });
  await rm(path);
  assert.deepEqual(await file.read(), {});
});

test('a file that cannot be read is reported, and not taken for an empty one', async () => {
  await using folder = await tempFolder();
  await assert.rejects(
    createGroupsFile(folder.path).read(),
    /the groups file .* cannot be read: it is a folder/,
  );
});

test('a wrong groups file is refused with the line', () => {
  const refusals: [string, RegExp][] = [
    ['a = ["x"]\nb = [1]\n', /^g:2: a group is a target in quotes or a list .* not the number 1/],
    ['a = ["x"\n\nb = "y"\n', /^g:\d: it is no TOML: \S/],
    ['# one\n[a]\nb = ["x"]\n', /^g:2: a group is a target .* not an object/],
    ['a = "@b"\nb = "@c"\nc = ["ship1", "@a"]\n', /^g:1: the group @a holds itself: @a -> @b -> @c -> @a/],
    ['a = "@b"\n', /^g:1: in the group @a: there is no group @b; /],
    ['b = "x"\n"two words" = "x"\n', /^g:2: the group "two words" needs a name without spaces/],
    ['a = "@b"\nb = "x) and y"\n', /^g:2: .* column 2/],
  ];
  for (const [text, message] of refusals) assert.throws(() => readGroups(text, 'g'), { message }, text);
  assert.deepEqual(
    { ...readGroups('a = "arc=1"\n"2.b" = "ship9"\n', 'g') },
    { a: ['arc=1'], '2.b': ['ship9'] },
  );
});
