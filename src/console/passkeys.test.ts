import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failingStore, tempStore } from '../../test/support/temp-store.ts';
import { Passkeys } from './passkeys.ts';

const made = (name: string, credential = name) => ({
  ...{ name, credential, role: 'look' as const, site: 'localhost' },
  ...{ publicKey: Buffer.of(1, 2), counter: 3 },
});

test('passkeys outlast a restart, with their count and name', async (t) => {
  const store = await tempStore(t);
  const first = new Passkeys(store, () => 1000);
  const { id } = await first.add(made(" anna's laptop "));
  await first.add(made('phone'));
  await first.used(id, 4);
  await first.rename(id, "anna's desk");
  const second = new Passkeys(store, () => 2000);
  assert.deepEqual(second.list(), first.list());
  assert.deepEqual(second.list()[0], {
    ...{ id, name: "anna's desk", role: 'look', site: 'localhost', createdAt: 1000, lastUsedAt: 1000 },
  });
  const [kept] = second.at('localhost');
  assert.deepEqual([kept!.counter, Buffer.from(kept!.publicKey)], [4, Buffer.of(1, 2)]);
  assert.deepEqual(second.at('example.org'), []);
  await second.remove(id);
  assert.equal(second.nameOf(id), undefined);
  assert.deepEqual(
    new Passkeys(store, () => 0).list().map(({ name }) => name),
    ['phone'],
  );
});

test('names that are none or taken, and passkeys that are there or not, are refused', async (t) => {
  const passkeys = new Passkeys(await tempStore(t), () => 1000);
  const { id } = await passkeys.add(made('laptop'));
  for (const name of ['', '  ', 'x'.repeat(81), 'a\nb', '\u202e'])
    await assert.rejects(passkeys.rename(id, name), {
      code: 'bad-request',
      field: 'name',
      message: /1 to 80/,
    });
  await assert.rejects(passkeys.add(made('laptop', 'other')), { message: /a passkey "laptop" already/ });
  await assert.rejects(passkeys.add(made('other', 'laptop')), { message: /is kept already/ });
  assert.equal((await passkeys.rename(id, 'laptop')).name, 'laptop');
  const unknown = { code: 'not-found', message: /no passkey with the id "x"/ };
  await assert.rejects(passkeys.rename('x', 'y'), unknown);
  await assert.rejects(passkeys.remove('x'), unknown);
  for (let number = 1; number < 100; number++) await passkeys.add(made(`n${number}`));
  await assert.rejects(passkeys.add(made('one more')), { message: /there are 100 passkeys: remove one/ });
});

test('what could not be written is as it was', async (t) => {
  let fails = false;
  const passkeys = new Passkeys(
    failingStore(await tempStore(t), () => fails),
    () => 1,
  );
  const { id } = await passkeys.add(made('laptop'));
  fails = true;
  await assert.rejects(passkeys.add(made('phone')), { message: 'the disk is full' });
  await assert.rejects(passkeys.remove(id), { message: 'the disk is full' });
  assert.deepEqual(
    passkeys.list().map(({ name }) => name),
    ['laptop'],
  );
});
