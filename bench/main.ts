import { parseArgs } from 'node:util';
import { type BenchOptions, FIGURES } from './figures.ts';
import { changeOf, lastRelease, recordRelease, releaseOf } from './history.ts';
import { isMet, type Row } from './row.ts';
import { formatTable } from './table.ts';

const USAGE = `Usage: npm run bench -- [--only NAME]... [--json] [--trust closed] [--runs 3] [--queued 1000000] [--appends 20000] [--copy-mb 1000] [--tail-lines 200000] [--remembered 1000000] [--console-seconds 120] [--record VERSION [--note TEXT]]

Measures a node against the limits of this machine. Names: ${Object.keys(FIGURES).join(', ')}.
Without --only all are measured but "limits" (the others measure the limits that they need), "timeline", which takes one command
apart, and "link", which takes 16 minutes.
Each figure is held against the last line of bench/history.jsonl; one that is worse by 10 % has FELL beside it.
--trust closed measures a closed fleet over a broker with keys and permissions; goals and history are those of open ones.
--record adds a line for a release, with all figures, and --note what disturbed the machine.
STEWARD_TEST_PROGRAM measures another program, such as bin/steward.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    trust: { type: 'string', default: 'open' },
    runs: { type: 'string', default: '3' },
    appends: { type: 'string', default: '20000' },
    queued: { type: 'string', default: '1000000' },
    'copy-mb': { type: 'string', default: '1000' },
    'tail-lines': { type: 'string', default: '200000' },
    remembered: { type: 'string', default: '1000000' },
    'console-seconds': { type: 'string', default: '120' },
    record: { type: 'string' },
    note: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const names =
  values.only ?? Object.keys(FIGURES).filter((name) => !['limits', 'timeline', 'link'].includes(name));
const unknown = names.filter((name) => FIGURES[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no figure ${unknown.join(', ')}.\n\n${USAGE}`);
  process.exit(2);
}
if (values.trust !== 'open' && values.trust !== 'closed') {
  console.error(`--trust ${values.trust} is neither open nor closed.\n\n${USAGE}`);
  process.exit(2);
}
if (values.record !== undefined && (values.only !== undefined || values.trust !== 'open')) {
  console.error(
    `--record keeps all figures of a release, of open fleets: leave out --only and --trust.\n\n${USAGE}`,
  );
  process.exit(2);
}
const options: BenchOptions = {
  runs: Number(values.runs),
  appends: Number(values.appends),
  commands: 1000,
  singles: 300,
  tailLines: Number(values['tail-lines']),
  queued: Number(values.queued),
  copyMb: Number(values['copy-mb']),
  remembered: Number(values.remembered),
  consoleSeconds: Number(values['console-seconds']),
};

// What is measured is the program as it is installed, which `npm run bench` has built.
process.env.STEWARD_TEST_BUILT = '1';
process.env.STEWARD_BENCH_TRUST = values.trust;
const shared = {};
const rows: Row[] = [];
for (const name of names) {
  console.error(`measuring ${name} ...`);
  rows.push(...(await FIGURES[name]!(options, shared).catch((error: Error) => [faultRow(name, error)])));
}
const last = lastRelease();
if (values.json) {
  const told = rows.map((row) => ({ ...row, met: isMet(row), change: changeOf(row, last) }));
  console.log(JSON.stringify(told, null, 2));
} else console.log(formatTable(rows, last));
if (values.record !== undefined) {
  const date = new Date().toISOString().slice(0, 10);
  const about = { version: values.record, date, ...(values.note !== undefined && { note: values.note }) };
  recordRelease(releaseOf(rows, about));
}
// A missed goal is a result; a figure that could not be measured is a failure.
process.exit(rows.some(({ fault }) => fault !== undefined) ? 1 : 0);

function faultRow(name: string, error: Error): Row {
  return { name, figure: name, unit: '', fault: error.message };
}
