import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { functionList } from './shape/function-list.ts';
import { type RequestFigures, requestFigures } from './shape/request-figures.ts';
import { sourceFigures } from './shape/source-figures.ts';

/**
 * Counts what shape the source is in, and prints it with the goals: npm run shape [-- [--list] [--functions] [--no-run] [CHECKOUT]].
 * `--list` names the forwarders, twins and circles, `--functions` each function that one command runs, with its calls, by room and file;
 * `--no-run` leaves out what needs a fleet.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    functions: { type: 'boolean', default: false },
    run: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const checkout = resolve(positionals[0] ?? join(import.meta.dirname, '..'));

const source = sourceFigures(checkout);
print('lines of src without tests', source.lines, 43_500);
print('files of src without tests', source.files);
print('lines of node/', source.nodeLines, 1000);
print('functions that only forward', source.forwarders.length, 60);
print('types that are there twice', source.twins.length, 0);
print('circles of files', source.circles.length, 0);
if (values.list) {
  for (const list of [source.forwarders, source.twins, source.circles]) console.log(`\n${list.join('\n')}`);
}
if (values.run) {
  const { sender, target } = await requestFigures(checkout);
  printRequest('sender', sender, { functions: 350, commits: 4 });
  printRequest('target', target, { functions: 300, commits: 5 });
  if (values.functions) {
    for (const [node, { ran }] of Object.entries({ sender, target }))
      console.log(functionList(node, ran, checkout));
  }
}

function printRequest(
  node: string,
  { functions, files, commits }: RequestFigures,
  goals: { functions: number; commits: number },
): void {
  print(`functions of one command, ${node}`, functions, goals.functions);
  print(`files with these, ${node}`, files);
  print(`commits of one command, ${node}`, commits, goals.commits);
}

function print(what: string, value: number, goal?: number): void {
  const told = goal === undefined ? '' : `<= ${goal}`.padStart(10) + (value <= goal ? '   yes' : '   NO');
  console.log(`${what.padEnd(40)}${String(value).padStart(8)}${told}`);
}
