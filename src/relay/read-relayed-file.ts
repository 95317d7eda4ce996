import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Message } from '../message/message.ts';
import type { Readied } from '../message/method-contract.ts';
import { writeOrder } from '../methods/copy/copy-args.ts';
import { CopyError } from '../methods/copy/copy-source.ts';
import type { RelayOptions } from './relay-budget.ts';

/** What travels as one message, over two links, is no larger than this, bytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * A relayed copy brings the file of the node that asks for it, as in the original: that reads it before it sends the message
 * on, which is a REQCopyFileTo from then on. Other messages are left as they are.
 */
export async function readRelayedFile(
  message: Message,
  openSource: RelayOptions['openSource'],
): Promise<Readied> {
  if (message.relayOriginalMethod !== 'REQCopyFileFrom') return { message };
  const [source, node, target] = message.methodArgs ?? [];
  if (!source || !node || !target)
    return { fault: 'methodArgs is too short: it holds the source file, the node and the target file' };
  try {
    await using file = await openSource(resolve(source));
    if (file.size > MOST_BYTES) {
      const text = `the file has ${file.size} bytes, and a relayed copy takes no more than ${MOST_BYTES}`;
      return { fault: `${text}: copy it to ${message.relayOriginalViaNode}, and from there to ${node}` };
    }
    const data = await file.readSmall();
    const sha256 = createHash('sha256').update(data).digest('hex');
    const methodArgs = writeOrder({ step: 'whole', target, mode: file.mode, sha256 }, { source, node });
    return { message: { ...message, relayOriginalMethod: 'REQCopyFileTo', methodArgs, data: [data] } };
  } catch (error) {
    if (error instanceof CopyError) return { fault: error.message };
    throw error;
  }
}
