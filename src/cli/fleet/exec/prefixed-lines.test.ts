import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { terminalOf } from '../../line/terminal.ts';
import { createLineSink } from './line-sink.ts';
import { createRawSink, createTee } from './output-sink.ts';
import { createLinePrinter } from './prefixed-lines.ts';
import { progressText } from './progress-bar.ts';

function scene({ isTerminal = false, env = {} } = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = { ...terminalOf(stdout, { env, options: {} }), isTerminal };
  const sink = createLineSink(
    createLinePrinter({ stdout, stderr, terminals: { stdout: terminal, stderr: terminal } }),
  );
  const read = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString('latin1') ?? '';
  return { sink: createTee([sink]), text: () => ({ stdout: read(stdout), stderr: read(stderr) }) };
}

test('lines of several nodes stay whole, and those of stderr are marked', async () => {
  const { sink, text } = scene();
  await sink.piece('a', 'stdout', Buffer.from('one '));
  await sink.piece('b', 'stdout', Buffer.from('two\nthree'));
  await sink.piece('a', 'stdout', Buffer.from('line\n'));
  await sink.piece('a', 'stderr', Buffer.from('oh\n'));
  await sink.end('b');
  await sink.end('c');
  assert.deepEqual(text(), { stdout: '[b] two\n[a] one line\n[b] three\n', stderr: '[a!] oh\n' });
});

test('in a pipe the bytes of a line are left as they are', async () => {
  const { sink, text } = scene();
  await sink.piece('a', 'stdout', Buffer.from('\xff\x1b[2J\r5%\r\n', 'latin1'));
  assert.equal(text().stdout, '[a] \xff\x1b[2J\r5%\r\n');
});

test('on a terminal a line cannot overwrite its prefix or move the cursor, and its colours end with it', async () => {
  const { sink, text } = scene({ isTerminal: true });
  await sink.piece('a', 'stdout', Buffer.from(' 5%\r100%\r\n'));
  await sink.piece('a', 'stdout', Buffer.from('\x1b[2Jx\x1b]0;title\x07y\x1bcz\x07\x08\ttab\x1b7\n'));
  await sink.piece('a', 'stdout', Buffer.from('\x1b[31mred\n'));
  await sink.piece('a', 'stdout', Buffer.from('caf\xe9\n', 'latin1'));
  const shown = text().stdout;
  const expected = ['[a] 100%', '[a] xyz\ttab', '[a] \x1b[31mred\x1b[0m', '[a] caf\ufffd', ''];
  assert.equal(Buffer.from(shown, 'latin1').toString(), expected.join('\n'));
});

test('a sequence that hides a control character, or has signs of its own, does nothing to a terminal', async () => {
  for (const hidden of ['\x1b[\0' + '2Jb', '\x1b[!pb', '\x1b[>4mb', '\x1b[1 qb', '\x1b[\x1b[2Jb']) {
    const { sink, text } = scene({ isTerminal: true });
    await sink.piece('a', 'stdout', Buffer.from(`a${hidden}\n`, 'latin1'));
    const { stdout } = text();
    assert.equal(stdout.includes('\x1b'), false, JSON.stringify(stdout));
  }
});

test('the bytes of one node reach a pipe as they are, and a terminal without what does something to it', async () => {
  const evil = Buffer.from('\x1b]0;title\x07a\x1b[2J\x1b[31mb\xc2\x9b1m\xe2\x80\xaec\n', 'latin1');
  const write = async (isTTY: boolean) => {
    const stdout = Object.assign(new PassThrough(), { isTTY });
    const sink = createRawSink({ stdout, stderr: stdout });
    for (const byte of evil) await sink.piece('a', 'stdout', Buffer.from([byte]));
    await sink.end('a');
    return stdout.read() as Buffer;
  };
  assert.deepEqual(await write(false), evil);
  assert.equal((await write(true)).toString().replaceAll('\x1b[0m', ''), 'a\x1b[31mb1m\\x202ec\n');
});

test('the progress names each group that has targets, in one line', () => {
  const terminal = { ...terminalOf(new PassThrough(), { env: {}, options: {} }), columns: 100 };
  const counts = {
    succeeded: 10,
    failed: 2,
    'timed-out': 0,
    cancelled: 0,
    'handed-over': 0,
    unreached: 0,
    running: 5,
    waiting: 7,
    'not-sent': 0,
  };
  const text = progressText(counts, { terminal, elapsedMs: 65_400 });
  assert.equal(text, '12/24 ██████████░░░░░░░░░░ 10 succeeded, 2 failed, 5 running, 7 waiting  1 min 5 s');
  assert.equal(progressText(counts, { terminal: { ...terminal, columns: 30 }, elapsedMs: 0 }).length, 29);
});
