import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOf } from '../../../test/support/sample-of.ts';
import { RequestSummary } from '../../contract/requests.ts';
import { readAnswers } from './read-answers.ts';

const ended = (id: string, more: Partial<RequestSummary> = {}): RequestSummary => ({
  ...sampleOf(RequestSummary),
  ...{ id, node: `ship${id}`, state: 'succeeded', startedAt: 1, exitCode: 0, outputBytes: 3 },
  ...more,
});

test('what has run is read once, and what has not is left out', async () => {
  const asked: string[] = [];
  const api = {
    output: async (id: string, { stream = 'stdout' } = {}) => {
      asked.push(`${id} ${stream}`);
      return Buffer.from(stream === 'stdout' ? 'a\u0007b' : '');
    },
  };
  const requests = [
    ended('1'),
    ended('2', { state: 'running' }),
    ended('3', { state: 'undelivered', startedAt: null }),
    ended('4', { outputBytes: 0, exitCode: null, signal: 'SIGTERM', state: 'timed-out' }),
  ];
  const answers = await readAnswers(requests, api);
  assert.deepEqual(answers, [
    { node: 'ship1', end: 'exit code 0', stdout: 'a\u{FFFD}b', stderr: '' },
    { node: 'ship4', end: 'timed-out by SIGTERM', stdout: '', stderr: '' },
  ]);
  assert.deepEqual(await readAnswers(requests, api), answers);
  assert.deepEqual(asked, ['1 stdout', '1 stderr']);
});
