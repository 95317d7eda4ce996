import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { systemFiles } from '../lib/system-files.ts';
import type { RelayedFile } from '../message/relayed-file.ts';
import { RelayedFiles } from './relayed-files.ts';

const MINUTE_MS = 60_000;

async function start(t: TestContext) {
  const folder = join((await tempFolder(t)).path, 'relayed-files');
  const clock = new ManualClock();
  const asked: { readonly place: string; readonly size: number; isOpen: boolean; reason: string }[] = [];
  const cancelled: string[] = [];
  const open = () =>
    new RelayedFiles(folder, {
      ...{ maxBytes: 100, clock, files: systemFiles },
      fetch: async (_, { size }, place) => String(asked.push({ place, size, isOpen: true, reason: '' }) - 1),
      stateOf: (id) => asked[Number(id)] && { ...asked[Number(id)]!, state: 'failed' },
      cancel: async (id) => void cancelled.push(id),
    });
  const files = open();
  const hold = (source: string, size: number, by = files, signal = new AbortController().signal) => {
    const file = { source, size, node: 'ship1', target: 't', mode: 0o644, identity: 'i', request: 'r' };
    const said: string[] = [];
    const progress = (text: string) => void said.push(text);
    const held = by.hold(file satisfies RelayedFile, { sender: 'shore', signal, progress });
    held.catch(() => {});
    return { held, said };
  };
  const arrives = async (index: number) => {
    const request = await waitFor('the request', () => asked[index]);
    await writeFile(request.place, Buffer.alloc(request.size));
    request.isOpen = false;
  };
  /** Moves the clock on until something is so. */
  const passes = (what: string, isSo: () => unknown) =>
    waitFor(what, async () => {
      await clock.advance(1000);
      return isSo();
    });
  return { folder, clock, asked, cancelled, open, hold, arrives, passes };
}

test('a file is asked for once for all copies, also after a restart, and goes 10 min after the last', async (t) => {
  const { folder, clock, asked, open, hold, arrives, passes } = await start(t);
  let count = 0;
  const both = [hold('a', 40).held, hold('a', 40).held].map((held) => held.finally(() => count++));
  await waitFor('the request', () => asked.length === 1);
  await waitFor(
    'the note of it',
    async () => (await readdir(join(folder, (await readdir(folder))[0]!))).length > 0,
  );
  const restarted = open();
  const later = hold('a', 40, restarted).held.finally(() => count++);
  await arrives(0);
  await passes('all to have it', () => count === 3);
  assert.equal(asked.length, 1);
  for (const held of [...both, later]) (await held)[Symbol.dispose]();
  await clock.advance(9 * MINUTE_MS);
  assert.equal((await readdir(folder)).length, 1);
  await clock.advance(2 * MINUTE_MS);
  await waitFor('it to be gone', async () => (await readdir(folder)).length === 0);
});

test('what is needed keeps its room, and the next file waits and says so; what is not needed makes room', async (t) => {
  const { folder, asked, hold, arrives, passes } = await start(t);
  const first = hold('a', 60);
  await arrives(0);
  await passes('the first', () => asked[0]!.isOpen === false && first.said.length > 0);
  const held = await first.held;
  const next = hold('b', 60);
  await passes('it to wait', () => /waiting for room: .* 100 bytes .*relayKeepMB/.test(next.said.join()));
  assert.equal(asked.length, 1);
  held[Symbol.dispose]();
  await passes('its turn', () => asked.length === 2);
  await arrives(1);
  assert.equal((await readdir(folder)).length, 1);
  let isThere = false;
  void next.held.then(() => (isThere = true));
  await passes('the second', () => isThere);
});

test('the copies that wait end with the reason where the file does not come, and the last that is cancelled calls it off', async (t) => {
  const { asked, cancelled, hold, passes } = await start(t);
  const failing = hold('a', 10);
  await waitFor('the request', () => asked.length === 1);
  Object.assign(asked[0]!, { isOpen: false, reason: 'no such file' });
  let reason = '';
  void failing.held.catch((error: Error) => (reason = error.message));
  await passes('the reason', () => reason);
  assert.equal(reason, 'the file of shore did not come: no such file');

  const [one, other] = [new AbortController(), new AbortController()];
  const ended: string[] = [];
  for (const [name, { signal }] of [
    ['one', one],
    ['other', other],
  ] as const)
    void hold('b', 10, undefined, signal).held.catch(() => ended.push(name));
  await waitFor('the request', () => asked.length === 2);
  one.abort(Object.assign(new Error('cancelled'), { code: 'cancelled' }));
  await passes('the first to end', () => ended.length === 1);
  assert.deepEqual(cancelled, []);
  other.abort(Object.assign(new Error('cancelled'), { code: 'cancelled' }));
  await passes('the other to end', () => ended.length === 2);
  assert.deepEqual([cancelled, asked.length], [['1'], 2]);
});

test('a file that is said to be larger than before takes the room of another one', async (t) => {
  const { asked, hold, arrives, passes } = await start(t);
  let isHeld = false;
  void hold('a', 40).held.then(() => {
    isHeld = true;
  });
  await arrives(0);
  await passes('the first', () => isHeld);
  const larger = hold('a', 90);
  await waitFor('it to wait', () => larger.said.length > 0);
  assert.match(larger.said[0]!, /^waiting for room/);
  assert.equal(asked.length, 1);
});
