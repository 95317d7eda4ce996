import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultLog, refusalLoudness } from './fault-log.ts';

function faultLog() {
  const made = { now: 0, logged: [] as string[], reported: [] as string[] };
  const faults = new FaultLog({
    logger: { warn: (_, text) => void made.logged.push(text) },
    onFault: (text) => void made.reported.push(text),
    now: () => made.now,
  });
  return { made, faults };
}

test('the same sentence is logged once a minute, and reported once', () => {
  const { made, faults } = faultLog();
  for (made.now = 0; made.now <= 120_000; made.now += 1000) faults.tell('a', 'report');
  assert.deepEqual([made.logged, made.reported], [['a', 'a', 'a'], ['a']]);
  faults.tell('b', 'log');
  faults.tell('c', 'silent');
  assert.deepEqual([made.logged.slice(3), made.reported], [['b'], ['a']]);
});

test('after the link came or went a fault is reported again, and still not logged twice in a minute', () => {
  const { made, faults } = faultLog();
  faults.tell('a', 'report');
  faults.nextPhase();
  faults.tell('a', 'report');
  assert.deepEqual([made.logged, made.reported], [['a'], ['a', 'a']]);
});

test('subjects that are tried where older permissions may forbid them are refused in silence', () => {
  for (const subject of ['*.*.hub.REQRelay.EventACK', '*.*.hub.REQRelay.EventACK.from.>', 'a.*.*.reply.b.*'])
    assert.equal(refusalLoudness('subscription', subject), 'silent', subject);
  for (const subject of [
    'a.Steward.State',
    'a.Steward.State.from.b',
    'errorCentral.REQErrorLog.EventACK.from.b',
  ])
    assert.equal(refusalLoudness('publish', subject), 'log', subject);
  assert.equal(refusalLoudness('subscription', 'a.REQPing.EventACK.from.>'), 'report');
});
