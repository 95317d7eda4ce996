import { hash } from 'node:crypto';
import type { ToldDays } from './link-days.ts';

/** What a node said of itself; null where it did not. Times are unix ms, by this node's clock. */
export interface NodeFacts {
  readonly version: string | null;
  readonly os: string | null;
  readonly arch: string | null;
  readonly startedAt: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** How often it says hello, ms; null where it does not, or did not tell. */
  readonly helloIntervalMs: number | null;
  /** In which time it calls next, ms from when it said so; null for a node that keeps its connection. */
  readonly callInMs: number | null;
}

const MAX_TEXT = 200;
/** Most nodes have none. */
const NO_LABELS: NodeFacts['labels'] = {};
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Reads the JSON of a hello that came at a time. It comes from elsewhere: whatever does not fit is left out. */
export function readHello(json: string | undefined, at: number): NodeFacts {
  const told = parse(json);
  const { uptime, interval, callIn } = told;
  return {
    version: textOf(told.version),
    os: textOf(told.os),
    arch: textOf(told.arch),
    startedAt: isAmount(uptime) ? at - uptime * 1000 : null,
    labels: labelsOf(told.labels),
    helloIntervalMs: isAmount(interval) && interval > 0 ? interval * 1000 : null,
    callInMs: isAmount(callIn) ? callIn * 1000 : null,
  };
}

/** About how much memory facts take, characters. */
export function factsLength(facts: NodeFacts | undefined): number {
  let length = 0;
  for (const [name, text] of Object.entries(facts?.labels ?? {})) length += name.length + text.length;
  return facts ? length + 200 : 0;
}

function parse(json: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The labels of a hello, cut to what is shown. */
export function labelsOf(value: unknown): NodeFacts['labels'] {
  if (typeof value !== 'object' || value === null) return NO_LABELS;
  const labels = Object.entries(value).filter(([, text]) => typeof text === 'string');
  if (labels.length === 0) return NO_LABELS;
  return Object.fromEntries(labels.map(([name, text]) => [cut(name), cut(text)]));
}

/** What the JSON of a hello says of its node's link; null where it does not, or is not right. */
export function readLinkDays(json: string | undefined): ToldDays | null {
  const { link } = parse(json);
  const [day, ...amounts] = Array.isArray(link) ? (link as unknown[]) : [];
  const isRight = typeof day === 'string' && DAY.test(day) && amounts.every(isBytes);
  const [inBytes, outBytes, ...before] = isRight ? amounts.map(Math.round) : [];
  return outBytes === undefined ? null : [day as string, inBytes!, outBytes, ...before];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? cut(value) : null;
}

/** A string of its own: as a part of a longer one it would keep that in memory. */
function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : Buffer.from(text.slice(0, MAX_TEXT)).toString();
}

function isBytes(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1e10;
}

/** A sum of the JSON of a hello, without what is different in each. */
export function sumOfHello(hello: string): number {
  const text = hello.replaceAll(/"(uptime|callIn)":\d+,?/g, '');
  return hash('sha256', text, 'buffer').readInt32LE();
}
