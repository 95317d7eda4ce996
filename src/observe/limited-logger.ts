/** The part of a logger that takes lines. */
export type LineLogger = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, text: string) => void>;

/** Lines of one text in one span of time; the clients decide how many there would be. */
const MOST_LINES = 20;
const SPAN_MS = 10_000;

/**
 * A logger that leaves lines out where one text comes too often, and says how many it left out. What stands behind a colon
 * does not tell texts apart: others decide what that is.
 */
export function limitedLogger<Level extends keyof LineLogger>(
  logger: Pick<LineLogger, Level>,
  now = () => performance.now(),
): Pick<LineLogger, Level> {
  const counts = new Map<string, { since: number; lines: number }>();
  const limited = (level: Level) => (fields: object, text: string) => {
    const [about = ''] = text.split(': ', 1);
    let count = counts.get(about);
    if (count === undefined || now() - count.since >= SPAN_MS) {
      const leftOut = (count?.lines ?? 0) - MOST_LINES;
      if (leftOut > 0) logger[level]({ leftOut }, `${about}: there were more of these lines`);
      count = { since: now(), lines: 0 };
      counts.set(about, count);
    }
    count.lines += 1;
    if (count.lines <= MOST_LINES) logger[level](fields, text);
  };
  const levels = ['debug', 'info', 'warn', 'error'] as Level[];
  return Object.fromEntries(levels.map((level) => [level, limited(level)])) as Pick<LineLogger, Level>;
}
