import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptNotes } from '../../../test/support/kept-notes.ts';
import { newMessage } from '../../message/message.ts';
import { encodeReport, type ReportEntry } from '../../message/report.ts';
import { createReqReport } from './req-report.ts';

test('REQReport hands on what nodes report, and refuses what makes no sense', async () => {
  const one: ReportEntry = { id: 'a', state: 'succeeded', exitCode: 0 };
  const two: ReportEntry = { id: 'b', state: 'failed', stderrTail: Buffer.from('x') };
  const reports = [
    encodeReport([one, two]),
    Buffer.from('nonsense'),
    Buffer.from('{"ends":[{"id":"x"},{"id":"a","state":"succeeded"}]}'),
  ];
  const batch = reports.map((data) => ({ id: 'id', message: newMessage({ data: [data] }) }));
  assert.deepEqual(await createReqReport().apply(batch, new KeptNotes().intend), [
    { ok: true, ends: [one, two] },
    { ok: false, reason: 'the report is not JSON', ends: [] },
    {
      ok: false,
      reason: 'entry 0 of the report has the unknown state undefined',
      ends: [{ id: 'a', state: 'succeeded' }],
    },
  ]);
});
