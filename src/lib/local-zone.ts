import { readlinkSync } from 'node:fs';

const LOCALTIME = '/etc/localtime';
const ZONE_IN_LINK = /zoneinfo\/(?:posix\/|right\/)?(.+)$/;

export interface LocalZoneDeps {
  /** Where the link to the machine's time zone leads. Throws where there is none. */
  readLink(path: string): string;
  /** The zone that the process reckons with, as `Intl` names it. */
  readonly processZone: string;
}

/**
 * Follows the time zone of the machine while the process runs, which reckons with that of its start for good. Answers
 * with the zone's name where it is another one now; undefined where it is not, or where it cannot be told. A zone
 * that the environment names (TZ) is kept.
 */
export function createLocalZone({ readLink, processZone }: LocalZoneDeps): () => string | undefined {
  const read = () => {
    try {
      return canonical(ZONE_IN_LINK.exec(readLink(LOCALTIME))?.[1]);
    } catch {
      return undefined;
    }
  };
  const isFollowed = read() === processZone;
  return () => {
    const zone = isFollowed ? read() : undefined;
    return zone === processZone ? undefined : zone;
  };
}

/** The time zone of this machine, where it is another one than when the process began. */
export const changedZone = createLocalZone({
  readLink: readlinkSync,
  processZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
});

/** A zone under the name that `Intl` has for it. Throws RangeError for what is none. */
function canonical(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return new Intl.DateTimeFormat(undefined, { timeZone: name }).resolvedOptions().timeZone;
}
