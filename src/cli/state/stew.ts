import { join, resolve } from 'node:path';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Environment } from '../../config/environment.ts';
import { NODE_OPTIONS, withNode } from '../fleet/with-node.ts';
import { defineCommand, EXIT, type ParsedCall, UsageError } from '../line/command.ts';
import { catchStopSignals } from '../line/stop-signals.ts';

/** `steward stew`, also `stew`: the terminal UI. */
export const stew = defineCommand({
  usage: ['stew [options]'],
  about: [
    'Shows the fleet on the terminal and lets you work with it: nodes, requests as they change, batches, queues and',
    'errors; a form that builds and sends messages; cancel, resend and ping from the lists. Press ? on any screen for',
    'its keys. `stew` alone does the same. It needs a terminal of 60x14, works over ssh, and goes on when the node restarts.',
  ],
  options: {
    templates: {
      value: 'DIR',
      summary: 'folder of message files to begin with; default templates in the config folder',
      completes: 'folder',
    },
    ...NODE_OPTIONS,
  },
  examples: [
    { line: 'steward stew', does: 'the fleet as the node that runs here sees it' },
    {
      line: 'stew --socket /run/steward/stew.sock --templates ~/messages',
      does: 'another node, other templates',
    },
    { line: 'NO_COLOR=1 steward stew', does: 'without colours' },
  ],
  run: async (call) => {
    if (call.operands[0] !== undefined)
      throw new UsageError(`stew takes no words, and ${JSON.stringify(call.operands[0])} was given`);
    const { stdin, stdout } = terminalIn(call);
    using signals = catchStopSignals(call, { isDaemon: false });
    const stopping = new AbortController();
    void signals.stop.then(() => stopping.abort());
    await withNode(call, async (api) => {
      const { runTui } = await import('../../tui/run-tui.ts');
      const options = {
        stdin,
        stdout,
        theme: themeOf(call),
        templatesFolder: templatesFolder(call),
        signal: stopping.signal,
      };
      await runTui(options, { api });
    });
    return EXIT.ok;
  },
});

/** The terminal that the command was called on. Throws UsageError where there is none to draw on. */
function terminalIn({ stdin, stdout, env }: ParsedCall): { stdin: ReadStream; stdout: WriteStream } {
  const others = 'in scripts use steward nodes, status, send and exec';
  if (!isTerminal<WriteStream>(stdout))
    throw new UsageError(`stew draws on a terminal, and its output goes elsewhere: ${others}`);
  if (!isTerminal<ReadStream>(stdin))
    throw new UsageError(`stew reads keys from a terminal, and its input comes from elsewhere: ${others}`);
  if (env.TERM === 'dumb' || env.TERM === '')
    throw new UsageError('stew cannot draw on this terminal: TERM says that it knows no cursor');
  return { stdin, stdout };
}

function isTerminal<T extends ReadStream | WriteStream>(stream: unknown): stream is T {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

function themeOf({ env, options }: ParsedCall): { isColoured: boolean; isUnicode: boolean } {
  const noColour = (options as { 'no-color'?: unknown })['no-color'] === true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return { isColoured: !noColour && (env.NO_COLOR ?? '') === '', isUnicode: /utf-?8/i.test(locale) };
}

function templatesFolder({ options, env }: ParsedCall): string {
  const { templates } = options as { templates?: string };
  return resolve(templates ?? join(configFolder(env), 'templates'));
}

function configFolder(env: Environment): string {
  return env.CONFIG_FOLDER || './etc';
}
