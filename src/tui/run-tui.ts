import type { ReadStream, WriteStream } from 'node:tty';
import { type Instance, render } from 'ink';
import type { StewardApi } from '../client/steward-api.ts';
import { openTemplates } from './effects/templates.ts';
import { h } from './h.ts';
import { firstState } from './state/state.ts';
import { Store } from './store.ts';
import type { Theme } from './text/spans.ts';
import { App } from './views/app.ts';

/** What the terminal UI is started with. */
export interface TuiOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly theme: Theme;
  /** Where message templates are. */
  readonly templatesFolder: string;
  /** Ends the UI when it is aborted. */
  readonly signal: AbortSignal;
}

/** Frames a second at most: enough for the eye, and few for a slow line. */
const MAX_FPS = 12;

/** Shows the terminal UI until it is left. Whatever happens meanwhile, the terminal is as it was when this ends. */
export async function runTui(options: TuiOptions, { api }: { readonly api: StewardApi }): Promise<void> {
  const { stdin, stdout, theme, templatesFolder, signal } = options;
  const { promise: left, resolve: leave, reject: fail } = Promise.withResolvers<void>();
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  let instance: Instance | undefined;
  using guard = guardTerminal({ stdin, stdout, endDrawing: () => instance?.unmount(), onGone: leave });
  await using store = new Store(firstState({ size: size(), now: Date.now(), templatesFolder }), {
    api,
    templates: openTemplates(templatesFolder),
    now: Date.now,
    outside: (what) => {
      if (what === 'quit') leave();
      else if (what === 'suspend') guard.suspend(redraw);
      else redraw();
    },
  });
  const app = () => h(App, { store, theme });
  const redraw = (): void => void stdout.emit('resize');
  // Comes before Ink's own listener, so that the first frame of a new size is drawn for that size.
  const resized = (): void => {
    stdout.write(BEGIN_FRAME);
    instance?.clear();
    stdout.write(CLEAR);
    store.dispatch({ type: 'resized', ...size() });
    // Has React draw what has changed at once.
    instance?.rerender(app());
  };
  stdout.on('resize', resized);
  signal.addEventListener('abort', () => leave(), { once: true });
  if (signal.aborted) leave();
  try {
    instance = render(app(), {
      stdin,
      stdout,
      exitOnCtrlC: false,
      patchConsole: false,
      incrementalRendering: true,
      interactive: true,
      maxFps: MAX_FPS,
    });
    instance.waitUntilExit().then(() => leave(), fail);
    await left;
  } finally {
    stdout.off('resize', resized);
  }
}

/** What is written from here on is shown at once, when the frame ends. */
const BEGIN_FRAME = '\u001B[?2026h';
const CLEAR = '\u001B[H\u001B[2J';

interface GuardOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** Ends all drawing; called once, before the terminal is restored. */
  endDrawing(): void;
  /** Called when the terminal has gone: its window was closed, or the connection to it broke. */
  onGone(): void;
}

/** Sees to it that the terminal is as it was when the program ends. */
interface TerminalGuard extends Disposable {
  /** Hands the terminal back to the shell and stops the program; `onBack` is called when it goes on. */
  suspend(onBack: () => void): void;
}

/**
 * The alternate screen from its first row, without a cursor. Lines do not wrap there, so that a letter which is wider
 * than expected spoils its own line only.
 */
const PREPARE = '\u001B[?1049h\u001B[H\u001B[2J\u001B[?25l\u001B[?7l';
/** End of a frame, no bracketed paste, plain text, wrapping, the screen from before, and its cursor. */
const RESTORE = '\u001B[?2026l\u001B[?2004l\u001B[0m\u001B[?7h\u001B[?1049l\u001B[?25h';

/**
 * Makes the terminal ready, and restores it when it is disposed, when the program ends by an error or a call of
 * process.exit, and when the terminal goes away.
 */
function guardTerminal({ stdin, stdout, endDrawing, onGone }: GuardOptions): TerminalGuard {
  let isActive = true;
  const restore = (): void => {
    if (!isActive) return;
    isActive = false;
    attempt(endDrawing);
    attempt(() => stdin.setRawMode(false));
    attempt(() => stdout.write(RESTORE));
  };
  // Before the program's own listener, which prints the error: it is to be read on the screen from before.
  const onError = (error: Error): void => {
    if (isGone(error)) onGone();
    else restore();
  };
  const onHangup = (): void => onGone();
  process.prependListener('uncaughtException', onError);
  process.on('SIGHUP', onHangup);
  process.prependListener('exit', restore);
  stdin.on('end', onHangup);
  stdin.on('error', onHangup);
  stdout.prependListener('error', onHangup);
  stdout.write(PREPARE);
  return {
    suspend(onBack) {
      process.once('SIGCONT', () => {
        stdin.setRawMode(true);
        stdout.write(PREPARE);
        onBack();
      });
      stdin.setRawMode(false);
      stdout.write(RESTORE);
      // To all that the shell runs here as one: npx waits for this program.
      process.kill(0, 'SIGTSTP');
    },
    [Symbol.dispose]() {
      restore();
      process.off('uncaughtException', onError);
      process.off('SIGHUP', onHangup);
      process.off('exit', restore);
      stdin.off('end', onHangup);
      stdin.off('error', onHangup);
      stdout.off('error', onHangup);
    },
  };
}

/** A terminal that has gone takes nothing any more, and needs nothing. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // What is left of the work is for a terminal that is not there, or for a screen that is left anyway.
  }
}

/** Whether an error says that the terminal is not there any more. */
function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EIO' || error.code === 'EPIPE' || error.code === 'ENXIO';
}
