import { FAST_RECONNECT } from './fleet.ts';
import type { LandedVersion } from './landed.ts';

/** Versions that do not open a database any more that a later one has used. A version that lands is none of them. */
const NO_WAY_BACK = new Set(['0.1-7322130']);
/** What both sides of an append or a command of the queues note. */
export const PLACE = { directory: 'out', fileName: 'out.log', ACKTimeout: 1 };
/** Tests that wait for nodes most of the time, two at once. */
export const SIDE_BY_SIDE = { concurrency: 2 };

/** Whether a version opens a database that this one has used. */
export function takesBack({ name }: LandedVersion): boolean {
  return !NO_WAY_BACK.has(name);
}

/** The flags of a node of landed versions and this one; central relays. */
export function flagsOf(name: string) {
  return { ...FAST_RECONNECT, startPubREQHello: 1, startSubREQRelay: name === 'central' };
}

/** Appends and commands in turns; both note their number. */
export function queueFor(
  toNode: string,
  count: number,
  { directory = 'out', script = 'ran' }: { directory?: string; script?: string } = {},
): object[] {
  const place = { ...PLACE, toNode, directory };
  return Array.from({ length: count }, (_, n) => [
    { ...place, method: 'REQToFileAppend', data: [`${n}\n`] },
    bash(`echo ${n} >> ${script}`, { ...place, replyMethod: 'REQNone' }),
  ]).flat();
}

/** A command. */
export function bash(script: string, more: object): object {
  return { method: 'REQCliCommand', methodArgs: ['bash', '-c', script], methodTimeout: 60, ...more };
}

/** The numbers from 0 on, a line each. */
export function numbered(count: number): string {
  return Array.from({ length: count }, (_, n) => `${n}\n`).join('');
}
