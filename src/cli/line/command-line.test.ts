import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { defineCommand, type ParsedCall } from './command.ts';
import { commandHelp } from './command-help.ts';
import { parseCommandLine } from './command-line.ts';

const spec = defineCommand({
  usage: ['try [options] WORD... -- COMMAND'],
  about: ['Tries things.'],
  options: {
    limit: { short: 'l', value: 'COUNT', summary: 'at most this many' },
    label: { value: 'VALUE', multiple: true, summary: 'a label' },
    follow: { short: 'f', summary: 'go on' },
    secret: { summary: 'not shown', isHidden: true },
  },
  operands: ['none'],
  examples: [{ line: 'steward try a', does: 'tries a' }],
  run: async () => 0,
});

function parse(...args: string[]): ParsedCall {
  const stream = new PassThrough();
  return parseCommandLine('try', spec, { args, env: {}, stdin: stream, stdout: stream, stderr: stream });
}

test('options may stand anywhere before a bare --, and what follows that is left as it is', () => {
  const { options, operands, rest } = parse(
    'a',
    '-fl',
    '3',
    'b',
    '--label=x',
    '--label',
    'y',
    '--',
    '-z',
    '--',
  );
  assert.deepEqual({ ...options }, { follow: true, limit: '3', label: ['x', 'y'] });
  assert.deepEqual(operands, ['a', 'b']);
  assert.deepEqual(rest, ['-z', '--']);
  assert.equal(parse('a').rest, undefined);
});

test('values may be a dash or a negative number', () => {
  assert.equal(parse('--limit', '-').options.limit, '-');
  assert.equal(parse('--limit', '-1').options.limit, '-1');
  assert.equal(parse('--limit=--x').options.limit, '--x');
});

test('words behind a bare -- are operands of a command that runs nothing else', () => {
  const stream = new PassThrough();
  const call = { args: ['a', '--', '-b'], env: {}, stdin: stream, stdout: stream, stderr: stream };
  const { operands, rest } = parseCommandLine('look', { ...spec, usage: ['look WORD...'] }, call);
  assert.deepEqual([operands, rest], [['a', '-b'], undefined]);
});

test('a wrong option is refused with the one that was meant', () => {
  assert.throws(() => parse('--lmit', '3'), {
    exitCode: 1,
    message: /no option --lmit; did you mean --limit\?/,
  });
  assert.throws(() => parse('--zzzzzz'), { message: /\(steward try --help\)/ });
  assert.throws(() => parse('--limit'), { message: /--limit needs a value: --limit COUNT/ });
  assert.throws(() => parse('--limit', '--follow'), { message: /needs a value/ });
  assert.throws(() => parse('--limit=1', '--limit=2'), { message: /given twice/ });
  assert.throws(() => parse('--limit', ''), { message: /--limit was given nothing/ });
  assert.throws(() => parse('--label='), { message: /--label was given nothing/ });
  assert.throws(() => parse('a', 'ls', '-x'), { message: /stands behind a bare --/ });
  assert.throws(() => parse('--follow=yes'), { message: /takes no value, and "yes" was given/ });
});

test('help shows options with their values, and no hidden ones', () => {
  const text = commandHelp(spec);
  assert.match(text, /^Usage: steward try \[options\]/);
  assert.match(text, /-l, --limit COUNT +at most this many/);
  assert.match(text, /--label VALUE +a label \(may be repeated\)/);
  assert.doesNotMatch(text, /secret/);
});
