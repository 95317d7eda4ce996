import type { Clock } from '../../src/lib/clock.ts';
import type { KeptTime } from '../../src/store/kept-clock.ts';

/** A kept clock that begins with a test: at the wall clock's time, and as steady as the clock's other hand. */
export function keptOver(
  clock: Pick<Clock, 'wallNow' | 'steadyNow'> & { readonly whenSet?: (() => void)[] },
): KeptTime {
  const ahead = clock.wallNow() - clock.steadyNow();
  const now = () => clock.steadyNow() + ahead;
  const toWall = (reading: number) => Math.round(reading + clock.wallNow() - now());
  return { now, toWall, onSet: (work) => void clock.whenSet?.push(work) };
}
