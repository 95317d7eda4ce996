import { createHash } from 'node:crypto';
import { basename, normalize } from 'node:path/posix';
import type { FileSystem } from '../../lib/system-files.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import type { Message } from '../../message/message.ts';
import type { Incoming, Outcome } from '../../message/method-contract.ts';
import type { EffectMethod } from '../method.ts';
import { type CopyOrder, readOrder } from './copy-args.ts';
import { CopyTargetError, placeTarget, writeWhole } from './copy-target.ts';
import type { IncomingCopies } from './incoming-copies.ts';

export interface NewModes {
  readonly file: number;
  readonly folder: number;
}

export interface CopyFileToDeps {
  readonly copies: IncomingCopies;
  readonly files: FileSystem;
  /** The modes of a new file whose sender named none, and of new folders. */
  readonly modes: NewModes;
  /** Queues the reply to a message, if it wants one; resolves when that is durable. */
  sendReply(asked: Pick<Incoming, 'id' | 'message'>, data: Uint8Array): Promise<void>;
}

/**
 * REQCopyFileTo (EventACK, sent by REQCopyFileFrom): writes a file that another node has read.
 *
 * Arguments as in the reference: the source, this node's name, the target's path (relative to the working folder, or
 * absolute; not confined to the data folder), with the whole of a small file in `data`. Nodes of this program add
 * the mode and the sha256, and send larger files in pieces, see `CopyOrder`. The target is replaced in one step, when
 * all is there, verified and durable, and keeps owner, group, mode and attributes; what could not be kept is in the reply. Only a
 * mount point, and a file whose folder takes no new one, is written over. A folder takes the file under the name of the source. The folder above is made where it
 * is missing. A link is followed, but not one of another user in a folder that all may write to.
 *
 * Replies, to the node that asked for the copy, the reference's line. Refused with the reason: a target that can't be
 * written, no space, another sha256. Without a mode a new file gets what fileMode says, as does a new folder.
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
    takePiece: deps.copies.takePiece,
  };
}

async function apply(incoming: Incoming, deps: CopyFileToDeps): Promise<Outcome> {
  const { message } = incoming;
  const order = readOrder(message);
  if (typeof order === 'string') return { ok: false, reason: order };
  let notes: readonly string[] | undefined;
  try {
    notes = await obey(order, incoming, deps);
  } catch (error) {
    if (error instanceof CopyTargetError) return { ok: false, reason: error.message };
    throw error;
  }
  if (!notes || !('target' in order)) return { ok: true };
  const bytes = [...Buffer.from(await writtenPath(order.target, message, deps.files))];
  const lines = [
    `info: succesfully created and wrote the file [${bytes.join(' ')}]`,
    ...notes.map((note) => `info: ${note}`),
  ];
  await deps
    .sendReply(
      { id: incoming.id, message: asConfirmation(message) },
      Buffer.from(lines.map((line) => `${line}\n`).join('')),
    )
    .catch((error: Error) => {
      throw new TemporaryError(error.message, { cause: error });
    });
  return { ok: true };
}

/** Does what an order asks for; where a file is complete by that, returns what could not be kept of the old one. */
async function obey(
  order: CopyOrder,
  { id, message }: Incoming,
  { copies, modes, files }: CopyFileToDeps,
): Promise<readonly string[] | undefined> {
  switch (order.step) {
    case 'probe':
      return undefined;
    case 'plain':
    case 'whole': {
      const data = Buffer.concat(message.data ?? []);
      if (order.step === 'whole' && createHash('sha256').update(data).digest('hex') !== order.sha256)
        throw new CopyTargetError(`what came for ${order.target} has another sha256 than the source`);
      const about = { bytes: data.length, name: sourceName(message), folderMode: modes.folder };
      const target = await placeTarget(order.target, about, files);
      const mode = order.step === 'whole' ? order.mode : modes.file;
      return await writeWhole(target, { data, mode, id }, files);
    }
    case 'begin':
      await copies.begin(order, sourceName(message));
      return undefined;
    case 'end':
      return await copies.end(order);
    case 'abort':
      await copies.abort(order.transfer);
      return undefined;
  }
}

/** What is replied to: who asked for the copy hears of it, as from a node of the reference. */
function asConfirmation(message: Message): Message {
  const { previousMessage: asked } = message;
  if (asked?.method !== 'REQCopyFileFrom' || asked.fromNode === '') return message;
  return { ...message, fromNode: asked.fromNode, previousMessage: null };
}

/** The name of the source, under which a folder takes it. */
function sourceName({ methodArgs }: Message): string {
  const name = basename(methodArgs?.[0] ?? '');
  return name === '.' || name === '..' ? '' : name;
}

/** The path that a reply names: as it was asked for, unless it is a folder. */
async function writtenPath(target: string, message: Message, files: FileSystem): Promise<string> {
  const isFolder = await files.stat(target).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return normalize(isFolder ? `${target}/${sourceName(message)}` : target);
}
