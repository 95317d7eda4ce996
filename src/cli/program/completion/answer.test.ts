import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, defineCommand } from '../../line/command.ts';
import { completionLines } from './answer.ts';
import type { Shell } from './shell-scripts.ts';

const exec = defineCommand({
  usage: ['exec TARGET...'],
  about: [],
  options: {
    'log-dir': { value: 'FOLDER', summary: 'a folder', completes: 'folder' },
    state: { value: 'STATE', multiple: true, summary: 'a state', completes: ['failed', 'queued'] },
    wait: { value: 'TIME', short: 'w', summary: 'how long' },
    detach: { summary: 'do not wait' },
  },
  operands: ['target'],
  examples: [],
  run: async () => 0,
});
const cp = { ...exec, operands: ['file', 'node'] } as const;
const commands: Command[] = [
  { name: 'exec', group: 'fleet', summary: 'run a command', load: async () => exec },
  { name: 'cp', group: 'fleet', summary: 'copy', load: async () => cp },
  { name: 'run', group: 'program', summary: 'run a node', load: async () => async () => 0 },
];

const NAMES = [
  'ship1',
  'ship2',
  'dock',
  'region=north',
  '@fleet',
  '$(reboot)',
  'a;b',
  "o'neil",
  'two\nlines',
  '--api=http://192.0.2.1/',
  '=reboot',
];

async function complete(line: readonly string[], shell: Shell = 'zsh'): Promise<string[]> {
  const look = async (kind: string) => NAMES.map((word) => ({ word, about: `${kind}\u001b[31m\nof a node` }));
  const lines = await completionLines(shell, line, { commands, look });
  return lines.map((text) => text.split('\t')[0]!);
}

test('the first word is a command', async () => {
  assert.deepEqual(await complete(['']), ['exec', 'cp', 'run']);
  assert.deepEqual(await complete(['e']), ['exec']);
  assert.deepEqual(await complete(['zz', '']), []);
});

test('targets come from the running node, and files from the shell', async () => {
  assert.deepEqual(await complete(['exec', 'sh']), ['ship1', 'ship2']);
  assert.deepEqual(await complete(['exec', 'ship1', '--detach', '']), [
    'ship1',
    'ship2',
    'dock',
    'region=north',
    '@fleet',
  ]);
  assert.deepEqual(await complete(['cp', '']), [':files']);
  assert.deepEqual(await complete(['cp', 'x', '--wait', '3', 'd']), ['dock']);
  assert.deepEqual(await complete(['exec', 'ship1', '--', 'ls', '']), [':files']);
});

test('options are offered once, but for those that may be repeated, and so are their values', async () => {
  assert.deepEqual(await complete(['exec', '--detach', '--d']), []);
  assert.deepEqual(await complete(['exec', '--state', 'failed', '--st']), ['--state']);
  assert.deepEqual(await complete(['exec', '--state', 'f']), ['failed']);
  assert.deepEqual(await complete(['exec', '--state=q']), ['--state=queued']);
  assert.deepEqual(await complete(['exec', '--log-dir', '']), [':folders']);
  assert.deepEqual(await complete(['exec', '-w', '']), []);
});

test('bash, which takes words apart at the sign, is given what stands behind it', async () => {
  assert.deepEqual(await complete(['exec', '--state', '=', 'q'], 'bash'), ['queued']);
  assert.deepEqual(await complete(['exec', '--state', '='], 'bash'), ['failed', 'queued']);
  assert.deepEqual(await complete(['exec', 'region', '=', 'n'], 'bash'), ['north']);
  assert.deepEqual(await complete(['exec', 'region', '='], 'bash'), ['north']);
  assert.deepEqual(await complete(['exec', 'ship1', '@', 'fl'], 'bash'), ['@fleet']);
  assert.deepEqual(await complete(['cp', 'http', ':', '//x', 'd'], 'bash'), ['dock']);
  assert.deepEqual(await complete(['exec', 'region=n'], 'zsh'), ['region=north']);
});

test('bare flags are those of a node', async () => {
  assert.deepEqual(await complete(['-nodeN']), ['-nodeName=']);
  assert.deepEqual(await complete(['run', '-nodeN']), ['-nodeName=']);
});
