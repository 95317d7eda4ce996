import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { compress } from '../../message/codec/compression.ts';

/** How many samples of a large file are compressed, evenly from its beginning on, and their size: from these follows what all of it takes. */
const [SAMPLES, SAMPLE_BYTES] = [8, 64 * 1024];

/** About how many bytes a file of this machine takes when it is compressed; null where it is none, or cannot be read. */
export function packedSize(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return null;
  const samples = samplesOf(path, found.size);
  if (samples === undefined) return null;
  const read = samples.reduce((sum, { length }) => sum + length, 0);
  // What does not become smaller travels as it is.
  const packed = samples.reduce((sum, each) => sum + Math.min(each.length, compress(each, 'z').length), 0);
  return read === 0 ? found.size : Math.ceil((found.size * packed) / read);
}

function samplesOf(path: string, size: number): readonly Uint8Array[] | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const samples: Uint8Array[] = [];
    const step = Math.max(SAMPLE_BYTES, Math.floor(size / SAMPLES));
    for (let at = 0; at < size && samples.length < SAMPLES; at += step) {
      const sample = Buffer.alloc(SAMPLE_BYTES);
      samples.push(sample.subarray(0, readSync(file, sample, 0, SAMPLE_BYTES, at)));
    }
    return samples;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
