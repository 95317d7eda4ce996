/** The part of a logger that takes lines. */
export type LineLogger = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, text: string) => void>;

/** Lines of one text in one span of time; the clients decide how many there would be. */
const MOST_LINES = 20;
const SPAN_MS = 10_000;

/** A logger that leaves lines out where one text comes too often, and says how many it left out. */
export function limitedLogger(logger: LineLogger, now = () => performance.now()): LineLogger {
  const counts = new Map<string, { since: number; lines: number }>();
  const limited = (level: keyof LineLogger) => (fields: object, text: string) => {
    let count = counts.get(text);
    if (count === undefined || now() - count.since >= SPAN_MS) {
      const leftOut = (count?.lines ?? 0) - MOST_LINES;
      if (leftOut > 0) logger[level]({ leftOut }, `${text}: there were more of these lines`);
      count = { since: now(), lines: 0 };
      counts.set(text, count);
    }
    count.lines += 1;
    if (count.lines <= MOST_LINES) logger[level](fields, text);
  };
  return { debug: limited('debug'), info: limited('info'), warn: limited('warn'), error: limited('error') };
}
