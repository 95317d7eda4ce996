import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneUrgency } from './lane-urgency.ts';

const [URGENT, NORMAL, BULK] = [0, 1, 2];
const small = { priority: null, size: 100 };
const large = { priority: null, size: 100_000 };

test('a lane is as urgent as its most urgent message, until that is through', () => {
  const urgency = new LaneUrgency('REQCliCommand', 0);
  const waiting = [
    { seq: 1, ...large },
    { seq: 2, ...small, priority: 'urgent' as const },
    { seq: 3, ...small },
    { seq: 4, ...large },
    { seq: 5, ...large },
  ];
  for (const entry of waiting) urgency.note(entry);
  const classes = waiting.map((first, index) => urgency.of(first, waiting.length - index));
  assert.deepEqual(classes, [URGENT, URGENT, NORMAL, BULK, BULK]);
});

test('reports, cancellations and questions are urgent while they are small', () => {
  for (const method of ['REQReport', 'REQCancel', 'REQPing', 'REQPong', 'REQOpProcessList'])
    assert.equal(new LaneUrgency(method, 0).of({ seq: 1, ...small }, 1), URGENT, method);
  assert.equal(new LaneUrgency('REQReport', 0).of({ seq: 1, priority: null, size: 20_000 }, 1), NORMAL);
  assert.equal(new LaneUrgency('REQReport', 0).of({ seq: 1, ...large }, 1), BULK);
});

test('what lies on disk of which nothing is known is taken for usual', () => {
  const urgency = new LaneUrgency('REQToFile', 7);
  assert.equal(urgency.of({ seq: 3, ...large }, 5), NORMAL);
  assert.equal(urgency.of({ seq: 7, ...large }, 1), BULK);
});
