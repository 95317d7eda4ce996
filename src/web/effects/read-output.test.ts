import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestSummary } from '../../contract/requests.ts';
import { readGoing, readOutput } from './read-output.ts';
import type { WebApi } from './web-api.ts';

/** A node that has printed a text on each stream, and what it was asked for. */
function node(text: { stdout: string; stderr: string }) {
  const asked: string[] = [];
  const output: WebApi['output'] = async (id, { stream = 'stdout', from = 0 } = {}) => {
    asked.push(`${id} ${stream} ${from}`);
    return Buffer.from(text[stream]).subarray(from);
  };
  const detail = (id: string) => {
    const sizes = (stream: 'stdout' | 'stderr') => ({
      keptBytes: text[stream].length,
      totalBytes: text[stream].length,
    });
    return { id, stdout: sizes('stdout'), stderr: sizes('stderr') };
  };
  return { api: { output }, asked, detail, text };
}

test('of an output that grows only what is new is read, and nothing where nothing was printed', async () => {
  const { api, asked, detail, text } = node({ stdout: 'one\n', stderr: '' });
  await readOutput(detail('a'), api);
  text.stdout += 'two\n';
  const { stdout, stderr } = await readOutput(detail('a'), api);
  assert.deepEqual([String(Buffer.from(stdout)), stderr.length], ['one\ntwo\n', 0]);
  await readOutput(detail('a'), api);
  assert.deepEqual(asked, ['a stdout 0', 'a stdout 4']);
  await readOutput(detail('b'), api);
  assert.equal(asked.at(-1), 'b stdout 0', 'another request has an output of its own');
});

test('an output whose beginning is gone is read as what is kept of it', async () => {
  const { api, asked, detail } = node({ stdout: 'the end', stderr: '' });
  for (let round = 0; round < 2; round++) {
    const whole = detail('c');
    await readOutput({ ...whole, stdout: { ...whole.stdout, totalBytes: 900 } }, api);
  }
  assert.deepEqual(asked, ['c stdout 0', 'c stdout 0']);
});

test('those that run and have printed something are shown with the last of it', async () => {
  const { api } = node({ stdout: `${'x'.repeat(5000)}end`, stderr: '' });
  const request = (state: string) => ({ id: state, node: 'ship1', state }) as RequestSummary;
  const going = await readGoing([request('running'), request('succeeded'), request('queued')], api);
  assert.equal(going.length, 1);
  assert.match(going[0]!.stdout, /^x{3997}end$/);
});
