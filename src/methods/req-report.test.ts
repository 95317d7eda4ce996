import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TemporaryError } from '../lib/temporary-error.ts';
import { type Message, newMessage } from '../message/message.ts';
import { encodeReport, type ReportEntry } from '../message/report.ts';
import { createReqReport, type ReportDeps } from './req-report.ts';

test('REQReport hands on what nodes report, and refuses what makes no sense', async () => {
  const seen: Array<[string, readonly ReportEntry[]]> = [];
  const apply = applyWith(async (node, ends) => void seen.push([node, ends]));
  const one: ReportEntry = { id: 'a', state: 'succeeded', exitCode: 0 };
  const two: ReportEntry = { id: 'b', state: 'failed', stderrTail: Buffer.from('x') };
  const outcomes = await apply([
    { fromNode: 'ship1', data: [encodeReport([one])] },
    { fromNode: 'ship2', data: [Buffer.from('nonsense')] },
    { fromNode: 'ship1', data: [Buffer.from('{"ends":[{"id":"x"}]}')] },
    { fromNode: 'ship1', data: [encodeReport([two])] },
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.reason)),
    ['ok', 'the report is not JSON', 'entry 0 of the report has the unknown state undefined', 'ok'],
  );
  assert.deepEqual(seen, [['ship1', [one, two]]]);
});

test('a ledger that can not take reports now makes the sender try again', async () => {
  const apply = applyWith(() => Promise.reject(new TemporaryError('full')));
  const data = [encodeReport([{ id: 'a', state: 'succeeded' }])];
  await assert.rejects(apply([{ data }]), TemporaryError);
});

function applyWith(applyReports: ReportDeps['applyReports']) {
  const method = createReqReport({ applyReports });
  return (batch: Partial<Message>[]) =>
    method.apply(
      batch.map((fields) => ({ id: 'id', message: newMessage(fields) })),
      async () => undefined,
    );
}
