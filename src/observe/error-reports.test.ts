import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ManualClock, settle } from '../../test/support/manual-clock.ts';
import { goDate } from '../lib/go-date.ts';
import { ErrorReporter, type ErrorReporterDeps } from './error-reports.ts';

function setUp(send?: ErrorReporterDeps['sending']['errors']) {
  const clock = new ManualClock();
  const batches: string[][] = [];
  const logged: string[] = [];
  const sent = { errors: 0, infos: 0 };
  const log = (_about: unknown, text?: unknown) => logged.push(String(text));
  const reporter = new ErrorReporter(
    { nodeName: 'ship1' },
    {
      sending: { errors: send ?? (async (lines) => void batches.push(lines)) },
      logger: { error: log, info: log } as ErrorReporterDeps['logger'],
      metrics: {
        errorSent(count = 1) {
          sent.errors += count;
        },
        infoSent(count = 1) {
          sent.infos += count;
        },
      },
      clock,
    },
  );
  /** The lines without their date and node. */
  const texts = () => batches.map((lines) => lines.map((line) => line.replace(/^.*?, node: ship1, /, '')));
  return { clock, batches, texts, logged, sent, reporter };
}

const about = { method: 'REQPing', fromNode: 'central', toNode: 'ship1', relayOriginalMethod: '' };

test('an error goes out at once, as a line that looks like the reference writes it', () => {
  const { clock, batches, logged, reporter } = setUp();
  reporter.report('error: methodREQCliCommand: exit status 3, error_output: oops\n', about);
  const date = goDate(new Date(clock.wallNow()));
  assert.deepEqual(batches, [
    [`${date}, node: ship1, error: methodREQCliCommand: exit status 3, error_output: oops\n\n`],
  ]);
  assert.deepEqual(logged, ['error: methodREQCliCommand: exit status 3, error_output: oops']);
});

test('what follows is gathered for 200 ms', async () => {
  const { clock, texts, sent, reporter } = setUp();
  reporter.report('a');
  await settle();
  reporter.report('b');
  reporter.report('info: c');
  await clock.advance(199);
  assert.deepEqual(texts(), [['a\n']]);
  await clock.advance(1);
  assert.deepEqual(texts(), [['a\n'], ['b\n', 'info: c\n']]);
  assert.deepEqual(sent, { errors: 2, infos: 1 });
});

test('a batch has 500 lines at most, and one of large lines fewer', async () => {
  const { clock, texts, reporter } = setUp();
  for (let n = 0; n < 1200; n++) reporter.report(`e${n}`);
  for (let n = 0; n < 3; n++) reporter.report(`${n}`.repeat(200_000));
  await clock.advance(3000);
  assert.deepEqual(
    texts().map(({ length }) => length),
    [1, 499, 499, 202, 1, 1],
  );
});

test('a flood of texts that differ is told up to an amount, also in the own log, and then counted', async () => {
  const { clock, texts, logged, reporter } = setUp();
  const count = 26_000;
  for (let n = 0; n < count; n++) {
    reporter.report(`error: refused ${n} ${'x'.repeat(1000)}`);
    if (n % 2000 === 0) await clock.advance(1000);
  }
  await clock.advance(10_000);
  const bytes = logged.reduce((sum, text) => sum + text.length, 0);
  assert.ok(bytes < 3_000_000, `${bytes} characters in the log`);
  const leftOut = logged.flatMap(
    (text) => /^error: (\d+) reports within 10 s are left out/.exec(text)?.[1] ?? [],
  );
  const told = logged.length - leftOut.length;
  assert.equal(
    leftOut.reduce((sum, text) => sum + Number(text), told),
    count,
  );
  assert.equal(texts().flat().length, logged.length);
  reporter.report('error: something else');
  assert.equal(logged.at(-1), 'error: something else');
});

test('the same text again is counted, until another comes or 10 s are over', async () => {
  const { clock, texts, logged, reporter } = setUp();
  for (let n = 0; n < 5; n++) reporter.report('disk full');
  reporter.report('other');
  reporter.report('other');
  await clock.advance(9999);
  const before = ['disk full\n', 'disk full (and 4 times more within 10 s)\n', 'other\n'];
  assert.deepEqual(texts().flat(), before);
  await clock.advance(1);
  assert.deepEqual(texts().flat(), [...before, 'other (and once more within 10 s)\n']);
  reporter.report('other');
  await clock.advance(200);
  assert.equal(texts().flat().at(-1), 'other\n');
  assert.equal(logged.length, 5);
});

test('errors about error reports are only logged', async () => {
  const { clock, batches, logged, reporter } = setUp();
  reporter.report('max retries reached', { ...about, method: 'REQErrorLog' });
  reporter.report('not relayed', { ...about, method: 'REQRelay', relayOriginalMethod: 'REQErrorLog' });
  await clock.advance(10_000);
  assert.deepEqual(batches, []);
  assert.deepEqual(logged, ['max retries reached', 'not relayed']);
});

test('the queue is bounded, and says how many it dropped', async () => {
  const { clock, texts, reporter } = setUp();
  for (let n = 0; n < 10_101; n++) reporter.report(`e${n}`);
  await clock.advance(10_000);
  const lines = texts().flat();
  assert.equal(lines.length, 10_002);
  assert.equal(lines[500], "error: 100 reports were dropped; see the node's own log\n");
});

test('a send that fails is logged, causes no reports, and is told later', async () => {
  const tries: string[][] = [];
  const { clock, logged, sent, reporter } = setUp(async (lines) => {
    tries.push(lines);
    if (tries.length === 1) throw new Error('the store is closed');
  });
  reporter.report('a');
  await clock.advance(60_000);
  assert.equal(tries.length, 1);
  assert.deepEqual(logged, ['a', 'reports to errorCentral could not be sent']);
  reporter.report('b');
  await clock.advance(1000);
  assert.match(tries[1]!.join(''), /b\n.*error: a report was dropped/);
  assert.deepEqual(sent, { errors: 2, infos: 0 });
});

test('while a send is under way, lines wait for it', async () => {
  const first = Promise.withResolvers<void>();
  const tries: string[][] = [];
  const { clock, reporter } = setUp((lines) => {
    tries.push(lines);
    return tries.length === 1 ? first.promise : Promise.resolve();
  });
  reporter.report('a');
  reporter.report('b');
  await clock.advance(1000);
  assert.equal(tries.length, 1);
  first.resolve();
  await settle();
  assert.equal(tries.length, 2);
});

test('the end sends all that waits, with the counts, and later errors are only logged', async () => {
  const { texts, logged, reporter } = setUp();
  for (const text of ['a', 'b', 'b', 'b']) reporter.report(text);
  await reporter[Symbol.asyncDispose]();
  assert.deepEqual(texts().flat(), ['a\n', 'b\n', 'b (and 2 times more within 10 s)\n']);
  reporter.report('late');
  await reporter[Symbol.asyncDispose]();
  assert.equal(texts().flat().length, 3);
  assert.equal(logged.at(-1), 'late');
});

test('what is in the log already is only sent, until the end', async () => {
  const { texts, logged, reporter } = setUp();
  reporter.linkFailed('a');
  await reporter[Symbol.asyncDispose]();
  reporter.linkFailed('b');
  assert.deepEqual([texts(), logged], [[['error: a\n']], []]);
});
