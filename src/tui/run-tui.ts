import type { ReadStream, WriteStream } from 'node:tty';
import { type Instance, render } from 'ink';
import type { StewardApi } from '../client/steward-api.ts';
import { openTemplates } from './effects/templates.ts';
import { h } from './h.ts';
import { firstState } from './state/state.ts';
import { Store } from './store.ts';
import { guardTerminal } from './terminal-guard.ts';
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
