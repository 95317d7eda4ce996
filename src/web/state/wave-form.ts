import type { WavesOrder } from '../../contract/waves.ts';
import { parseDuration } from '../../lib/read-time.ts';
import { parseAmount } from '../../waves/amount.ts';
import { TEXTS } from '../texts.ts';

/** How a run goes from node to node; the names are those of `steward exec`. */
export type Waves = Omit<WavesOrder, 'targets' | 'message'>;

/** The fields of the form, in their order. */
export const WAVE_FIELDS = ['batch', 'batch-wait', 'canary', 'max-errors', 'limit'] as const;
type WaveField = (typeof WAVE_FIELDS)[number];

/** What was filled in, undefined where nothing was, or what is wrong with it. */
export function readWaves(textOf: (field: string) => string): Waves | string | undefined {
  const given = WAVE_FIELDS.filter((field) => textOf(field).trim() !== '');
  if (given.length === 0) return undefined;
  const order: Record<string, string | number> = {};
  for (const field of given) {
    const text = textOf(field).trim();
    const value = READERS[field](text);
    if (value === undefined) return TEXTS.waveFault(field, text);
    order[KEYS[field]] = value;
  }
  return order as Waves;
}

const KEYS: Readonly<Record<WaveField, keyof Waves>> = {
  batch: 'batch',
  'batch-wait': 'batchWaitMs',
  canary: 'canary',
  'max-errors': 'maxErrors',
  limit: 'limit',
};

const amount = (least: number) => (text: string) => (parseAmount(text, least) ? text : undefined);
const READERS: Readonly<Record<WaveField, (text: string) => string | number | undefined>> = {
  batch: amount(1),
  'batch-wait': parseDuration,
  canary: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
  'max-errors': amount(0),
  limit: amount(1),
};
