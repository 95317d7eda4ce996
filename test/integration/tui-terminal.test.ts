import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { TestScope } from '../support/dispose-after.ts';
import { startFakeApi } from '../support/fake-api.ts';
import { stewardCommand } from '../support/node.ts';
import { runCli } from '../support/steward-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal, type TmuxTerminal } from '../support/tmux.ts';
import { waitFor } from '../support/wait-for.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const STEW = `${stewardCommand().join(' ')} stew`;

/** A terminal in which something was printed before, and what is to be the same afterwards. */
async function openUsedTerminal(scope: TestScope, folder: string, command: string) {
  const terminal = await openTerminal(scope, { cwd: folder });
  await terminal.type('echo printed before; stty -a > before.txt');
  await terminal.keys('Enter');
  await terminal.waitFor(/^printed before\n\$/m);
  await terminal.type(command);
  await terminal.keys('Enter');
  return terminal;
}

/** Fails unless the terminal is as it was: its modes, the settings of its line, and what was on its screen. */
async function checkIsClean(terminal: TmuxTerminal): Promise<string> {
  const screen = await terminal.waitFor(
    (text) => text.includes('\nprinted before\n') && /\n\$\n*$/.test(text),
  );
  assert.deepEqual(await terminal.modes(), {
    isAlternateScreen: false,
    isCursorShown: true,
    isWrapping: true,
  });
  await terminal.type('stty -a > after.txt; cmp before.txt after.txt && echo no difference');
  await terminal.keys('Enter');
  await terminal.waitFor(/^no difference$/m);
  await terminal.type('echo $((40+2))');
  await terminal.keys('Enter');
  await terminal.waitFor(/^42$/m);
  return screen;
}

/** The id of the process of a command that runs in the terminal. */
async function pidIn(terminal: TmuxTerminal): Promise<number> {
  return waitFor('the process of stew', async () => {
    const shell = (await terminal.tmux('display-message', '-p', '-t', 'test', '#{pane_pid}')).trim();
    const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8');
    return Number(children.trim().split(' ')[0]);
  });
}

const ENDS: readonly { readonly by: string; end(terminal: TmuxTerminal): Promise<void> }[] = [
  { by: 'q', end: (terminal) => terminal.keys('q') },
  { by: 'ctrl+c', end: (terminal) => terminal.keys('C-c') },
  { by: 'SIGTERM', end: async (terminal) => void process.kill(await pidIn(terminal), 'SIGTERM') },
  { by: 'SIGINT', end: async (terminal) => void process.kill(await pidIn(terminal), 'SIGINT') },
  { by: 'SIGHUP', end: async (terminal) => void process.kill(await pidIn(terminal), 'SIGHUP') },
];

for (const { by, end } of ENDS) {
  test(`after an end by ${by} the terminal is as it was before`, async (t) => {
    const { folder, socketPath } = await startFakeApi(t);
    const terminal = await openUsedTerminal(t, folder, `${STEW} --socket ${socketPath}; echo exit code $?`);
    await terminal.waitFor(/ship1 +● here/);
    assert.equal((await terminal.modes()).isAlternateScreen, true);
    await terminal.keys('/');
    await terminal.type('ship');
    await terminal.waitFor(/filter: ship/);
    if (by === 'q') await terminal.keys('Escape');
    await end(terminal);
    assert.match(await checkIsClean(terminal), /^exit code 0$/m);
  });
}

test('when the window is closed stew ends', async (t) => {
  const { folder, socketPath } = await startFakeApi(t);
  const terminal = await openTerminal(t, { cwd: folder });
  await terminal.type(`${STEW} --socket ${socketPath}`);
  await terminal.keys('Enter');
  await terminal.waitFor(/ship1 +● here/);
  const pid = await pidIn(terminal);
  await terminal.tmux('kill-server');
  await waitFor('stew to end', async () => {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone');
    return status === 'gone' || /\) Z /.test(status);
  });
});

