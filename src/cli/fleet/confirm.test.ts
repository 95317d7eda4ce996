import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { confirmNodes } from './confirm.ts';

/** Asks for some nodes, with an answer typed on a terminal, and returns what was asked. */
async function ask(typed: string, more: { targets?: string[]; lacks?: string; yes?: boolean }) {
  const { targets = ['ship1'], lacks, yes = false } = more;
  const [stdin, stderr] = [0, 1].map(() => Object.assign(new PassThrough(), { isTTY: true }));
  stdin!.end(typed);
  const unlabelled = lacks === undefined ? [] : [{ target: lacks, reason: 'some' }];
  const call = { stdin: stdin!, stderr: stderr!, env: {}, options: { yes } };
  await confirmNodes(call, { what: 'run it', targets, answer: { unlabelled }, names: ['ship1'] });
  return stripVTControlCharacters(String(stderr!.read() ?? ''));
}

test('a command asks on a terminal for * and for nodes without a label, and for few others it does not', async () => {
  assert.equal(await ask('no\n', {}), '');
  assert.match(await ask('y\n', { targets: ['*'] }), /1 node: ship1\nrun it on it\? \[y\/N\] /);
  assert.match(await ask('yes\n', { lacks: 'site!=oslo' }), /run it on it\?/);
  assert.equal(await ask('no\n', { lacks: 'site!=oslo', yes: true }), '');
  for (const typed of ['\n', 'n\n', '', '\x03', '\x04'])
    await assert.rejects(ask(typed, { lacks: 'site!=oslo' }), /nothing was done \(--yes does not ask\)/);
});
