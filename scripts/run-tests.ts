import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { processorSeconds } from './processor-seconds.ts';
import { groupTests, type TestProcess } from './test-groups.ts';

/**
 * Runs test files, several at a time, the long ones first: node scripts/run-tests.ts [--built] [--costs COUNT] PATTERN...
 * `--built` makes the tests start the program that lies in dist instead of the source. `--costs` prints the files that
 * used most processor time, those that took longest, and the processor time of all of it; what uses more than a file
 * should is marked. `--at-once` sets how many processes run tests at a time. `--record` writes scripts/long-tests.json
 * anew, which the order comes from.
 *
 * A file that fails is run once more with the same seed, by itself: the machine may have been too busy for a limit that ends
 * what hangs. What passes then is named as unsteady at the end, and is there to be mended; what fails again fails the run, as
 * do more than three files at once.
 */
const ROOT = join(import.meta.dirname, '..');
const LONG_TESTS = join(ROOT, 'scripts/long-tests.json');
/** What a file must take, in seconds, to be in scripts/long-tests.json. */
const LONG_SECONDS = 2;
/** How many files may fail and be run once more: more of them are no accident. */
const MOST_AGAIN = 3;
/** The processor time that a file should take at most, in seconds: see CONTRIBUTING.md, What a test may cost. */
const MOST_SECONDS = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    built: { type: 'boolean', default: false },
    costs: { type: 'string', default: '0' },
    // Most of the time a test waits for a node, and a node for the disk or for a timer: one of them keeps a quarter of a
    // processor busy (six kept 1.7 of two). Many more at once would only wait for each other.
    'at-once': { type: 'string', default: String(4 * availableParallelism()) },
    record: { type: 'boolean', default: false },
  },
});
const files = positionals.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).toSorted());
if (files.length === 0) throw new Error(`no test file is named ${positionals.join(' ')}`);

// Every file and every node that it starts loads much of the same code: compiled once, it costs half the time.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'build/compile-cache');
process.env.STEWARD_TEST_SEED ??= String(Date.now() % 1_000_000);
if (values.built) process.env.STEWARD_TEST_BUILT = '1';
console.log(`STEWARD_TEST_SEED=${process.env.STEWARD_TEST_SEED}`);

const recorded = JSON.parse(readFileSync(LONG_TESTS, 'utf8')) as Record<string, number>;
const groupFolder = `build/test-groups/${process.pid}`;
const processes = values.record
  ? files.map((path) => ({ path, files: [path] }))
  : groupTests(files, (file) => file in recorded, groupFolder);
const usageFile = join(ROOT, `build/test-usage-${process.pid}`);
writeFileSync(usageFile, '');
process.env.STEWARD_TEST_USAGE = usageFile;

// Who ends this ends the tests too, and they the nodes that they have started.
const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    process.exitCode = 1;
    ending.abort();
    setTimeout(() => process.exit(), 2000).unref();
  });
}

const seconds = new Map<string, number>();
process.exitCode = await runAll();
finish();

/** Runs all, and what failed once more; returns the exit code. */
async function runAll(): Promise<number> {
  const failed = await runOnce(longFirst(processes), Number(values['at-once']));
  if (failed.length === 0) return 0;
  if (failed.length > MOST_AGAIN || ending.signal.aborted) return 1;
  console.log(`\nagain, one by one: ${failed.map(({ path }) => nameOf(path)).join(', ')}`);
  if ((await runOnce(failed, 1)).length > 0) return 1;
  for (const { path } of failed) console.log(`unsteady: ${nameOf(path)} failed, and passed by itself`);
  return 0;
}

/** Runs these, this many at a time; returns those that failed. */
async function runOnce(these: readonly TestProcess[], atOnce: number): Promise<TestProcess[]> {
  const failed = new Set<string>();
  const results = run({
    signal: ending.signal,
    files: these.map(({ path }) => join(ROOT, path)),
    concurrency: atOnce,
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', join(ROOT, 'scripts/test-process.ts')],
  })
    // What a process that ended early leaves is a failed test with the name of its file, and no summary.
    .on('test:fail', ({ name }) => failed.add(relative(ROOT, name)))
    .on('test:summary', ({ file, success, duration_ms }) => {
      if (file === undefined) return;
      seconds.set(relative(ROOT, file), duration_ms / 1000);
      if (!success) failed.add(relative(ROOT, file));
    })
    .compose(new spec());
  results.pipe(process.stdout);
  await finished(results);
  return these.filter(({ path }) => failed.has(path));
}

/** The long ones by what they took when that was recorded; what was not recorded may be long where it starts nodes. */
function longFirst(all: readonly TestProcess[]): TestProcess[] {
  const unknown = (path: string) => (/^test\/(e2e|integration|simulation)\//.test(path) ? 20 : 0);
  const rank = ({ path, files }: TestProcess) => recorded[path] ?? (files.length > 1 ? 10 : unknown(path));
  return all.toSorted((a, b) => rank(b) - rank(a));
}

function finish(): void {
  const used = usage();
  rmSync(usageFile, { force: true });
  rmSync(join(ROOT, groupFolder), { recursive: true, force: true });
  if (values.record) record();
  const count = Number(values.costs);
  if (count === 0) return;
  const rows = [...seconds].map(([path, took]) => ({ name: nameOf(path), took, used: used.get(path) ?? 0 }));
  console.log('\nprocessor time and time of the files that used most:');
  for (const row of rows.toSorted((a, b) => b.used - a.used).slice(0, count)) print(row);
  console.log('and of those that took longest:');
  for (const row of rows.toSorted((a, b) => b.took - a.took).slice(0, count)) print(row);
  print({ name: 'all files, and this process', used: processorSeconds(), took: performance.now() / 1000 });
}

function nameOf(path: string): string {
  const files = processes.find((one) => one.path === path)?.files ?? [path];
  return files.length > 1 ? `${files[0]} and ${files.length - 1} other short ones` : path;
}

function print({ name, took, used }: { name: string; took: number; used: number }): void {
  const mark = used > MOST_SECONDS ? '!' : ' ';
  console.log(`${used.toFixed(1).padStart(7)} s ${took.toFixed(1).padStart(7)} s ${mark} ${name}`);
}

/** What each process used, in seconds, with all the processes that it started. */
function usage(): Map<string, number> {
  const lines = readFileSync(usageFile, 'utf8').split('\n').filter(Boolean);
  const rows = lines.map((line) => line.split('\t'));
  return new Map(rows.map(([path, used]) => [relative(ROOT, path!), Number(used)]));
}

function record(): void {
  const long = [...seconds].filter(([, took]) => took >= LONG_SECONDS).toSorted(([, a], [, b]) => b - a);
  const rounded = Object.fromEntries(long.map(([file, took]) => [file, Math.round(took)]));
  writeFileSync(LONG_TESTS, `${JSON.stringify({ ...recorded, ...rounded }, null, 2)}\n`);
}
