import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand, EXIT, type RunCommand, UsageError } from '../line/command.ts';
import { completionLines, type Look } from './completion/answer.ts';
import { lookAtNode } from './completion/look-at-node.ts';
import { SHELLS, type Shell, shellScript } from './completion/shell-scripts.ts';

/** How long a running node may take to say what it knows. */
const LOOK_MS = 1500;

/** `steward completion SHELL`: prints what makes a shell complete commands, options and the names of nodes. */
export const completion = defineCommand({
  usage: [`completion ${SHELLS.join('|')}`],
  about: [
    'Prints a script that makes your shell complete commands, options, and the names of nodes and groups, which',
    'the running node is asked for.',
  ],
  options: {},
  operands: [SHELLS],
  examples: [
    {
      line: 'source <(steward completion bash)',
      does: 'for this shell; put it into ~/.bashrc for every one',
    },
    { line: 'source <(steward completion zsh)', does: 'in ~/.zshrc, after compinit' },
    {
      line: 'steward completion fish > ~/.config/fish/completions/steward.fish',
      does: 'for every fish from now on',
    },
  ],
  run: async ({ operands: [shell, ...more], stdout }) => {
    if (!isShell(shell) || more.length > 0) {
      const given =
        shell === undefined ? 'name your shell' : `${JSON.stringify([shell, ...more].join(' '))} is not it`;
      throw new UsageError(`${given}: steward completion ${SHELLS.join(', ')}`);
    }
    stdout.write(shellScript(shell));
    return EXIT.ok;
  },
});

/** What the scripts ask: `steward __complete SHELL WORDS`. It stays silent about every fault, as shells expect. */
export const answerCompletion: RunCommand = async ({ args: [shell, ...line], env, stdout }, all) => {
  if (!isShell(shell)) return EXIT.fault;
  // Nobody waits for long at a prompt.
  const over = new AbortController();
  const tooLong = delay(LOOK_MS, [], { signal: over.signal }).catch(() => []);
  const look: Look = (kind) => Promise.race([lookAtNode(kind, env), tooLong]);
  const commands = all.filter(({ isHidden }) => isHidden !== true);
  const lines = await completionLines(shell, line, { commands, look }).catch(() => []);
  over.abort();
  stdout.write(lines.map((text) => `${text}\n`).join(''));
  return EXIT.ok;
};

function isShell(word: string | undefined): word is Shell {
  return SHELLS.some((shell) => shell === word);
}
