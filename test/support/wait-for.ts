import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/**
 * How many times as long as a quiet machine would need a condition may take: several files run at once on few cores, and a
 * limit is there to end a test that hangs.
 */
const PATIENCE = 3;

interface WaitOptions {
  /** How long the condition has to come true on a quiet machine; 10 s unless told. */
  readonly timeoutMs?: number;
  /**
   * The pause between two looks. Unless told, it is 10 ms at first and grows to 50 ms with what has been waited: a look costs
   * about a millisecond of processor time, which the node that is waited for needs.
   */
  readonly intervalMs?: number;
}

/** A condition that did not come true in time, with the last thing seen. */
export class WaitTimeoutError extends Error {
  override name = 'WaitTimeoutError';
}

/**
 * Looks again and again until `look` gives something truthy, and returns that. What `look` throws counts as "not
 * yet". The only place in the tests that sleeps.
 *
 * @throws WaitTimeoutError with the description and the last value or error.
 */
export async function waitFor<T>(
  description: string,
  look: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs }: WaitOptions = {},
): Promise<Truthy<T>> {
  const limitMs = PATIENCE * timeoutMs;
  const startedAt = performance.now();
  for (;;) {
    const seen = await attempt(look);
    if (!seen.failed && seen.value) return seen.value as Truthy<T>;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs >= limitMs) {
      const last = seen.failed
        ? `the last look failed: ${describe(seen.error)}`
        : `last seen: ${describe(seen.value)}`;
      throw new WaitTimeoutError(`waited ${limitMs} ms in vain for ${description}; ${last}`, {
        cause: seen.failed ? seen.error : undefined,
      });
    }
    await sleep(pauseAfter(waitedMs, intervalMs));
  }
}

/** Waits until a file holds something or, where a test of its text is given, passes it; returns the text. */
export async function waitForFile(
  path: string,
  isEnough: (text: string) => boolean = (text) => text !== '',
  options: WaitOptions = {},
): Promise<string> {
  const found = await waitFor(
    `file ${path}`,
    async () => {
      const text = await readFile(path, 'utf8');
      if (!isEnough(text)) throw new Error(`the file is not as wanted, it holds ${describe(text)}`);
      return { text };
    },
    options,
  );
  return found.text;
}

function pauseAfter(waitedMs: number, told: number | undefined): number {
  return told ?? Math.min(50, Math.max(10, waitedMs / 20));
}

type Truthy<T> = Exclude<NonNullable<T>, false | 0 | ''>;
type Seen<T> = { failed: false; value: T } | { failed: true; error: unknown };

async function attempt<T>(look: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { failed: false, value: await look() };
  } catch (error) {
    return { failed: true, error };
  }
}

function describe(value: unknown): string {
  const text = value instanceof Error ? value.message : inspect(value, { depth: 4 });
  return text.length <= 2000
    ? text
    : `${text.slice(0, 1000)} ... ${text.slice(-900)} (${text.length} characters)`;
}
