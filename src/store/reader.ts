import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ReadConnection } from './read-connection.ts';
import type { Query } from './store.ts';

/** Queries that are to see the database at one moment. */
export interface ReaderRequest {
  readonly id: number;
  readonly queries: readonly Query[];
}

/** What the reader thread found: the rows of each query, in order, or why there are none. */
export type ReaderAnswer =
  | { readonly id: number; readonly rows: readonly unknown[][] }
  | { readonly id: number; readonly error: { message: string; errcode: number | undefined } };

const port = parentPort;
if (port) serve(port, (workerData as { path: string }).path);

function serve(port: MessagePort, path: string): void {
  const connection = new ReadConnection(path, { cacheKib: 4000 });
  port.on('message', (request: ReaderRequest | 'close') => {
    if (request !== 'close') return port.postMessage(answer(connection, request));
    connection[Symbol.dispose]();
    port.close();
  });
}

function answer(connection: ReadConnection, { id, queries }: ReaderRequest): ReaderAnswer {
  try {
    return { id, rows: connection.answer(queries) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, error: { message, errcode } };
  }
}
