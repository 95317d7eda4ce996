import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/** How much is logged, most first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** `pretty` is for a terminal; without it each entry is a line of JSON. `stream` stands in for stderr. */
export interface LoggerOptions {
  readonly level?: LogLevel;
  readonly pretty: boolean;
  readonly nodeName: string;
  readonly stream?: NodeJS.WritableStream;
}

const STDERR = 2;

/** Makes the program's logger. It writes to stderr, because stdout belongs to REQToConsole. */
export function createLogger({ level = 'info', pretty, nodeName, stream }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { node: nodeName },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? prettyStream(stream) : (stream ?? stderr()),
  );
}

/** Standard error, where a reader that went away must not end the program. */
function stderr(): DestinationStream {
  const sink = destination({ dest: STDERR, sync: true });
  sink.on('error', () => {});
  return sink;
}

function prettyStream(stream: NodeJS.WritableStream | undefined): DestinationStream {
  return pretty({
    destination: stream ?? stderr(),
    colorize: stream === undefined,
    ignore: 'node',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: (entry, key) => visible(String(entry[key] ?? '')),
  });
}

/** Control characters other than tab and newline. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** Texts come from other machines too: their control characters must not reach the terminal. */
function visible(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
