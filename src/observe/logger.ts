import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { setInLines, visibleJson, visibleLine, visibleTextsJson } from '../lib/visible.ts';

export type { Logger } from 'pino';

/** How much is logged, most first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** `stream` stands in for stderr. */
export interface LoggerOptions {
  readonly level?: LogLevel;
  readonly nodeName: string;
  readonly stream?: NodeJS.WritableStream;
}

const STDERR = 2;

/** Makes a logger whose entries are lines of JSON. It writes to stderr, because stdout belongs to REQToConsole. */
export function createLogger(options: LoggerOptions): Logger {
  return loggerTo(rewriting(options.stream ?? stderr(), visibleJson), options);
}

/** Makes a logger for people where standard error is a terminal, else one of JSON. */
export async function openLogger(options: LoggerOptions & { readonly isTerminal: boolean }): Promise<Logger> {
  return options.isTerminal ? loggerTo(await prettyStream(options.stream), options) : createLogger(options);
}

function loggerTo(sink: DestinationStream, { level = 'info', nodeName }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { node: nodeName },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
}

/** Standard error, where a reader that went away must not end the program. */
function stderr(): DestinationStream {
  const sink = destination({ dest: STDERR, sync: true });
  sink.on('error', () => {});
  return sink;
}

/** Texts come from other machines too: what a terminal or a reader of lines would take for more than letters is escaped. */
function rewriting(sink: DestinationStream, rewrite: (line: string) => string): DestinationStream {
  return { write: (line) => void sink.write(rewrite(line)) };
}

function onOneLine(value: unknown): string {
  return visibleLine(String(value));
}

async function prettyStream(stream: NodeJS.WritableStream | undefined): Promise<DestinationStream> {
  // 50 modules, which a node whose log goes to a file does without.
  const { default: pretty } = await import('pino-pretty');
  const shown = pretty({
    destination: stream ?? stderr(),
    colorize: stream === undefined,
    ignore: 'node',
    translateTime: 'SYS:HH:MM:ss.l',
    // A line of a text must not look like an entry.
    messageFormat: (entry, key) => setInLines(String(entry[key] ?? '')),
    // These stand before the text.
    customPrettifiers: { name: onOneLine, hostname: onOneLine, pid: onOneLine, caller: onOneLine },
  });
  return rewriting(shown, visibleTextsJson);
}
