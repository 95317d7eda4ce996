import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerLine, refusalLine } from '../listeners/answer-line.ts';
import { ReportedSubmissions } from './reported-submissions.ts';

function start(line: string) {
  const reports: string[] = [];
  const submissions = new ReportedSubmissions({
    submissions: { submit: async () => line },
    errorReporter: { report: (text) => void reports.push(text) },
  });
  return { submit: () => submissions.submit(Buffer.from('a secret text')), reports };
}

const ACCEPTED = [{ index: 0, toNode: 'ship1', id: 'id' }];

test('what is accepted is not reported', async () => {
  const line = answerLine({ accepted: ACCEPTED, refused: [], warnings: [] });
  const { submit, reports } = start(line);
  assert.equal(await submit(), line);
  assert.deepEqual(reports, []);
});

test('what is wrong with messages is reported once, with a few reasons', async () => {
  const refused = [1, 2, 3, 4, 5].map((index) => ({ index, field: 'toNode', reason: 'is missing' }));
  const { submit, reports } = start(answerLine({ accepted: ACCEPTED, refused, warnings: [] }));
  await submit();
  const first = [1, 2, 3].map((index) => `message ${index}: toNode: is missing`).join('; ');
  assert.deepEqual(reports, [`error: a submission was refused: ${first}; and 2 more`]);
});

test('a text that is no submission is reported without itself', async () => {
  const { submit, reports } = start(refusalLine(`it is not JSON: ${'x'.repeat(1000)}`));
  await submit();
  assert.equal(reports.length, 1);
  assert.match(reports[0]!, /^error: a submission was refused: it is not JSON: x{200,300}$/);
});
