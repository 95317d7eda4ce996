import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './row.ts';

/** What a release measured: one line of bench/history.jsonl. */
export interface Release {
  readonly version: string;
  /** ISO date. */
  readonly date: string;
  /** The machine, and what disturbed it. */
  readonly note?: string;
  readonly figures: Readonly<Record<string, Measured>>;
}

interface Measured {
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
}

/** A row with what the last release measured. */
export interface Change {
  /** What is compared: the ratio where both have one, which leaves the machine out, else the value. */
  readonly last: number;
  /** How much better it is, as a share of the last: -0.1 is worse by 10 %. */
  readonly gain: number;
  readonly hasFallen: boolean;
}

/** A figure that is worse by this share has fallen. */
const FALL = 0.1;
const HISTORY = join(import.meta.dirname, 'history.jsonl');

/** What the last release measured; undefined where none was recorded. */
export function lastRelease(): Release | undefined {
  if (!existsSync(HISTORY)) return undefined;
  const line = readFileSync(HISTORY, 'utf8').trim().split('\n').at(-1);
  return line ? (JSON.parse(line) as Release) : undefined;
}

/** Adds a line to the history. */
export function recordRelease(release: Release): void {
  appendFileSync(HISTORY, `${JSON.stringify(release)}\n`);
}

/** The line for a release of what was measured. Throws where a figure is missing for a fault. */
export function releaseOf(rows: readonly Row[], about: Omit<Release, 'figures'>): Release {
  const faulty = rows.filter(({ fault }) => fault !== undefined).map(({ figure }) => figure);
  if (faulty.length > 0)
    throw new Error(`nothing is recorded, as these have no figure: ${faulty.join(', ')}`);
  const figures = rows.flatMap(({ figure, value, unit, ratio }) =>
    value === undefined ? [] : [[figure, { value, unit, ...(ratio !== undefined && { ratio }) }] as const],
  );
  return { ...about, figures: Object.fromEntries(figures) };
}

/** A row held against the last release; undefined where that has no such figure. */
export function changeOf(row: Row, last: Release | undefined): Change | undefined {
  const then = last?.figures[row.figure];
  if (then === undefined || row.value === undefined) return undefined;
  const isRatio = row.ratio !== undefined && then.ratio !== undefined;
  const [before, now] = isRatio ? [then.ratio!, row.ratio!] : [then.value, row.value];
  if (before === 0) return undefined;
  const growth = (now - before) / before;
  const gain = isMoreBetter(row) ? growth : -growth;
  return { last: before, gain, hasFallen: gain <= -FALL };
}

function isMoreBetter({ goal, unit }: Row): boolean {
  if (goal !== undefined) return goal.atLeast !== undefined;
  return unit.endsWith('/s');
}
