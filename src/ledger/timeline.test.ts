import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockWords } from '../lib/time-words.ts';
import type { DetailRow, RequestFacts } from './request-facts.ts';
import { timelineOf } from './timeline.ts';
import { type Waiting, waitingWords } from './waiting-for.ts';
import { whySentence } from './why.ts';

const NOW = new Date(2026, 2, 1, 10, 40, 0).getTime();
const SECOND = 1000;
const HOUR = 3600 * SECOND;

function facts(row: Partial<DetailRow>, more: Partial<RequestFacts> = {}): RequestFacts {
  const none = { keptBytes: 0, totalBytes: 0 };
  return {
    row: {
      ...{ key: 1, id: 'i', batch: 'b', state: 'queued', reason: null, queued_at: NOW - 3 * HOUR },
      ...{ sent_at: null, accepted_at: null, started_at: null, ended_at: null, attempts: 0 },
      ...{
        exit_code: null,
        signal: null,
        output_bytes: null,
        stderr_total: null,
        subject: 'ship17.REQCliCommand.CommandACK',
      },
      ...{ there_accepted_at: null, there_started_at: null, there_ended_at: null },
      ...{
        stderr_bytes: null,
        stderr_tail: null,
        planned: null,
        expires_at: null,
        schedule: null,
        format: 0,
        body: null,
      },
      ...{ label: null, small_body: null },
      ...row,
    },
    ...{ steps: [], options: {}, ahead: 0, stdout: none, stderr: none },
    ...more,
  };
}

const AWAY: Waiting = {
  ...{ node: 'ship17', ahead: 0, attempts: 14, nextAttemptAt: NOW + 8 * SECOND, isAway: true, callsAt: null },
  ...{ waitsFor: 'ship17, where nobody listens', lastSeenAt: NOW - 3 * HOUR - 60_000 },
};

function told(given: RequestFacts, waiting?: Waiting): string[] {
  return timelineOf(given, waiting, NOW).map(({ what, note }) => (note === null ? what : `${what}: ${note}`));
}

test('a request for a node that calls says when it does, or that its call is overdue, and not how often it was tried', () => {
  const given = facts({ state: 'sent', sent_at: NOW - 3 * HOUR, attempts: 14 });
  const words = (callsAt: number) => whySentence(given, { ...AWAY, callsAt }, NOW);
  const at = clockWords(NOW + HOUR, NOW).slice(0, 5);
  assert.equal(words(NOW + HOUR), `It has not reached ship17 yet: ship17 last seen 3 h ago, calls at ${at}.`);
  const due = clockWords(NOW - HOUR, NOW).slice(0, 5);
  assert.equal(
    words(NOW - HOUR),
    `It has not reached ship17 yet: ship17 last seen 3 h ago, call of ${due} overdue.`,
  );
});

test('a request for a node that is away says since when, how often it was tried and when it will be', () => {
  const given = facts({ state: 'sent', sent_at: NOW - 3 * HOUR, attempts: 14 });
  const words = 'ship17 last seen 3 h ago, 14 attempts, next at 10:40:08';
  assert.deepEqual(told(given, AWAY), ['queued', 'sent: 14 attempts', `waiting: ${words}`]);
  assert.equal(whySentence(given, AWAY, NOW), `It has not reached ship17 yet: ${words}.`);
});

test('a request that waits behind others says so', () => {
  const waiting = { ...AWAY, isAway: false, waitsFor: 'a connection to the broker', ahead: 1, attempts: 0 };
  assert.equal(
    waitingWords({ ...waiting, nextAttemptAt: null }, NOW),
    'waits for a connection to the broker, 1 message before it',
  );
  assert.equal(
    waitingWords({ ...waiting, waitsFor: null, ahead: 0, nextAttemptAt: null }, NOW),
    'it is about to be sent to ship17',
  );
  assert.match(waitingWords({ ...AWAY, lastSeenAt: null }, NOW), /^ship17 was never seen, 14 attempts/);
});

