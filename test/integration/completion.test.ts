import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startFakeApi } from '../support/fake-api.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal, type TmuxTerminal } from '../support/tmux.ts';

/** A shell as people start it, and what they put into its settings. */
interface ShellKind {
  readonly name: string;
  readonly start: string;
  readonly settings: string;
}

const SHELLS: readonly ShellKind[] = [
  {
    name: 'bash',
    start: 'bash --norc --noprofile -i',
    settings: "PS1='% '; source <(steward completion bash)",
  },
  {
    name: 'zsh',
    start: 'zsh -f -i',
    settings: "PS1='%% '; autoload -Uz compinit && compinit -u -D; source <(steward completion zsh)",
  },
  {
    name: 'fish',
    start: 'fish --no-config --private -i',
    settings: "function fish_prompt; printf '%% '; end; steward completion fish | source",
  },
];

/** What is typed before the tab key, and what the line is then. */
const LINES: readonly (readonly [typed: string, line: string])[] = [
  ['steward comp', 'steward completion'],
  ['steward completion fi', 'steward completion fish'],
  ['steward exec do', 'steward exec dock'],
  ['steward exec @fl', 'steward exec @fleet'],
  ['steward exec region=no', 'steward exec region=north'],
  ['steward exec ship1 --log-d', 'steward exec ship1 --log-dir'],
  ['steward exec ship1 --log-dir lo', 'steward exec ship1 --log-dir logs/'],
  ['steward exec ship1 -- cat mess', 'steward exec ship1 -- cat messages.json'],
  ['steward send mess', 'steward send messages.json'],
  ['steward status --node do', 'steward status --node dock'],
  ['steward status --state=timed', 'steward status --state=timed-out'],
  ['steward get http://x/ on do', 'steward get http://x/ on dock'],
  ['steward -nodeNam', 'steward -nodeName='],
];

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Opens a terminal with the shell, in a folder with a file and a folder, near a node that knows three nodes and a group. */
async function openShell(t: TestContext, { start, settings }: ShellKind): Promise<TmuxTerminal> {
  const desk = new FakeOperations(['ship1', 'ship2']);
  desk.addNode('dock', { labels: { region: 'north' } });
  // Chosen by whoever runs that node.
  desk.addNode('dock;reboot');
  desk.addNode('dock$(reboot)');
  desk.groupList.fleet = ['ship1', 'dock'];
  const { socketPath } = await startFakeApi(t, { desk });
  const { path } = await tempFolder(t);
  const bin = join(path, 'bin');
  const work = join(path, 'work');
  await mkdir(bin);
  await mkdir(join(work, 'logs'), { recursive: true });
  await writeFile(join(work, 'messages.json'), '[]');
  await writeFile(join(bin, 'steward'), `#!/bin/sh\nexec ${stewardCommand().join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${bin}:${process.env.PATH}`, STEWARD_SOCKET: socketPath };
  const terminal = await openTerminal(t, { cwd: work, columns: 120, env });
  await terminal.type(`exec ${start}`);
  await terminal.keys('Enter');
  await terminal.waitFor((screen) => !/^\$ exec .*\n*$/.test(screen));
  await terminal.type(`${settings}; echo re''ady`);
  await terminal.keys('Enter');
  await terminal.waitFor(/^ready$/m);
  return terminal;
}

/** The line that was typed last, as it is on the screen. */
function lineOf(screen: string): string | undefined {
  return screen
    .split('\n')
    .findLast((row) => row.startsWith('% '))
    ?.slice(2);
}

for (const shell of SHELLS) {
  const skip = isInstalled(shell.name) ? false : `${shell.name} is not installed`;
  test(`${shell.name} completes commands, options, nodes, groups, labels and files`, { skip }, async (t) => {
    const terminal = await openShell(t, shell);
    for (const [typed, line] of LINES) {
      await terminal.keys('C-u', 'C-l');
      await terminal.waitFor((screen) => /^%$/.test(screen.trim()));
      await terminal.type(typed);
      await terminal.waitFor((screen) => lineOf(screen)?.startsWith(typed) === true);
      await terminal.keys('Tab');
      const screen = await terminal.waitFor((text) => lineOf(text)?.trimEnd() === line);
      assert.doesNotMatch(screen, /reboot/);
    }
  });
}
