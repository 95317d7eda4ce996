import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptNotes } from '../../../test/support/kept-notes.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { systemClock } from '../../lib/clock.ts';
import { newMessage } from '../../message/message.ts';
import { createReqToSocket } from './req-to-socket.ts';

test('each message gets a connection, on which its data comes whole and in order', async (t) => {
  const { path, write, got } = await setUp(t);
  const large = randomBytes(3_000_000);
  assert.deepEqual(
    await write([path, [Buffer.from('a'), Buffer.from([0xff])]], [path, [large]], [path, null]),
    [{ ok: true }, { ok: true }, { ok: true }],
  );
  await waitFor('three connections', () => got.length === 3);
  assert.deepEqual(got, [Buffer.from([0x61, 0xff]), large, Buffer.alloc(0)]);
});

test('a relative path begins at the working folder', async (t) => {
  const { write, got } = await setUp(t);
  assert.deepEqual(await write(['s.sock', [Buffer.from('x')]]), [{ ok: true }]);
  await waitFor('it', () => got[0]?.toString() === 'x');
});

test('what the listener answers is dropped, and its silence is not waited for', async (t) => {
  const talking = await setUp(t, (socket) => socket.on('end', () => socket.end('{"accepted":[]}\n')));
  assert.deepEqual(await talking.write([talking.path, [Buffer.from('x')]]), [{ ok: true }]);
  const silent = await setUp(t, () => {});
  assert.deepEqual(await silent.write([silent.path, [Buffer.from('x')]]), [{ ok: true }]);
});

test('nobody listening, no socket and the like are clear reasons', async (t) => {
  const { folder, write, close, path, method } = await setUp(t);
  await writeFile(join(folder, 'file'), '');
  await close();
  for (const [methodArgs, words] of [
    [join(folder, 'none'), /there is no such socket/],
    [join(folder, 'file'), /nobody listens on it|is no socket/],
    ['', /methodArgs is empty/],
    ['a\0b', /NUL/],
    [`/${'x'.repeat(200)}`, /longer than the 107 bytes/],
  ] as const) {
    const [outcome] = await write([methodArgs, []]);
    assert.match(outcome!.ok ? '' : outcome!.reason, words);
  }
  assert.match(method.check!(newMessage({}))!, /replyMethodArgs/);
  assert.deepEqual(await write([path, []]), [
    { ok: false, reason: `the socket ${path} can't be written: there is no such socket` },
  ]);
});

test('a listener that reads nothing ends the wait, for all that came together', async (t) => {
  const { path, write } = await setUp(t, (socket) => void socket.pause(), 200);
  const large = Buffer.alloc(5_000_000);
  const began = performance.now();
  const outcomes = await write([path, [large]], [path, [large]], [path, [large]]);
  assert.ok(performance.now() - began < 600);
  const reason = `the socket ${path} did not take the data within 0.2 s`;
  assert.deepEqual(outcomes, Array(3).fill({ ok: false, reason }));
});

test('a listener that hangs up early is a failure', async (t) => {
  const { path, write } = await setUp(t, (socket) => void socket.destroy());
  const [outcome] = await write([path, [Buffer.alloc(5_000_000)]]);
  assert.match(outcome!.ok ? '' : outcome!.reason, /closed before it had all/);
});

async function setUp(t: TestContext, onConnection?: (socket: Socket) => void, timeoutMs = 5000) {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 's.sock');
  const got: Buffer[] = [];
  const sockets = new Set<Socket>();
  const take = (socket: Socket) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('end', () => {
      got.push(Buffer.concat(pieces));
      socket.end();
    });
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    (onConnection ?? take)(socket);
  }).listen(path);
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.after(close);
  const method = createReqToSocket({ workingFolder: folder, timeoutMs }, { clock: systemClock });
  const write = (...messages: [string, Uint8Array[] | null][]) =>
    method.apply(
      messages.map(([to, data]) => ({
        id: 'x',
        message: newMessage({ methodArgs: to ? [to] : null, data }),
      })),
      new KeptNotes().intend,
    );
  return { folder, path, method, got, write, close };
}
