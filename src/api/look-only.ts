import { OperationError } from '../contract/operation-error.ts';
import type { Access } from './api-handler.ts';

/** Lets a caller read and ask, and refuses what changes something, with the way out. */
export function lookOnly(who: string, wayOut: string): Access {
  return (_name, row) => {
    if (row.does.startsWith('GET ') || row.isQuestion) return;
    throw new OperationError('forbidden', `this ${who} may look, and not act: ${wayOut}`);
  };
}
