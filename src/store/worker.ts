import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { keepGarbageSmall } from '../lib/collect-garbage.ts';
import { type PackedTransaction, unpackTransaction } from './packed-transaction.ts';
import type { KnownFile } from './same-file.ts';
import { Writer } from './writer.ts';

/** Transactions after which a group is committed although more wait: bounds how long the first one waits. */
const MAX_GROUP = 512;
/** How long a commit waits for another program that has locked the database, ms. */
const BUSY_MS = 5000;

/** How much garbage it keeps, bytes. */
const GARBAGE_BYTES = 16 * 1024 * 1024;

/** What the writer thread is given at its start. */
export interface WriterStart {
  readonly path: string;
  readonly files: readonly KnownFile[];
  readonly isShortOfRoom: boolean;
  /** Where the index of the log is open. */
  readonly index: number | undefined;
}

/** What the writer thread is asked for: to commit some transactions, or to end. */
export type WriterRequest = readonly PackedTransaction[] | 'close';

const port = parentPort;
if (port) {
  keepGarbageSmall(GARBAGE_BYTES);
  serve(port, workerData as WriterStart);
}

function serve(port: MessagePort, { path, index, ...start }: WriterStart): void {
  const writer = new Writer(path, { ...start, busyMs: BUSY_MS, indexOf: () => index });
  port.on('message', (first: WriterRequest) => {
    let next: WriterRequest | undefined = first;
    while (next && next !== 'close') {
      const group: PackedTransaction[] = [];
      for (; next && next !== 'close' && group.length < MAX_GROUP; next = receiveMessageOnPort(port)?.message)
        group.push(...next);
      for (const answer of writer.commit(group.map(unpackTransaction))) port.postMessage(answer);
      free(group);
    }
    if (next !== 'close') return;
    writer[Symbol.dispose]();
    port.close();
  });
  port.postMessage('ready');
}

/** Gives the memory of large values back at once: a thread that has nothing more to do collects no garbage. */
function free(group: readonly PackedTransaction[]): void {
  for (const { slab } of group) if (slab.length > 0) (slab.buffer as ArrayBuffer).transfer(0);
}
