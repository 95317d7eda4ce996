import type { ReadStream, WriteStream } from 'node:tty';

interface GuardOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** Ends all drawing; called once, before the terminal is restored. */
  endDrawing(): void;
  /** Called when the terminal has gone: its window was closed, or the connection to it broke. */
  onGone(): void;
}

/** Sees to it that the terminal is as it was when the program ends. */
export interface TerminalGuard extends Disposable {
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
export function guardTerminal({ stdin, stdout, endDrawing, onGone }: GuardOptions): TerminalGuard {
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
