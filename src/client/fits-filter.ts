import type { RequestFilter, RequestSummary } from '../contract/requests.ts';
import { hasAllWords } from '../lib/has-all-words.ts';

/** Whether a request is one that a filter means, as the node sees it too. */
export function fitsFilter(request: RequestSummary, filter: RequestFilter): boolean {
  return (
    (filter.node?.includes(request.node) ?? true) &&
    (filter.method?.includes(request.method) ?? true) &&
    (filter.state?.includes(request.state) ?? true) &&
    (filter.batch === undefined || filter.batch === request.batch) &&
    request.queuedAt >= (filter.since ?? -Infinity) &&
    request.queuedAt < (filter.until ?? Infinity)
  );
}

/** Whether all words, in small letters, are somewhere in what lists show of a request. */
export function hasWords(request: RequestSummary, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  // A node of an earlier version does not say what was asked.
  const { id, node, method, what = '', state, reason, batch, exitCode } = request;
  const exit = exitCode === null ? '' : `exit ${exitCode}`;
  const all = [id, node, method, what, state, reason ?? '', batch ?? '', exit].join(' ').toLowerCase();
  return hasAllWords(all, words);
}
