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

function parse(json: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function labelsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  const labels = Object.entries(value).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(labels.map(([name, text]) => [name.slice(0, MAX_TEXT), text.slice(0, MAX_TEXT)]));
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
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}

function isBytes(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1e10;
}
