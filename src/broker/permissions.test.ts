import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingReplies } from './pending-replies.ts';
import { Permissions } from './permissions.ts';

test('without rules everything is allowed', () => {
  const all = new Permissions({});
  assert.ok(
    all.publish.allows('a.b') &&
      all.subscribe.allows('>') &&
      all.canReceive('a') &&
      !all.subscribe.deniesPartOf('>'),
  );
});

test('a subscription is allowed when all that it covers is', () => {
  const some = new Permissions({ subscribe: { allow: ['a.>', 'b.*'], deny: ['a.secret.>', 'b.x'] } });
  for (const subject of ['a.b', 'a.*', 'a.>', 'a.*.c', 'b.y', 'b.*'])
    assert.ok(some.subscribe.allows(subject), subject);
  for (const subject of ['a', '>', '*', '*.b', 'b.>', 'b.x', 'a.secret.x', 'a.secret.>', 'c'])
    assert.ok(!some.subscribe.allows(subject), subject);
  assert.deepEqual(
    ['a.>', 'b.*', 'a.*.c', 'a.b', 'a.*'].map((subject) => some.subscribe.deniesPartOf(subject)),
    [...[true, true, true, false, false]],
  );
  assert.deepEqual(
    ['a.secret.x', 'a.b', 'b.x'].map((subject) => some.canReceive(subject)),
    [false, true, false],
  );
});

test('publishing follows its own rules, however often they are asked', () => {
  const some = new Permissions({ publish: { allow: ['a.*'], deny: ['a.b'] } });
  for (let count = 0; count < 10_000; count += 1) assert.ok(some.publish.allows(`a.x${count}`));
  for (const subject of ['a.b', 'a', 'a.b.c', 'c'])
    for (const _ of [1, 2]) assert.ok(!some.publish.allows(subject));
  assert.ok(!new Permissions({ publish: { allow: [] } }).publish.allows('a'));
});

test('who may answer may publish nothing else, unless it is told', () => {
  assert.ok(!new Permissions({ allowResponses: true }).publish.allows('a'));
  const more = new Permissions({ allowResponses: { max: 3 }, publish: { allow: ['a'] } });
  assert.ok(more.publish.allows('a') && !more.publish.allows('b'));
  assert.deepEqual(more.responses, { max: 3, withinMs: 120_000 });
  assert.equal(new Permissions({ allowResponses: false }).responses, undefined);
});

test('answers are counted, and end in time', () => {
  const replies = new PendingReplies({ max: 2, withinMs: 100 });
  replies.note('r1', 0);
  replies.note('r2', 0);
  assert.deepEqual(
    [replies.take('r1', 50), replies.take('r1', 100), replies.take('r1', 100)],
    [true, true, false],
  );
  assert.equal(replies.take('r2', 101), false);
  assert.equal(replies.take('other', 0), false);
  for (let count = 0; count < 10_000; count += 1) replies.note(`n${count}`, 0);
  assert.deepEqual([replies.take('n0', 0), replies.take('n9999', 0)], [false, true]);
});
