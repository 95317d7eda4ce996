import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { terminalOf } from '../terminal.ts';
import { bytesText } from './bytes-text.ts';
import { durationOption, durationText, parseDuration, secondsOption } from './duration.ts';
import { agoText, momentOption, momentText, parseMoment } from './moment.ts';
import { shortLength } from './short-id.ts';
import { formatTable } from './table.ts';
import { cutTo, padTo, toLine, widthOf } from './text-width.ts';

const pipe = terminalOf(new PassThrough(), { env: {}, options: {} });
const NOW = new Date(2026, 2, 1, 14, 3, 22).getTime();

test('wide characters, marks and colours count as what they take', () => {
  assert.deepEqual(['abc', '船1', 'e\u0301', '🚢', '\x1b[31mred\x1b[39m'].map(widthOf), [3, 3, 1, 2, 3]);
  assert.equal(padTo('船', 4), '船  ');
  assert.equal(padTo('7', 3, 'right'), '  7');
  assert.deepEqual(
    [cutTo('ship1', 5), cutTo('ship10', 5), cutTo('船船船', 4), cutTo('ab', 0)],
    ['ship1', 'ship…', '船…', ''],
  );
  assert.equal(toLine('a\nb\x1b[2J\u2028\tc'), 'a\\nb\\x1b[2J\\x2028 c');
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

test('spans of time are told in their two largest units, and read in several', () => {
  const spans = [0, 840, 1234, 9960, 59_400, 59_600, 184_000, 3_600_000, 7_500_000, 183_600_000].map(
    durationText,
  );
  const texts = [
    '0 ms',
    '840 ms',
    '1.2 s',
    '10 s',
    '59 s',
    '1 min',
    '3 min 4 s',
    '1 h',
    '2 h 5 min',
    '2 d 3 h',
  ];
  assert.deepEqual(spans, texts);
  const read = ['30', '500ms', '1.5s', '5m', '5min', '1h 30m', '2D', '1w'].map(parseDuration);
  assert.deepEqual(read, [30_000, 500, 1500, 300_000, 300_000, 5_400_000, 172_800_000, 604_800_000]);
  assert.deepEqual(['', 'x', '5y', 's', '-5s', '1h30'].map(parseDuration), Array(6).fill(undefined));
  assert.throws(() => durationOption('wait', 'soon'), {
    exitCode: 1,
    message: /--wait "soon" is no span of time: write/,
  });
});

test('times are local, with their day where it is another, and relative', () => {
  assert.equal(momentText(NOW - 3600_000, NOW), '13:03:22');
  assert.equal(momentText(NOW - 86_400_000, NOW), '2026-02-28 14:03');
  const agos = [0, 5400, 184_000, 7_500_000, 200_000_000].map((span) => agoText(NOW - span, NOW));
  assert.deepEqual(agos, ['now', '5 s ago', '3 min ago', '2 h ago', '2 d ago']);
  assert.equal(agoText(NOW + 184_000, NOW), 'in 3 min');
});

test('a time is read as clock, date or span, before or after now', () => {
  const later = (text: string) => parseMoment(text, { now: NOW, isPast: false });
  const before = (text: string) => parseMoment(text, { now: NOW, isPast: true });
  assert.equal(later('14:30'), new Date(2026, 2, 1, 14, 30).getTime());
  assert.equal(later('2:05'), new Date(2026, 2, 2, 2, 5).getTime());
  assert.equal(before('14:30'), new Date(2026, 1, 28, 14, 30).getTime());
  assert.equal(before('2h'), NOW - 7_200_000);
  assert.equal(later('+10m'), NOW + 600_000);
  assert.equal(before('2026-02-01'), new Date(2026, 1, 1).getTime());
  assert.equal(later('2026-03-05 06:07'), new Date(2026, 2, 5, 6, 7).getTime());
  assert.equal(later('2026-03-05T06:07Z'), Date.UTC(2026, 2, 5, 6, 7));
  assert.equal(later('2026-03-05T06:07:08+02:00'), Date.UTC(2026, 2, 5, 4, 7, 8));
  assert.equal(later('now'), NOW);
  for (const text of ['', 'soon', '25:00', '2026-13-01', '5', '0 0 * * *'])
    assert.equal(later(text), undefined, text);
  assert.throws(
    () => momentOption('since', 'soon', { now: NOW, isPast: true }),
    /--since "soon" is no time: write it/,
  );
});

test('sizes are told in the unit that fits', () => {
  const sizes = [0, 999, 1000, 999_949, 999_950, 1_234_567, 5e9].map(bytesText);
  assert.deepEqual(sizes, ['0 B', '999 B', '1.0 kB', '999.9 kB', '1.0 MB', '1.2 MB', '5.0 GB']);
});

test('ids are shown as far as it takes to tell them apart', () => {
  const id = '01a204f7-5e12-749b-971f-ec87d0c49489';
  assert.equal(shortLength([id, id]), 13);
  assert.equal(shortLength([id, '01a204f7-5e13-749b-971f-ec87d0c49489']), 13);
  assert.equal(shortLength([id, '01a204f7-5e12-749c-971f-ec87d0c49489']), 18);
  assert.equal(shortLength([id, '01a204f7-5e12-749b-971f-ec87d0c49480']), 36);
});

test('a time to wait is whole seconds that a timer can hold', () => {
  assert.deepEqual(
    [
      secondsOption('wait', undefined, 5),
      secondsOption('wait', '200ms', 5),
      secondsOption('wait', '1.5s', 5),
    ],
    [5, 1, 2],
  );
  for (const text of ['0', '30d', '9e9'])
    assert.throws(() => secondsOption('wait', text, 5), { exitCode: 1, message: /--wait/ }, text);
});
