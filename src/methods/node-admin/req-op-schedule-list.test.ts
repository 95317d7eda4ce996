import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../message/message.ts';
import { createReqOpScheduleList, type ScheduleEntry } from './req-op-schedule-list.ts';

const ENTRY: ScheduleEntry = {
  ...{ id: 'id-1', fromNode: 'central', method: 'REQCliCommand', schedule: [5, 60] },
  ...{ runs: 3, failed: 1, skipped: 0, nextAt: new Date(2026, 10, 22, 16, 15, 10).getTime() },
};

test('a line for each schedule says what runs, how often it did, and when it runs next', async () => {
  const entries = [ENTRY, { ...ENTRY, id: 'id-2', schedule: '*/5 * * * *', nextAt: undefined }];
  const now = () => new Date(2026, 10, 22, 16, 15, 8);
  const method = createReqOpScheduleList({ journal: { schedules: { list: () => entries } }, now });
  const { state, reply } = await method.run({
    ...{ id: 'id', runId: 'test/1/1/id', message: newMessage({}), signal: new AbortController().signal },
    ...{ reply: async () => {}, progress: () => {} },
  });
  assert.equal(state, 'succeeded');
  const date = 'Sun Nov 22 16:15:08 2026';
  const counts = 'runs: 3, failed: 1, skipped: 0';
  assert.deepEqual(
    Buffer.from(reply as Uint8Array)
      .toString()
      .split('\n'),
    [
      `${date}, id: id-1, from: central, method: REQCliCommand, schedule: [5,60], ${counts}, next: Sun Nov 22 16:15:10 2026`,
      `${date}, id: id-2, from: central, method: REQCliCommand, schedule: "*/5 * * * *", ${counts}, next: none`,
      '',
    ],
  );
});
