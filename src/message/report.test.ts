import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReport, encodeReport, type ReportEntry } from './report.ts';

test('a report comes back as it was sent, bytes included', () => {
  const ends: ReportEntry[] = [
    { id: 'a', state: 'running', startedAt: 1 },
    {
      id: 'b',
      state: 'failed',
      reason: 'exit status 3',
      exitCode: 3,
      signal: 'SIGKILL',
      stderrTail: Buffer.from([0xff, 0x00, 0x0a]),
      stderrBytes: 5000,
      stdout: Buffer.from([0xfe, 0x00]),
      stdoutFrom: 5,
      outputBytes: 7,
      output: [{ stream: 'stderr', offset: 7, data: Buffer.from([0x80]) }],
      acceptedAt: 1,
      startedAt: 2,
      endedAt: 3,
    },
  ];
  assert.deepEqual(decodeReport(encodeReport(ends)), { ends, faults: [] });
});

test('unknown fields are left out, and null is as good as absent', () => {
  const data = Buffer.from(
    '{"v":2,"ends":[{"id":"a","state":"succeeded","new":[1],"exitCode":null,"__proto__":{"x":1}}]}',
  );
  assert.deepEqual(decodeReport(data), { ends: [{ id: 'a', state: 'succeeded' }], faults: [] });
});

test('a bad entry is named with its fault, and the good ones count', () => {
  const ends = [
    { id: 'good', state: 'succeeded' },
    { state: 'succeeded' },
    { id: 'a', state: 'done' },
    { id: 'a', state: 'failed', exitCode: '3' },
    { id: 'a', state: 'failed', stderrTail: 3 },
    null,
    { id: 'a', state: 'failed', stdout: {} },
    { id: 'a', state: 'running', output: 'text' },
    { id: 'a', state: 'running', output: [{ stream: 'stdin', offset: 0, data: '' }] },
    { id: 'a', state: 'running', output: [{ stream: 'stdout', offset: -1, data: '' }] },
  ];
  const report = decodeReport(Buffer.from(JSON.stringify({ ends })));
  assert.deepEqual(report.ends, [{ id: 'good', state: 'succeeded' }]);
  assert.deepEqual(report.faults, [
    'entry 1 of the report has no id',
    'entry 2 of the report has the unknown state "done"',
    'entry 3 of the report has a exitCode that is no whole number',
    'entry 4 of the report has a stderrTail that is no string',
    'entry 5 of the report is not an object',
    'entry 6 of the report has a stdout that is no string',
    'entry 7 of the report has an output that is no list',
    'entry 8 of the report has a piece of output without stream, offset or data',
    'entry 9 of the report has a piece of output without stream, offset or data',
  ]);
});

test('what is no report at all is said to be none', () => {
  for (const text of ['', '{', '[]', 'null', '{"ends":{}}']) {
    const { ends, faults } = decodeReport(Buffer.from(text));
    assert.deepEqual([ends.length, faults.length], [0, 1]);
  }
});

test('what is said of one request is bounded, however much a node says', () => {
  const long = 'x'.repeat(1_000_000);
  const end = { id: 'a', state: 'failed', reason: long, signal: long, stderrTail: btoa(`${long}end`) };
  const ends = [end, { ...end, id: long }, { ...end, state: long }];
  const { ends: read, faults } = decodeReport(Buffer.from(JSON.stringify({ ends })));
  assert.deepEqual([read[0]!.reason?.length, read[0]!.signal?.length], [4000, 4000]);
  assert.deepEqual(
    [read[0]!.stderrTail!.length, Buffer.from(read[0]!.stderrTail!).subarray(-4).toString()],
    [65_536, 'xend'],
  );
  assert.ok(faults.length === 2 && faults.every((fault) => fault.length < 200));
});

test('a time without a date, and less than nothing, make an entry a fault', () => {
  const wrong = [{ acceptedAt: 8.64e15 + 1 }, { endedAt: -1 }, { outputBytes: -1 }, { stdoutFrom: -5 }];
  const ends = wrong.map((more) => ({ id: 'a', state: 'failed', ...more }));
  assert.deepEqual(decodeReport(Buffer.from(JSON.stringify({ ends }))), {
    ends: [],
    faults: [
      'entry 0 of the report has a acceptedAt that is no time',
      'entry 1 of the report has a endedAt that is less than 0',
      'entry 2 of the report has a outputBytes that is less than 0',
      'entry 3 of the report has a stdoutFrom that is less than 0',
    ],
  });
});

test('a report of more entries than any node sends is not read', () => {
  for (const value of ['{}', '[]', '0', '{"id":"a","state":"lost"}']) {
    const report = decodeReport(Buffer.from(`{"ends":[${`${value},`.repeat(300_000)}0]}`));
    assert.deepEqual(report, { ends: [], faults: ['the report has more entries than any node sends'] });
  }
  // Output is no such thing, however long it is.
  const output = [{ stream: 'stdout', offset: 0, data: Buffer.alloc(1_000_000) } as const];
  const ends: ReportEntry[] = [{ id: 'a', state: 'running', output }];
  assert.deepEqual(decodeReport(encodeReport(ends)), { ends, faults: [] });
});

test('output that is text goes as that to a node that reads it, byte for byte, unless JSON makes it long or it counts as many values', () => {
  const texts = [
    '',
    'plain\n',
    '\ufeffa "quoted" \\ line,\n[x]{y}\0',
    'ä€😀\u2028',
    '\x1b[31mred\x1b[0m and more of the line, which goes on for long enough',
  ];
  for (const text of texts) {
    const data = Buffer.from(text);
    const end: ReportEntry = {
      id: 'x',
      state: 'succeeded',
      stdout: data,
      output: [{ stream: 'stderr', offset: 3, data }],
    };
    const decoded = decodeReport(encodeReport([end], true));
    assert.deepEqual(decoded, { ends: [end], faults: [] });
    assert.deepEqual(decodeReport(encodeReport([end])), decoded);
  }
  const noText = [Buffer.from([0xff, 0x61]), Buffer.alloc(100, 1), Buffer.alloc(150_000, ',')];
  const output = noText.map((data) => ({ stream: 'stdout' as const, offset: 0, data }));
  const end: ReportEntry = { id: 'x', state: 'running', output };
  const encoded = Buffer.from(encodeReport([end, end], true));
  assert.doesNotMatch(encoded.toString(), /"text"/);
  assert.deepEqual(decodeReport(encoded), { ends: [end, end], faults: [] });
  const commas: ReportEntry = { id: 'x', state: 'succeeded', stdout: Buffer.alloc(60_000, ',') };
  const many = Array.from({ length: 10 }, () => commas);
  assert.deepEqual(decodeReport(encodeReport(many, true)), { ends: many, faults: [] });
});
