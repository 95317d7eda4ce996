import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchLabel } from './batch-label.ts';

function message(method: string, methodArgs: string[] | null = null, more: object = {}) {
  return { method, methodArgs, directory: '', fileName: '', ...more };
}

test('a label says what is run, without the shell around it', () => {
  assert.equal(batchLabel([message('REQCliCommand', ['uptime', '-p'])]), 'REQCliCommand uptime -p');
  assert.equal(
    batchLabel([message('REQCliCommand', ['/bin/bash', '-c', 'df -h |\n grep sda'])]),
    'REQCliCommand df -h | grep sda',
  );
});

test('a message without arguments is named by its file', () => {
  const place = { directory: 'logs', fileName: 'a.log' };
  assert.equal(batchLabel([message('REQToFileAppend', [], place)]), 'REQToFileAppend logs/a.log');
  // The file of a command is where its reply goes.
  assert.equal(batchLabel([message('REQCliCommand', ['id'], place)]), 'REQCliCommand id');
  assert.equal(batchLabel([message('REQPing', null, place)]), 'REQPing');
});

test('several methods are counted', () => {
  const messages = [message('REQPing'), message('REQPing'), message('REQCliCommand', ['id'])];
  assert.equal(batchLabel(messages), '2 methods, first REQPing');
});

test('a label is short and has no control characters', () => {
  const label = batchLabel([message('REQCliCommand', ['echo', `\x1b[31m${'船'.repeat(300)}`])]);
  assert.equal([...label].length, 120);
  assert.doesNotMatch(label, /\p{Cc}/u);
});