test('after a fault of the program the terminal is as it was before, and one sentence tells of the fault', async (t) => {
  const { path } = await tempFolder(t);
  const program = join(path, 'faulty.ts');
  await writeFile(
    program,
    `import { runTui } from ${JSON.stringify(join(PROJECT, 'src/tui/run-tui.ts'))};
process.on('uncaughtException', (error) => {
  process.stderr.write('it failed: ' + error.message + '\\n');
  process.exit(1);
});
const { stdin, stdout } = process;
const never = new Promise(() => {});
const node = { name: 'ship1', presence: 'here', lastSeenAt: 0, os: null, labels: {}, queued: 0, running: 0 };
const api = {
  status: () => never,
  methods: () => never,
  nodes: async () => [node],
  async *events(_filter, signal) {
    yield { type: 'hello', at: 0 };
    await new Promise((end) => signal.addEventListener('abort', end));
  },
};
const theme = { isColoured: true, isUnicode: true };
if (process.argv[2] === 'late') stdin.on('readable', () => { throw new Error('a key was too much'); });
else node.labels = null;
await runTui({ stdin, stdout, theme, templatesFolder: '.', signal: new AbortController().signal }, { api });
`,
  );
  const run = `${process.execPath} --disable-warning=ExperimentalWarning ${program}`;
  const drawing = await openUsedTerminal(t, path, run);
  assert.match(await checkIsClean(drawing), /^it failed: .*null/m);
  const late = await openUsedTerminal(t, path, `${run} late`);
  await late.waitFor(/ship1 +● here/);
  await late.keys('x');
  assert.match(await checkIsClean(late), /^it failed: a key was too much$/m);
});

test('ctrl+z hands the terminal to the shell, and fg goes on', async (t) => {
  const { folder, socketPath } = await startFakeApi(t);
  const terminal = await openTerminal(t, { cwd: folder });
  await terminal.type('set -m');
  await terminal.keys('Enter');
  await terminal.type(`${STEW} --socket ${socketPath}`);
  await terminal.keys('Enter');
  await terminal.waitFor(/ship1 +● here/);
  await terminal.keys('C-z');
  await terminal.waitFor(/Stopped/);
  assert.deepEqual(await terminal.modes(), {
    isAlternateScreen: false,
    isCursorShown: true,
    isWrapping: true,
  });
  await terminal.type('echo $((40+2))');
  await terminal.keys('Enter');
  await terminal.waitFor(/^42$/m);
  await terminal.type('fg');
  await terminal.keys('Enter');
  await terminal.waitFor(/^ 1 Nodes[\s\S]*ship1 +● here/);
  await terminal.keys('2');
  await terminal.waitFor(/no requests/);
});

test('in a large fleet a list at rest writes nothing to the terminal but what changes', async (t) => {
  const fake = await startFakeApi(t);
  for (let ship = 3; ship < 2000; ship++)
    fake.desk.addNode(`ship${ship}`, { presence: 'away', lastSeenAt: 0 });
  const terminal = await openTerminal(t, { cwd: fake.folder });
  await terminal.tmux('pipe-pane', '-t', 'test', `cat > ${join(fake.folder, 'written')}`);
  await terminal.type(`${STEW} --socket ${fake.socketPath}`);
  await terminal.keys('Enter');
  await terminal.waitFor(/2,?000 of 2000|2000 of 2000/);
  const written = async () => (await stat(join(fake.folder, 'written'))).size;
  await terminal.keys('j');
  await terminal.waitFor(/▸ ship1 /);
  const before = await written();
  fake.desk.addNode('ship2', { queued: 77 });
  await terminal.waitFor(/ship2 .* 77 /);
  const bytes = await waitFor('it to be written', async () => (await written()) - before);
  assert.ok(bytes < 600, `${bytes} bytes were written for one number`);
});

test('where there is no terminal stew says so in a sentence, and ends with exit code 1', async (t) => {
  const { folder, socketPath } = await startFakeApi(t);
  const end = await runCli(['stew', '--socket', socketPath], { folder });
  assert.equal(end.code, 1);
  assert.match(
    end.stderr,
    /^steward: stew draws on a terminal, and its output goes elsewhere: .*steward nodes.*\n$/,
  );
  const terminal = await openTerminal(t, { cwd: folder });
  await terminal.type(`${STEW} --socket ${socketPath} < /dev/null; echo exit code $?`);
  await terminal.keys('Enter');
  await terminal.waitFor(/stew reads keys from a terminal[\s\S]*exit code 1/);
  await terminal.type(`clear; TERM=dumb ${STEW} --socket ${socketPath}; echo exit code $?`);
  await terminal.keys('Enter');
  await terminal.waitFor(/stew cannot draw on this terminal[\s\S]*exit code 1/);
  await terminal.type(`clear; ${STEW} --socket ${folder}/none.sock; echo exit code $?`);
  await terminal.keys('Enter');
  await terminal.waitFor(/none\.sock[\s\S]*exit code 1/);
});
