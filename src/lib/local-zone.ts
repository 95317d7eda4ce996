import { lstatSync, readlinkSync } from 'node:fs';
import type { Clock } from './clock.ts';

const LOCALTIME = '/etc/localtime';
const LOOK_EVERY_MS = 30_000;

export interface ZoneDeps {
  readonly clock: Pick<Clock, 'every'>;
  /** Lets the process find out anew what the time zone of the machine is. */
  forget(): void;
  /** What changes with the machine's time zone. Throws where there is none. */
  readMark?(): string;
}

/**
 * Follows the time zone of the machine: a process reckons with that of its start until it is told to `forget` it. Not for one
 * whose environment names a zone (TZ).
 */
export function followZone({ clock, forget, readMark = readLocaltime }: ZoneDeps): Disposable {
  const read = () => {
    try {
      return readMark();
    } catch {
      return undefined;
    }
  };
  let known = read();
  const cancel = clock.every(LOOK_EVERY_MS, () => {
    const mark = read();
    // A link that is being replaced is missing for a moment.
    if (mark === undefined || mark === known) return;
    known = mark;
    firstZone ??= ownZone();
    forget();
  });
  return { [Symbol.dispose]: cancel };
}

/** The zone in which this process began, from when another one first came: to ask for it takes a start 10 ms. */
let firstZone: string | undefined;

/** The time zone of this process, where it is another one than when it began. */
export function changedZone(): string | undefined {
  if (firstZone === undefined) return undefined;
  const zone = ownZone();
  return zone === firstZone ? undefined : zone;
}

function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The zone that the file links to, or when it was written. */
function readLocaltime(): string {
  const stats = lstatSync(LOCALTIME);
  return stats.isSymbolicLink() ? readlinkSync(LOCALTIME) : `${stats.ino} ${stats.mtimeMs}`;
}
