import type { BodyFormat } from './codec/body-format.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import type { Message } from './message.ts';

/** The directory of replies that are not for a file, but for whoever follows the request. */
const FOLDER = '.steward-output';
const METHOD = 'REQToFileAppend';
/** A body in the outbox is not compressed, or was checked when it was taken. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** Why a request that an original node has is still open. */
export const AWAITS_REPLY = 'taken by a node that runs the original program: its reply is awaited';

/** A body as a node that sends no reports is to get it. */
export interface DeskBody {
  readonly payload: Uint8Array;
  /** Whether what it prints comes as its reply, which `deskReplyId` knows again, or what it copies as a file. */
  readonly awaitsReply: boolean;
  /** Whether the command reads the data as a file, which a node of the original does not give it. */
  readonly readsData: boolean;
}

/**
 * The body of a request whose output is followed and that wants no reply, for a node of the original: it sends no
 * reports, so the reply carries the output. It goes under the request's id, by which it is known again.
 */
export function asDeskBody(payload: Uint8Array, format: BodyFormat, id: string): DeskBody {
  const message = read(payload, format);
  if (!message) return { payload, awaitsReply: false, readsData: false };
  const readsData = message.methodArgs?.some((arg) => arg.includes('{{STEWARD_DATA_FILE}}')) === true;
  if (message.replyMethod !== 'REQNone') return { payload, awaitsReply: false, readsData };
  // The target of a copy would get what is a reply here. The file that comes says more.
  if (message.method === 'REQCopyFileFrom') return { payload, awaitsReply: true, readsData };
  const asked: Message = { ...message, replyMethod: METHOD, directory: FOLDER, fileName: id };
  const serialization = format.serial === 'cbor' ? 'cbor' : 'gob';
  const encoded = encodeMessage(asked, { serialization, compression: format.cmp });
  return { payload: encoded.payload, awaitsReply: true, readsData };
}

/** What cannot be read is not for this node to judge. */
function read(payload: Uint8Array, format: BodyFormat): Message | undefined {
  try {
    return decodeMessage(payload, { ...format, maxBytes: MAX_BYTES });
  } catch {
    return undefined;
  }
}

/** The id of the request that a message is such a reply to, or undefined. */
export function deskReplyId({ method, previousMessage }: Message): string | undefined {
  const isOne = method === METHOD && previousMessage?.directory === FOLDER;
  return isOne ? previousMessage.fileName : undefined;
}
