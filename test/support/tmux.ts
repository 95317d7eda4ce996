import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** The folder in which the shell begins. */
  readonly cwd: string;
  /** Variables besides PATH, HOME and a UTF-8 locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a terminal has been told to do, as far as tmux tells. */
export interface TerminalModes {
  readonly isAlternateScreen: boolean;
  readonly isCursorShown: boolean;
  readonly isWrapping: boolean;
}

/** Opens a terminal with a shell in it, which shows `$ ` when it waits. Ended when the test ends. */
export async function openTerminal(scope: TestScope, options: TerminalOptions): Promise<TmuxTerminal> {
  const { columns = 80, rows = 24, cwd, env } = options;
  const folder = await tempFolder(scope);
  const terminal = new TmuxTerminal(join(folder.path, 'tmux'));
  disposeAfter(scope, terminal);
  const variables = { LC_ALL: 'C.UTF-8', PS1: '$ ', PATH: process.env.PATH ?? '', HOME: folder.path, ...env };
  const shell = [
    'env',
    '-i',
    'TERM=screen-256color',
    ...Object.entries(variables).map(([key, value]) => `${key}=${value}`),
    'sh',
  ];
  const size = ['-x', String(columns), '-y', String(rows)];
  await terminal.tmux('new-session', '-d', '-s', 'test', ...size, '-c', cwd, ...shell);
  await terminal.waitFor(/^\$ ?$/m);
  return terminal;
}

/** A real terminal, as tmux emulates it: keys go in, and the screen can be looked at. */
export class TmuxTerminal implements AsyncDisposable {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs a command of tmux and returns what it prints. */
  async tmux(...args: readonly string[]): Promise<string> {
    const all = ['-u', '-S', this.#socket, '-f', '/dev/null', ...args];
    return (await run('tmux', all, { env: { ...process.env, LC_ALL: 'C.UTF-8' } })).stdout;
  }

  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-s`, `Down`, `a`. */
  async keys(...keys: readonly string[]): Promise<void> {
    await this.tmux('send-keys', '-t', 'test', ...keys);
  }

  /** Writes a text, all at once. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-t', 'test', '-l', '--', text);
  }

  /** Pastes a text as terminals do it. */
  async paste(text: string): Promise<void> {
    await this.tmux('set-buffer', '--', text);
    await this.tmux('paste-buffer', '-p', '-t', 'test');
  }

  /** What is on the screen: its rows without the spaces at their ends. */
  async screen(): Promise<string> {
    return (await this.tmux('capture-pane', '-p', '-t', 'test')).replace(/ +$/gm, '');
  }

  /** The screen with the escape sequences of its colours. */
  colours(): Promise<string> {
    return this.tmux('capture-pane', '-p', '-e', '-t', 'test');
  }

  /** Waits until the screen fits a pattern or passes a test, and returns it. */
  waitFor(wanted: RegExp | ((screen: string) => boolean), timeoutMs = 15_000): Promise<string> {
    const isWanted = wanted instanceof RegExp ? (screen: string) => wanted.test(screen) : wanted;
    const look = async () => {
      const screen = await this.screen();
      if (!isWanted(screen)) throw new Error(`the screen is\n${screen}`);
      return screen;
    };
    return waitFor(`the screen to fit ${wanted}`, look, { timeoutMs, intervalMs: 80 });
  }

  /** Gives the terminal another size, as a person does with a window. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-t', 'test', '-x', String(columns), '-y', String(rows));
  }

  async modes(): Promise<TerminalModes> {
    const format = '#{alternate_on} #{cursor_flag} #{wrap_flag}';
    const [alternate, cursor, wrap] = (await this.tmux('display-message', '-p', '-t', 'test', format))
      .trim()
      .split(' ');
    return { isAlternateScreen: alternate === '1', isCursorShown: cursor === '1', isWrapping: wrap === '1' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tmux('kill-server').catch(() => undefined);
  }
}
