import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endHeader, readEndHeader } from './end-in-reply.ts';
import { newMessage } from './message.ts';
import type { ReportEntry } from './report.ts';

const END: ReportEntry = {
  ...{ id: 'id-1', state: 'failed', reason: 'größer\nals „4“', exitCode: 4, outputBytes: 7 },
  ...{ stderrTail: Buffer.from([0, 255]), acceptedAt: 1, startedAt: 2, endedAt: 3 },
};

function carried(end: ReportEntry, reply: string, isThin = false): ReportEntry | string | undefined {
  const header = endHeader(end, Buffer.from(reply), { isThin });
  if (header !== undefined) assert.match(header, /^[ -~]+$/, 'one line of plain text');
  return header && readEndHeader(header, newMessage({ data: [Buffer.from(reply)] }));
}

test('an end goes in a header of its reply, whose last bytes are its output', () => {
  assert.deepEqual(carried(END, 'output\n'), END);
  const told = { ...END, stdout: Buffer.from('put\n'), stdoutFrom: 3 };
  assert.deepEqual(carried(told, 'output\n'), told);
  assert.deepEqual(carried({ ...END, stdout: Buffer.from('') }, ''), END);
});

test('an end whose output is no part of the reply, or that is too long for a header, does not', () => {
  assert.equal(carried({ ...END, stdout: Buffer.from('other') }, 'output\n'), undefined);
  assert.equal(carried({ ...END, stdout: Buffer.from('longer than the reply') }, 'reply'), undefined);
  assert.equal(carried({ ...END, stderrTail: Buffer.alloc(4096) }, 'output\n'), undefined);
  assert.equal(carried(END, 'x'.repeat(64 * 1024 + 1)), undefined);
  assert.deepEqual(carried(END, 'x'.repeat(64 * 1024 + 1), true), END, 'but over a thin link');
});

test('a header that tells no end is refused with what is wrong with it', () => {
  const reply = newMessage({ data: [Buffer.from('abc')] });
  assert.equal(readEndHeader('{"id"', reply), 'the end in the reply is not an object');
  assert.equal(
    readEndHeader('{"id":"a","state":"asleep"}', reply),
    'the end in the reply has the unknown state "asleep"',
  );
  for (const bytes of ['4', '-1', '"x"'])
    assert.match(
      String(readEndHeader(`{"id":"a","state":"succeeded","stdoutBytes":${bytes}}`, reply)),
      /more output than the reply has/,
    );
  assert.equal(
    typeof readEndHeader('{"id":"a","state":"succeeded","stdoutBytes":3}', newMessage({})),
    'string',
  );
});
