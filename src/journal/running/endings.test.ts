import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Endings } from './endings.ts';

const MB = 1024 * 1024;

test('replies are written down in turn, and what cannot be written down holds up nothing smaller', async () => {
  const endings = new Endings();
  const given: string[] = [];
  const usual = (name: string) =>
    endings.take({ reply: new Uint8Array(MB / 2), release: () => void given.push(name) });
  const large = { reply: { path: '/nowhere', bytes: 500 * MB } };
  await Promise.all([endings.take(large), endings.take(large)]);
  const begun = await Promise.all(Array.from({ length: 8 }, (_, at) => usual(`reply ${at}`)));
  let isBegun = false;
  const next = usual('next').then((done) => {
    isBegun = true;
    done();
  });
  await endings.take({});
  await endings.take({ reply: new Uint8Array(64 * 1024) });
  assert.equal(isBegun, false);
  begun[0]!();
  await next;
  assert.deepEqual(given, ['reply 0', 'next']);
});
