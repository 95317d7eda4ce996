import { showValue } from '../lib/show-value.ts';
import type { Reading } from './codec/read-value.ts';

/** The word for a node where a newer request takes the place of an older one, and that reads the state `superseded`. */
export const SUPERSEDES_WORD = 'supersedes';

/** The longest key that a submission may name, and the longest that is read from the wire, characters. */
const [MAX_KEY, MAX_WIRE_KEY] = [100, 1000];

/** A key from JSON: of requests with the same key, sender and target only the newest counts. */
export function readSupersedes(value: unknown): Reading {
  if (typeof value === 'string' && value.length <= MAX_KEY && /^[!-~]+$/.test(value))
    return { ok: true, value };
  const reason = `must be a key of 1 to ${MAX_KEY} letters, digits and signs without spaces, but is ${showValue(value)}`;
  return { ok: false, reason };
}

/** A key in a header; what is absent, or longer than any that is sent, is none. */
export function supersedesOf(header: string | undefined): string | null {
  // A string of its own: as a part of all headers it would keep these in memory.
  return header && header.length <= MAX_WIRE_KEY ? Buffer.from(header).toString() : null;
}

/** The key of a request on its way over other nodes: a name in front keeps apart what is not from one node to one node. */
export function keyWithin(name: string, key: string): string {
  return `${encodeURIComponent(name)} ${key}`;
}

/** Why a request ended whose successor has this id. */
export function supersededBy(id: string): string {
  return `superseded by ${id}`;
}
