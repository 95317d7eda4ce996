import type { RequestFilter } from '../../contract/requests.ts';
import { REQUEST_STATES, STATE_WORDS, statesOf } from '../../contract/states.ts';
import { fitsPattern } from '../../lib/glob.ts';
import { parseMoment } from '../../lib/read-time.ts';

/** What a filter's text asks for. */
export interface ParsedFilter {
  /** What the node sorts out. */
  readonly filter: RequestFilter;
  /** What is looked for in the rows themselves, in small letters. */
  readonly words: readonly string[];
  /** What cannot be understood, in a sentence; null where all can. */
  readonly fault: string | null;
}

interface Known {
  readonly nodes: readonly string[];
  readonly methods: readonly string[];
  readonly now: number;
}

/** The choices that the key `s` goes through. */
const STATE_CHOICES: readonly (string | undefined)[] = ['open', 'bad', 'succeeded'];

/**
 * Reads a filter such as `state:failed node:ship* uptime`. `node:`, `method:`, `state:` and `batch:` may have several
 * values with commas between; `since:2h` and `until:2h` count back from now. Other words are looked for in the rows.
 */
export function parseRequestFilter(text: string, known: Known): ParsedFilter {
  const filter: { -readonly [K in keyof RequestFilter]: RequestFilter[K] } = {};
  const words: string[] = [];
  const faults: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const [, key, value] = /^(node|method|state|batch|since|until):(.*)$/i.exec(word) ?? [];
    if (key === undefined || value === undefined) words.push(word.toLowerCase());
    else if (value !== '') READERS[key.toLowerCase()]?.(value, { filter, faults, known });
  }
  return { filter, words, fault: faults[0] ?? null };
}

/** The filter's text with the next choice of states: all, open, bad, succeeded. */
export function nextStates(text: string): string {
  const [, present] = /(?:^|\s)state:(\S*)/i.exec(text) ?? [];
  const rest = text
    .replace(/(^|\s)state:\S*/gi, ' ')
    .trim()
    .replace(/\s+/g, ' ');
  const next = STATE_CHOICES[STATE_CHOICES.indexOf(present) + 1];
  return [...(next === undefined ? [] : [`state:${next}`]), ...(rest === '' ? [] : [rest])].join(' ');
}

interface Reading {
  readonly filter: { -readonly [K in keyof RequestFilter]: RequestFilter[K] };
  readonly faults: string[];
  readonly known: Known;
}

type Reader = (value: string, reading: Reading) => void;

const READERS: Readonly<Record<string, Reader>> = {
  node(value, { filter, known }) {
    filter.node = values(value).flatMap((name) => matching(name, known.nodes));
  },
  method(value, { filter, known }) {
    filter.method = values(value).flatMap((name) =>
      matching(known.methods.includes(name) ? name : `*${name}*`, known.methods, name),
    );
  },
  state(value, { filter, faults }) {
    const states = values(value).flatMap((name) => {
      const meant = statesOf(name);
      const found = meant.length > 0 ? meant : REQUEST_STATES.filter((state) => state.startsWith(name));
      if (found.length === 0) faults.push(`no state ${name}: ${STATE_WORDS.join(' ')}`);
      return found;
    });
    if (states.length > 0) filter.state = [...new Set(states)];
  },
  batch(value, { filter }) {
    filter.batch = value;
  },
  since(value, { filter, faults, known }) {
    filter.since = timeBack(value, known.now, faults);
  },
  until(value, { filter, faults, known }) {
    filter.until = timeBack(value, known.now, faults);
  },
};

function values(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}

function matching(pattern: string, names: readonly string[], otherwise = pattern): string[] {
  if (!pattern.includes('*') && !pattern.includes('?')) return [pattern];
  const found = names.filter((name) => fitsPattern(pattern, name));
  return found.length === 0 ? [otherwise] : found;
}

function timeBack(text: string, now: number, faults: string[]): number | undefined {
  const at = parseMoment(text, { now, isPast: true });
  if (at === undefined) faults.push(`${text} is no time: write it as 30m, 2h, 14:30 or 2031-05-17T08:00`);
  return at;
}
