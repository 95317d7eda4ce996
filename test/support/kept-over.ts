import type { Clock } from '../../src/lib/clock.ts';
import type { KeptTime } from '../../src/store/kept-clock.ts';

/** A kept clock that begins with a test: at the wall clock's time, and as steady as the clock's other hand. */
export function keptOver(clock: Pick<Clock, 'wallNow' | 'steadyNow'>): KeptTime {
  const ahead = clock.wallNow() - clock.steadyNow();
  const now = () => clock.steadyNow() + ahead;
  return { now, toWall: (reading) => Math.round(reading + clock.wallNow() - now()) };
}
