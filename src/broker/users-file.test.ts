import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import { parseUsers, readUsersFile } from './users-file.ts';

const NKEY = createUser().getPublicKey();

function refused(users: unknown, message: RegExp): void {
  const text = typeof users === 'string' ? users : JSON.stringify({ users });
  assert.throws(() => parseUsers(text), { code: 'bad-users', exitCode: 2, message });
}

test('users are read with their permissions', () => {
  const users = [
    { name: 'central', nkey: NKEY },
    {
      name: 'ship1',
      password: 'p',
      permissions: {
        publish: { allow: ['a.>'], deny: ['a.b'] },
        subscribe: { allow: [] },
        allowResponses: { max: 2, withinMs: 500 },
      },
    },
    { name: 'ship2', password: 'p', permissions: { allowResponses: true } },
  ];
  assert.deepEqual(parseUsers(JSON.stringify({ users })), users);
  assert.deepEqual(parseUsers('{"users": []}'), []);
});

test('a mistake in the file is named with its place and the way out', () => {
  refused('{"users": [,]}', /^line 1 is no JSON: /);
  refused('{\n"users": [\n{]}', /^line 3 is no JSON: /);
  refused('[]', /^the file is a list: it must be an object with users$/);
  refused('{"user": []}', /^the file has "user", which is not known: did you mean users\?$/);
  refused({}, /^users is an object: it must be a list$/);
  refused([{ name: 5 }], /^users\[0\]\.name is the number 5: it must be a text$/);
  refused(
    [{ name: 'a', nkey: NKEY, permission: {} }],
    /^users\[0\] has "permission".*did you mean permissions\?$/,
  );
  refused([{ name: 'a', nkey: 5 }], /^users\[0\]\.nkey is the number 5/);
  refused([{ name: '', nkey: NKEY }], /^a user has no name/);
  refused([{ name: 'a' }], /^user "a" has neither nkey nor password: give it one of them$/);
  refused([{ name: 'a', nkey: NKEY, password: 'p' }], /^user "a" has both nkey and password/);
  refused([{ name: 'a', password: '' }], /^user "a" has an empty password/);
  refused([{ name: 'a', nkey: 'SUAB' }], /^user "a" has "SUAB" as nkey, which is no public key of a user/);
  refused([{ name: 'a', nkey: NKEY.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }], /no public key/);
  refused(
    [...'ab'].map((name) => ({ name, nkey: NKEY })),
    /^user "b" has the nkey of another user/,
  );
  refused(
    [1, 2].map(() => ({ name: 'a', password: 'p' })),
    /^user "a" is there twice/,
  );
});

test('a mistake in the permissions is named too', () => {
  const having = (permissions: unknown) => [{ name: 'a', password: 'p', permissions }];
  refused(having([]), /^users\[0\]\.permissions is a list: it must be an object with publish, subscribe,/);
  refused(having({ publish: ['a'] }), /^users\[0\]\.permissions\.publish is a list: .* with allow, deny$/);
  refused(
    having({ publish: { allow: 'a' } }),
    /publish\.allow is the text "a": it must be a list of subjects$/,
  );
  refused(
    having({ subscribe: { deny: ['a..b'] } }),
    /^user "a" has "a\.\.b" in permissions\.subscribe\.deny/,
  );
  refused(having({ allowResponses: 'yes' }), /allowResponses is the text "yes"/);
  refused(
    having({ allowResponses: { max: '2' } }),
    /allowResponses\.max is the text "2": it must be a number$/,
  );
  refused(having({ allowResponses: { max: 0 } }), /^user "a" has max 0 in permissions\.allowResponses/);
});

test('a file that is not there is named', async () => {
  await assert.rejects(readUsersFile('/no/such/users.json'), {
    code: 'bad-users',
    message: /^the users file \/no\/such\/users\.json cannot be read: ENOENT/,
  });
});
