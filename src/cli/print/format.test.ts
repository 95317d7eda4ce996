import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { visibleLine } from '../../lib/visible.ts';
import { terminalOf } from '../line/terminal.ts';
import { shortLength } from './short-id.ts';
import { formatTable, sentenceLines } from './table.ts';
import { cutTo, padTo, widthOf } from './text-width.ts';

const pipe = terminalOf(new PassThrough(), { env: {}, options: {} });

test('wide characters, marks and colours count as what they take', () => {
  assert.deepEqual(['abc', '船1', 'e\u0301', '🚢', '\x1b[31mred\x1b[39m'].map(widthOf), [3, 3, 1, 2, 3]);
  assert.equal(padTo('船', 4), '船  ');
  assert.equal(padTo('7', 3, 'right'), '  7');
  assert.deepEqual(
    [cutTo('ship1', 5), cutTo('ship10', 5), cutTo('船船船', 4), cutTo('ab', 0)],
    ['ship1', 'ship…', '船…', ''],
  );
  assert.equal(visibleLine('a\nb\x1b[2J\u2028\tc'), 'a\\nb\\x1b[2J\\x2028 c');
});

test('on a terminal sentences are broken at spaces, with an indent behind the first line, and stay whole in a pipe', () => {
  const terminal = { ...pipe, isTerminal: true, columns: 24 };
  const text = 'requests  54 succeeded, 10 failed, 1 timed-out';
  const wrapped = 'requests  54 succeeded,\n          10 failed, 1\n          timed-out\n';
  assert.equal(sentenceLines(text, terminal, ' '.repeat(10)), wrapped);
  assert.equal(sentenceLines(text, pipe), `${text}\n`);
  assert.equal(sentenceLines('a-word-of-more-than-24-columns', terminal), 'a-word-of-more-than-24-columns\n');
});

test('a table aligns its columns, and what is no text of ours does nothing to the terminal', () => {
  const columns = [{ title: 'NODE' }, { title: 'SIZE', isRight: true }, { title: 'WHY' }];
  const rows = [
    ['船-1', '5 B', 'it\x1b[2J ended'],
    ['ship1', { text: '1.2 MB', format: 'red' as const }, ''],
  ];
  const expected = ['NODE     SIZE  WHY', '船-1      5 B  it\\x1b[2J ended', 'ship1  1.2 MB', ''];
  assert.deepEqual(formatTable(columns, rows, pipe).split('\n'), expected);
});

test('in a pipe nothing is cut, and a long cell does not pad the other lines', () => {
  const script = 'x'.repeat(2000);
  const [, long, short] = formatTable(
    [{ title: 'WHAT', canShrink: true }, { title: 'BY' }],
    [
      [script, 'ann'],
      ['ls', 'bob'],
    ],
    pipe,
  ).split('\n');
  assert.equal(long, `${script}  ann`);
  assert.equal(short, `${'ls'.padEnd(80)}  bob`);
});

test('on a terminal a table is cut to its width, last columns first, and coloured', () => {
  const terminal = {
    ...terminalOf(new PassThrough(), { env: { FORCE_COLOR: '1' }, options: {} }),
    isTerminal: true,
  };
  const columns = [
    { title: 'A', canShrink: true },
    { title: 'B', canShrink: true },
  ];
  const rows = [['x'.repeat(30), { text: 'y'.repeat(30), format: 'red' as const }]];
  const [head, line] = formatTable(columns, rows, { ...terminal, columns: 45 }).split('\n');
  assert.equal(head, `\x1b[1mA\x1b[22m${' '.repeat(31)}\x1b[1mB\x1b[22m`);
  assert.equal(line, `${'x'.repeat(30)}  \x1b[31m${'y'.repeat(12)}…\x1b[39m`);
  const narrow = formatTable(columns, rows, { ...terminal, columns: 20 }).split('\n')[1];
  assert.equal(narrow, `${'x'.repeat(9)}…  \x1b[31m${'y'.repeat(7)}…\x1b[39m`);
});

test('on a narrow terminal columns go below, then those of the lowest rank are left out, and no line is too wide', () => {
  const columns = [
    { title: 'ID', goesBelow: true },
    { title: 'NODE' },
    { title: 'METHOD', rank: 0 },
    { title: 'WHAT', canShrink: true },
    { title: 'WHY', goesBelow: true },
  ];
  const rows = [
    ['01a204f7-5e12', 'ship1', 'REQCliCommand', 'uptime', ''],
    ['01a204f7-5e13', 'ship2', 'REQCliCommand', 'df -h /srv/data', 'no such file'],
  ];
  const table = (width: number) => formatTable(columns, rows, { ...pipe, isTerminal: true, columns: width });
  assert.equal(table(80).split('\n')[0], 'ID             NODE   METHOD         WHAT             WHY');
  assert.deepEqual(table(40).split('\n'), [
    'NODE   METHOD         WHAT',
    '  ID             WHY',
    'ship1  REQCliCommand  uptime',
    '  01a204f7-5e12',
    'ship2  REQCliCommand  df -h /srv/data',
    '  01a204f7-5e13  no such file',
    '',
  ]);
  assert.deepEqual(table(20).split('\n').slice(4), ['ship2  df -h /srv/d…', '  01a204f7-5e13  no…', '']);
  for (const width of [20, 40, 60, 80])
    for (const line of table(width).split('\n')) assert.ok(widthOf(line) <= width, line);
});

test('ids are shown as far as it takes to tell them apart', () => {
  const id = '01a204f7-5e12-749b-971f-ec87d0c49489';
  assert.equal(shortLength([id, id]), 13);
  assert.equal(shortLength([id, '01a204f7-5e13-749b-971f-ec87d0c49489']), 13);
  assert.equal(shortLength([id, '01a204f7-5e12-749c-971f-ec87d0c49489']), 18);
  assert.equal(shortLength([id, '01a204f7-5e12-749b-971f-ec87d0c49480']), 36);
});
