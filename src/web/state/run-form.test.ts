import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MethodDescription } from '../../contract/nodes.ts';
import { runLineOf } from './command-line.ts';
import { readRunForm, rowsOf } from './run-form.ts';

const FILE: MethodDescription = {
  ...{ name: 'REQToFile', kind: 'EventACK', summary: 'Writes a file.', isForPeople: true },
  args: [
    { field: 'data', name: 'content', summary: 'What it holds', isRequired: true, example: 'x' },
    { field: 'fileName', name: 'file name', summary: 'Its name', isRequired: false, example: 'f' },
  ],
};
const SHOWN = { method: 'REQCliCommand', replyMethod: 'REQNone', output: 'live', methodTimeout: 60 };

function read(kind: string, fields: Readonly<Record<string, string>>) {
  return readRunForm(kind, (field) => fields[field] ?? '', [FILE]);
}

test('a command is split into words, or handed to a shell', () => {
  const line = { target: ' ship* ', command: "echo 'a b'", methodTimeout: '5', expiresIn: '60' };
  assert.deepEqual(read('command', line), {
    target: 'ship*',
    message: { ...SHOWN, methodTimeout: 5, expiresIn: 60, methodArgs: ['echo', 'a b'] },
    what: "echo 'a b'",
  });
  const inShell = read('command', { ...line, shell: 'on' });
  assert.deepEqual(typeof inShell === 'object' && inShell.message.methodArgs, [
    '/bin/sh',
    '-c',
    "echo 'a b'",
  ]);
});

test('waves are said with the words of exec, and the line that does the same is exact', () => {
  const form = read('command', {
    ...{ target: 'ship*', command: 'df -h', methodTimeout: '5m', expiresIn: '2h' },
    ...{ batch: '10%', 'batch-wait': '10s', canary: '1', 'max-errors': '2', limit: '5' },
  });
  assert.ok(typeof form === 'object');
  assert.deepEqual(form.waves, {
    ...{ batch: '10%', batchWaitMs: 10_000, canary: 1, maxErrors: '2', limit: '5' },
  });
  assert.equal(
    runLineOf(form),
    "steward exec 'ship*' --batch 10% --batch-wait 10000ms --canary 1 --max-errors 2 --limit 5 --timeout 300 --expires-in 7200 -- df -h",
  );
  const inShell = read('command', { target: 'a', command: 'id | wc', shell: 'on' });
  assert.equal(typeof inShell === 'object' && runLineOf(inShell), "steward exec a --shell 'id | wc'");
  const method = read('REQToFile', { target: 'a', data: "it's", fileName: 'f' });
  assert.equal(
    typeof method === 'object' && runLineOf(method),
    `echo '[{"toTargets":["a"],"data":["it'\\''s"],"fileName":"f","method":"REQToFile"}]' | steward send -`,
  );
  assert.equal(read('command', { target: 'a', command: 'x', batch: '0' }), 'batch cannot be 0');
});

test('a script is run by what its first line names, else by sh', () => {
  const args = (script: string) => {
    const form = read('script', { target: 'a', script });
    return typeof form === 'string' ? form : [form.message.methodArgs, form.message.data, form.what];
  };
  const file = '{{STEWARD_DATA_FILE}}';
  assert.deepEqual(args('#!/usr/bin/env python3 -u\r\nprint(1)\r\n'), [
    ['/usr/bin/env', 'python3', '-u', file],
    ['#!/usr/bin/env python3 -u\nprint(1)\n'],
    'a script',
  ]);
  assert.deepEqual(args('true\n'), [['/bin/sh', file], ['true\n'], 'a script']);
  assert.match(String(args('  ')), /what to run/);
});

test('a method has a row for each of its arguments, and what is wrong with one is said by its name', () => {
  assert.deepEqual(
    rowsOf('REQToFile', [FILE]).own.map(({ label }) => label),
    ['content', 'file name'],
  );
  assert.equal(rowsOf('command', [FILE]).own.length, 0);
  const fields = { target: 'ship1', data: 'x', fileName: 'f' };
  assert.deepEqual(read('REQToFile', fields), {
    target: 'ship1',
    message: { method: 'REQToFile', data: ['x'], fileName: 'f' },
    what: 'REQToFile',
  });
  assert.equal(read('REQToFile', { ...fields, data: '' }), 'content is needed');
  assert.equal(read('REQToFile', { ...fields, retries: 'x' }), 'retries is a whole number');
  assert.match(String(read('REQToFile', { ...fields, target: '' })), /which nodes/);
});
