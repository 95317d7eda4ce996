import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomTest } from '../../test/support/random-test.ts';
import type { Frame } from './frame.ts';
import { Parser, type ProtocolEvents } from './parser.ts';

/** Writes down what a parser finds, as lines. */
class Notes implements ProtocolEvents {
  readonly lines: string[] = [];
  isOpen = true;

  mayBegin = () => true;
  connect = (json: Buffer) => void this.lines.push(`connect ${json}`);
  ping = () => void this.lines.push('ping');
  pong = () => void this.lines.push('pong');
  subscribe = (...words: string[]) => void this.lines.push(`sub ${words}`);
  unsubscribe = (sid: string, max: number) => void this.lines.push(`unsub ${sid} ${max}`);
  announce = () => true;
  publish = ({ subject, reply, headerBytes, buffer, payloadStart, payloadEnd }: Frame) =>
    void this.lines.push(
      `pub ${subject} ${reply} ${headerBytes} ${buffer.toString('latin1', payloadStart, payloadEnd)}`,
    );
  fail = (fault: string) => {
    this.lines.push(fault);
    this.isOpen = false;
  };
}

function parsed(bytes: Buffer, cuts: readonly number[], maxControlLineBytes = 4096): string[] {
  const notes = new Notes();
  const parser = new Parser({ maxControlLineBytes }, notes);
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  // Each piece is a copy of its own, as it comes from a socket.
  for (const [index, edge] of edges.slice(1).entries())
    parser.feed(Buffer.from(bytes.subarray(edges[index], edge)));
  return notes.lines;
}

const SESSION = Buffer.from(
  'CONNECT {"verbose":false}\r\nPING\r\nSUB a.* q 1\r\nUNSUB 1 5\r\nPUB a.b 5\r\nhello\r\nPUB a.b r.1 0\r\n\r\n' +
    `HPUB x  y \t 12 14\r\nNATS/1.0\r\n\r\n\r\n\r\nPUB big 3000\r\n${'payload\r\nPING\r\n'.repeat(200)}\r\nPONG\nUNSUB 2\n`,
  'latin1',
);

randomTest('however the bytes are cut into pieces, the same is found', (_t, { random }) => {
  const expected = parsed(SESSION, []);
  assert.equal(expected.length, 10);
  for (let cut = 1; cut < 260; cut += 1) assert.deepEqual(parsed(SESSION, [cut]), expected, `cut at ${cut}`);
  assert.deepEqual(
    parsed(
      SESSION,
      Array.from({ length: SESSION.length - 1 }, (_, index) => index + 1),
    ),
    expected,
  );
  for (let round = 0; round < 300; round += 1) {
    const cuts = Array.from({ length: 1 + (round % 9) }, () => Math.floor(random() * SESSION.length));
    assert.deepEqual(parsed(SESSION, cuts), expected, `cuts ${cuts}`);
  }
});

test('garbage is found out at its first byte that fits nothing, also in pieces', () => {
  for (const [text, fault] of [
    ['X', 'unknown-operation'],
    ['PIX', 'unknown-operation'],
    ['PUBX', 'unknown-operation'],
    ['\r\n', 'unknown-operation'],
    ['PUB a 1\r\nxX', 'unknown-operation'],
    ['PUB a 1\r\nx\rX', 'unknown-operation'],
    [`SUB ${'a'.repeat(100)}`, 'line-too-long'],
    [`PING${' '.repeat(100)}\r\n`, 'line-too-long'],
    ['SUB a\r\n', 'bad-arguments'],
  ] as const) {
    const bytes = Buffer.from(text);
    const each = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    assert.deepEqual(parsed(bytes, [], 60), [fault], text);
    assert.deepEqual(parsed(bytes, each, 60), [fault], `${text}, byte by byte`);
  }
});

test('nothing is taken after the end', () => {
  assert.deepEqual(parsed(Buffer.from('PING\r\nSUB\r\nPING\r\n'), []), ['ping', 'unknown-operation']);
});
