import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { createLogger } from '../observe/logger.ts';
import { answerLine } from './answer-line.ts';
import type { Submissions } from './submission-session.ts';
import { startUnixListener, type UnixListenerOptions } from './unix-socket.ts';

const logger = createLogger({ level: 'silent', nodeName: 'test' });
const folder = mkdtempSync(join(tmpdir(), 'unix-socket-'));
after(() => rm(folder, { recursive: true }));

let count = 0;
const freshPath = () => join(folder, String(count++), 'steward.sock');

/** Answers with the submission's length and beginning. */
const echo = async (text: Uint8Array): Promise<string> =>
  answerLine({
    batch: `${text.length} ${Buffer.from(text).toString('latin1', 0, 40)}`,
    accepted: [],
    refused: [],
    warnings: [],
  });

/** Reasons of refusals that whoever looks after the fleet hears of. */
const told: string[] = [];
const refused = (reason: string) => void told.push(reason);
const start = (options: Partial<UnixListenerOptions> = {}, submit: Submissions['submit'] = echo) =>
  startUnixListener({ path: freshPath(), ...options }, { submissions: { submit, refused }, logger });

async function open(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** What the server says until it closes: the batch of each answer, or the reason of a refusal. */
async function answers(socket: Socket): Promise<string[]> {
  const lines = (await readAll(socket)).split('\n');
  assert.equal(lines.pop(), '');
  socket.end();
  return lines.map((line) => {
    const answer = JSON.parse(line);
    return answer.batch ?? answer.refused[0].reason;
  });
}

async function send(path: string, input: string | Uint8Array): Promise<string[]> {
  const socket = await open(path);
  socket.end(input);
  return answers(socket);
}

test('fault 11: a submission in single bytes is one submission', async () => {
  await using listener = await start({ lingerMs: 5 });
  const socket = await open(listener.path);
  socket.setNoDelay(true);
  for (const byte of Buffer.from('[{"method":"REQPing æ"}]')) {
    await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
  }
  assert.deepEqual(await answers(socket), ['25 [{"method":"REQPing Ã¦"}]']);
});

test('a submission of 30 MB arrives whole', async () => {
  await using listener = await start();
  const big = Buffer.alloc(30 * 1024 * 1024, 'x');
  big.write('["');
  big.write('"]', big.length - 2);
  const [line] = await send(listener.path, big);
  assert.match(line!, new RegExp(`^${big.length} \\["xxx`));
});

test('values in one write are answered one by one, in order', async () => {
  const ends: (() => void)[] = [];
  await using listener = await start({}, async (text) => {
    const answer = await echo(text);
    await new Promise<void>((resolve) => {
      ends.push(resolve);
      setImmediate(() => ends.pop()?.());
    });
    return answer;
  });
  assert.deepEqual(await send(listener.path, '[1]{"two":2}\n[3,3]'), ['3 [1]', '9 {"two":2}', '5 [3,3]']);
});

test('a client that neither half-closes nor closes is closed after its answer', async () => {
  await using listener = await start({ lingerMs: 10 });
  const socket = await open(listener.path);
  socket.write('[1]');
  assert.deepEqual(await answers(socket), ['3 [1]']);
});

test('another value within the linger time is answered too', async () => {
  await using listener = await start({ lingerMs: 10_000 });
  const socket = await open(listener.path);
  socket.write('[1]');
  await once(socket, 'readable');
  socket.end('[2]');
  assert.deepEqual(await answers(socket), ['3 [1]', '3 [2]']);
});

test('text that is not JSON ends at the half-close, and bad bytes harm nobody', async () => {
  await using listener = await start();
  assert.deepEqual(await send(listener.path, '- toNode: a\n'), ['12 - toNode: a\n']);
  assert.deepEqual(await send(listener.path, Uint8Array.of(0xff, 0, 1)), ['3 \xff\0\x01']);
  assert.deepEqual(await send(listener.path, '[1, '), ['4 [1, ']);
});

test('text that is not JSON is complete after its time of silence', async () => {
  await using listener = await start({ textSilenceMs: 20, lingerMs: 5 });
  const socket = await open(listener.path);
  socket.write('- toNode: a\n');
  assert.deepEqual(await answers(socket), ['12 - toNode: a\n']);
});

test('white space alone is not answered', async () => {
  await using listener = await start();
  assert.deepEqual(await send(listener.path, ' \n\n'), []);
  assert.deepEqual(await send(listener.path, ''), []);
});

test('a JSON value that never ends is refused', async () => {
  await using listener = await start({ idleTimeoutMs: 30 });
  const socket = await open(listener.path);
  socket.write('[{"a":');
  const [reason] = await answers(socket);
  assert.match(reason!, /ended inside a JSON value: 6 bytes came, 2 brackets still open/);
  assert.ok(told.includes(reason!), 'whoever looks after the fleet hears of it');
});

test('what is larger than the limit is refused and not read', async () => {
  await using listener = await start({ maxBytes: 100_000 });
  const socket = await open(listener.path);
  socket.on('error', () => {});
  const written = new Promise((resolve) => socket.write(`["${'x'.repeat(5_000_000)}`, resolve));
  const [line] = (await readAll(socket)).split('\n');
  assert.match(line!, /100000 bytes at most/);
  assert.ok((await written) instanceof Error);
});

test('all clients together hold no more than the total', async () => {
  await using listener = await start({ maxTotalBytes: 1000 });
  const hanging = await open(listener.path);
  hanging.write(`["${'x'.repeat(900)}`);
  const [refusal, answer] = await untilBusy(listener.path);
  assert.match(refusal!, /1000 bytes over all clients/);
  assert.equal(answer, '3 [1]');
  hanging.destroy();

  /** The hanging client's bytes may come a moment later than ours. */
  async function untilBusy(path: string): Promise<string[]> {
    for (;;) {
      const [line] = await send(path, `["${'y'.repeat(200)}"]`);
      if (!line!.startsWith('204 ')) return [line!, ...(await send(path, '[1]'))];
    }
  }
});

test('200 clients at once all get their answers', async () => {
  await using listener = await start();
  const lines = await Promise.all(Array.from({ length: 200 }, (_, n) => send(listener.path, `[${n}]`)));
  assert.deepEqual(
    lines.map(([line]) => line!.split(' ')[1]),
    lines.map((_, n) => `[${n}]`),
  );
});

test('more clients than the limit are refused, and those connected are served', async () => {
  await using listener = await start({ maxClients: 1 });
  const first = await open(listener.path);
  assert.match((await send(listener.path, '[1]'))[0]!, /too many clients/);
  first.end('[2]');
  assert.deepEqual(await answers(first), ['3 [2]']);
});

test('a client that leaves before its answer harms nobody', async () => {
  const submitted = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  await using listener = await start({}, (text) => {
    if (text.length > 3) return echo(text);
    submitted.resolve();
    return answer.promise;
  });
  const leaver = await open(listener.path);
  leaver.write('[1]');
  await submitted.promise;
  leaver.destroy();
  answer.resolve('x'.repeat(1_000_000));
  assert.deepEqual(await send(listener.path, '[1,2]'), ['5 [1,2]']);
});

test('a client that never reads and one that hangs are cut off, and others are served', async () => {
  const big = 'x'.repeat(3_000_000);
  await using listener = await start({ idleTimeoutMs: 50, openTimeoutMs: 50 }, async (text) =>
    text.length === 3 ? big : echo(text),
  );
  const deaf = await open(listener.path);
  deaf.pause();
  deaf.write('[1]');
  const hanging = await open(listener.path);
  assert.deepEqual(await send(listener.path, '[1,2]'), ['5 [1,2]']);
  assert.equal(await readAll(hanging), '');
  hanging.destroy();
  assert.ok((await readAll(deaf)).length < big.length);
});

test('a submit that throws is answered with a refusal', async () => {
  await using listener = await start({}, async () => {
    throw new Error('the store is closed');
  });
  assert.deepEqual(await send(listener.path, '[1]'), ['the node could not take this: the store is closed']);
});

test('nc gets its answer and ends, without half-closing', async () => {
  await using listener = await start();
  const file = join(folder, 'messages.json');
  writeFileSync(file, `[{"data":"${'x'.repeat(500_000)}"}]\n`);
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'exec nc -U "$1" <"$2"',
    'sh',
    listener.path,
    file,
  ]);
  assert.match(stdout, /^\{"batch":"500013 /);
});

test('an nc that sends too much ends with the refusal', async () => {
  await using listener = await start({ maxBytes: 1000 });
  const nc = spawn('nc', ['-U', listener.path], { stdio: ['pipe', 'pipe', 'ignore'] });
  nc.stdin.on('error', () => {});
  nc.stdin.end(`["${'x'.repeat(3_000_000)}"]`);
  assert.match(await readAll(nc.stdout), /1000 bytes at most/);
});

test('stopping finishes the answer under way, refuses what is unfinished, and removes the file', async () => {
  const submitted = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const listener = await start({}, async (text) => {
    submitted.resolve();
    await answer.promise;
    return echo(text);
  });
  const partial = await open(listener.path);
  partial.write('[1,');
  const busy = await open(listener.path);
  busy.write('[1]');
  await submitted.promise;
  const stopped = listener[Symbol.asyncDispose]();
  const refusal = await answers(partial);
  answer.resolve();
  assert.deepEqual(await answers(busy), ['3 [1]']);
  await stopped;
  await listener[Symbol.asyncDispose]();
  // Its first bytes may come after the stop: then there was nothing to refuse.
  if (refusal.length > 0) assert.match(refusal[0]!, /stopping/);
  assert.equal(existsSync(listener.path), false);
});

test('stopping leaves a socket file that is not ours', async () => {
  const listener = await start();
  await rm(listener.path);
  writeFileSync(listener.path, 'new');
  await listener[Symbol.asyncDispose]();
  assert.ok(existsSync(listener.path));
});

test('stopping is bounded when an answer never comes', async () => {
  const submitted = Promise.withResolvers<void>();
  const listener = await start({ stopTimeoutMs: 20 }, () => {
    submitted.resolve();
    return new Promise(() => {});
  });
  const socket = await open(listener.path);
  socket.write('[1]');
  await submitted.promise;
  await listener[Symbol.asyncDispose]();
  assert.equal(await readAll(socket), '');
  socket.destroy();
});