test('each step has the time of both clocks where both are known', () => {
  const times = { sent_at: NOW - 9, accepted_at: NOW - 8, started_at: NOW - 7, ended_at: NOW - 1 };
  const there = { there_accepted_at: 108, there_started_at: 109, there_ended_at: 115 };
  const given = facts({ state: 'failed', ...times, ...there, exit_code: 3, reason: 'no such disk' });
  const steps = timelineOf(given, undefined, NOW).map(({ what, at, there: other }) => [what, at, other]);
  assert.deepEqual(steps.slice(1), [
    ['sent', NOW - 9, null],
    ['accepted', NOW - 8, 108],
    ['running', NOW - 7, 109],
    ['failed', NOW - 1, 115],
  ]);
  assert.deepEqual(told(given).at(-1), 'failed: no such disk, exit code 3');
  assert.equal(
    whySentence(given, undefined, NOW),
    'It failed on ship17 at 10:39:59 after 6 ms: no such disk, exit code 3.',
  );
  const heardLate = { ...times, ended_at: NOW + 5000 };
  assert.match(
    whySentence(facts({ state: 'succeeded', ...heardLate, ...there }), undefined, NOW),
    / after 6 ms\.$/,
    'how long it ran is told by the clock that saw it run',
  );
});

test('what happened besides stands among the steps', () => {
  const given = facts(
    { state: 'succeeded', sent_at: NOW - 9, accepted_at: NOW - 8, started_at: NOW - 7, ended_at: NOW - 1 },
    {
      steps: [
        { at: NOW - HOUR * 4, what: 'resend-of', other: 'old', note: null },
        { at: NOW - 5, what: 'cancel-asked', other: null, note: 'ship17 was asked to end it' },
        { at: NOW, what: 'resent', other: 'new', note: null },
      ],
      options: { expiresInMs: HOUR, schedule: '{}' },
    },
  );
  assert.deepEqual(told(given), [
    'resend-of: repeats old',
    'queued: must begin within 1 h, runs by a schedule',
    ...['sent', 'accepted', 'running', 'cancel-asked: ship17 was asked to end it', 'succeeded'],
    'resent: sent again as new',
  ]);
  assert.match(whySentence(given, undefined, NOW), /It was sent again as new\.$/);
});

test('what is on its node says so, and that it was asked to end', () => {
  const running = facts(
    { state: 'running', accepted_at: NOW - 90 * SECOND, started_at: NOW - 80 * SECOND, reason: '5 of 9 MB' },
    { steps: [{ at: NOW - 5 * SECOND, what: 'cancel-asked', other: null, note: null }] },
  );
  assert.equal(
    whySentence(running, undefined, NOW),
    'It has been running on ship17 for 1 min: 5 of 9 MB. It was asked to end at 10:39:55.',
  );
  assert.deepEqual(told(running), [
    ...['queued', 'accepted', 'running: 5 of 9 MB', 'cancel-asked'],
    'waiting: it has been running on ship17 for 1 min',
  ]);
  const accepted = facts({ state: 'accepted', accepted_at: NOW - 90 * SECOND });
  assert.equal(
    whySentence(accepted, undefined, NOW),
    'ship17 has it since 10:38:30, and it waits there for its turn.',
  );
});

test('every end has a sentence', () => {
  const end = (row: Partial<DetailRow>) =>
    whySentence(facts({ ended_at: NOW - 86_400 * SECOND, ...row }), undefined, NOW);
  const day = '2026-02-28 10:40';
  assert.equal(end({ state: 'succeeded', exit_code: 0 }), `It succeeded on ship17 at ${day}.`);
  assert.equal(
    end({ state: 'accepted', reason: 'it sends no reports' }),
    `ship17 took it at ${day}, and what became of it there is not known: it sends no reports.`,
  );
  assert.equal(end({ state: 'rejected', reason: 'no' }), `ship17 refused it at ${day}: no.`);
  assert.equal(
    end({ state: 'undelivered', attempts: 3 }),
    `It was given up at ${day}: ship17 did not answer in 3 attempts.`,
  );
  assert.equal(
    end({ state: 'expired', reason: 'late' }),
    `Its time was over at ${day}, before it could begin on ship17: late.`,
  );
  assert.equal(
    end({ state: 'interrupted', reason: 'the node stopped' }),
    `It had begun on ship17 and was cut short at ${day}; it does not run again by itself: the node stopped.`,
  );
  assert.equal(
    end({ state: 'timed-out', signal: 'SIGTERM' }),
    `It took longer than its methodTimeout on ship17, and was ended at ${day}: ended by SIGTERM.`,
  );
  assert.equal(end({ state: 'cancelled' }), `It was cancelled at ${day}.`);
});

test('an effect is done when it is taken', () => {
  const given = facts({ state: 'succeeded', sent_at: NOW - 9, accepted_at: NOW, ended_at: NOW });
  assert.deepEqual(told(given), ['queued', 'sent', 'succeeded']);
});
