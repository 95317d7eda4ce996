import { createHash } from 'node:crypto';
import { normalize } from 'node:path/posix';
import { newId } from '../lib/new-id.ts';
import { TemporaryError } from '../lib/temporary-error.ts';
import type { Message } from '../message/message.ts';
import type { Incoming, Outcome } from '../message/method-work.ts';
import { type CopyOrder, readOrder } from './copy-args.ts';
import { CopyTargetError, writeWhole } from './copy-target.ts';
import type { IncomingCopies } from './incoming-copies.ts';
import type { EffectMethod } from './method.ts';

export interface CopyFileToDeps {
  readonly copies: IncomingCopies;
  /** Queues the reply to a message, if it wants one; resolves when that is durable. */
  sendReply(request: Message, data: Uint8Array): Promise<void>;
}

/**
 * REQCopyFileTo (EventACK, sent by REQCopyFileFrom): writes a file that another node has read.
 *
 * Arguments as in the reference: the source, this node's name, the target's path (relative to the working folder, or
 * absolute; not confined to the data folder), with the whole of a small file in `data`. Nodes of this program add
 * the mode and the sha256, and send larger files in pieces, see `CopyOrder`. The target is replaced in one step, when
 * all is there, verified and durable. Its folder is made where it is missing (0700). A link is followed.
 *
 * Replies, to the node that read the file, the reference's line. Refused with the reason: a target that is a directory
 * or can't be written, no space, another sha256. Without a mode the old file's stays; a new one gets 0644.
 */
export function createReqCopyFileTo(deps: CopyFileToDeps): EffectMethod {
  return {
    name: 'REQCopyFileTo',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Writes a file that REQCopyFileFrom sends.',
    args: [],
    isForPeople: false,
    check: (message) => {
      const order = readOrder(message);
      return typeof order === 'string' ? order : undefined;
    },
    apply: async (batch) => {
      const outcomes: Outcome[] = [];
      for (const incoming of batch) outcomes.push(await apply(incoming, deps));
      return outcomes;
    },
    takePiece: (piece) => deps.copies.takePiece(piece),
  };
}

async function apply({ message }: Incoming, deps: CopyFileToDeps): Promise<Outcome> {
  const order = readOrder(message);
  if (typeof order === 'string') return { ok: false, reason: order };
  try {
    await obey(order, message, deps);
  } catch (error) {
    if (error instanceof CopyTargetError) return { ok: false, reason: error.message };
    throw error;
  }
  if (order.step !== 'plain' && order.step !== 'whole' && order.step !== 'end') return { ok: true };
  const bytes = [...Buffer.from(normalize(order.target))];
  const text = `info: succesfully created and wrote the file [${bytes.join(' ')}]\n`;
  await deps.sendReply(message, Buffer.from(text)).catch((error: Error) => {
    throw new TemporaryError(error.message, { cause: error });
  });
  return { ok: true };
}

async function obey(order: CopyOrder, { data }: Message, { copies }: CopyFileToDeps): Promise<void> {
  const content = data ?? [];
  switch (order.step) {
    case 'probe':
      return;
    case 'plain':
      return await writeWhole(order.target, { data: content, mode: undefined, name: newId() });
    case 'whole': {
      const hash = createHash('sha256');
      for (const item of content) hash.update(item);
      if (hash.digest('hex') !== order.sha256)
        throw new CopyTargetError(`what came for ${order.target} has another sha256 than the source`);
      return await writeWhole(order.target, { data: content, mode: order.mode, name: newId() });
    }
    case 'begin':
      return await copies.begin(order);
    case 'end':
      return await copies.end(order);
    case 'abort':
      return await copies.abort(order.transfer);
  }
}
