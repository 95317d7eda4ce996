import { nearest } from '../lib/nearest.ts';

/** The candidate that a mistyped or shortened word most likely meant, or undefined. */
export function likelyMeant(word: string, candidates: readonly string[]): string | undefined {
  const close = nearest(word, candidates);
  if (close !== undefined || word.length < 3) return close;
  const start = word.toLowerCase();
  return candidates.find((candidate) => candidate.toLowerCase().startsWith(start));
}
