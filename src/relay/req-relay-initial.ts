import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Message } from '../message/message.ts';
import type { Forwarded, Readied } from '../message/method-contract.ts';
import { writeRelayedFile } from '../message/relayed-file.ts';
import { writeOrder } from '../methods/copy/copy-args.ts';
import { CopyError } from '../methods/copy/copy-source.ts';
import type { ForwardMethod } from '../methods/method.ts';
import { budgetOf, type RelayOptions } from './relay-budget.ts';
import { relayFieldsFault } from './relay-fault.ts';

/**
 * REQRelayInitial (EventACK, from a node to itself): the first step of a message that travels via another node.
 *
 * The relay fields say what is meant. It goes on as REQRelay on the subject `<relayToNode>.<via>.REQRelay.EventACK`,
 * and ends as that ends. Data that the reference would lose here is kept; where there is none, it sends one empty
 * item, and so does this. Refused where the fields are not those that a node writes for itself. A REQCopyFileFrom brings
 * the file of this node along, up to 16 MiB; a larger one is fetched by the relay. It fails where that cannot be read.
 */
export function createReqRelayInitial(options: RelayOptions): ForwardMethod {
  const { nodeName } = options;
  return {
    name: 'REQRelayInitial',
    kind: 'EventACK',
    mode: 'forward',
    summary: 'Sends a message on its way via another node.',
    args: [],
    isForPeople: false,
    check: (message) => checkOwn(message, nodeName) ?? relayFieldsFault(message),
    ready: (message) => readyFile(message, options),
    forward: ({ message }) => toRelay(message),
  };
}

function checkOwn({ fromNode }: Message, nodeName: string): string | undefined {
  if (fromNode === nodeName) return undefined;
  return `it is from ${fromNode}, and ${nodeName} sends such messages to itself only`;
}

function toRelay(initial: Message): Forwarded {
  const message: Message = {
    ...initial,
    toNode: `${initial.relayToNode}.${initial.relayOriginalViaNode}`,
    method: 'REQRelay',
    data: initial.data ?? [new Uint8Array(0)],
  };
  return { message, ...budgetOf(message, false) };
}

/** What travels as one message, over two links, is no larger than this, bytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * A relayed copy brings the file of the node that asks for it, as in the original: that reads it before it sends the message
 * on, which is a REQCopyFileTo from then on. Of a larger file it says what to fetch. Other messages are left as they are.
 */
async function readyFile(message: Message, { openSource, fetchesFiles }: RelayOptions): Promise<Readied> {
  if (message.relayOriginalMethod !== 'REQCopyFileFrom') return { message };
  const [source, node, target] = message.methodArgs ?? [];
  if (!source || !node || !target)
    return { fault: 'methodArgs is too short: it holds the source file, the node and the target file' };
  const via = message.relayOriginalViaNode;
  try {
    await using file = await openSource(resolve(source));
    const { size, mode, identity } = file;
    const copy = (methodArgs: string[], data: Uint8Array[] | null) => ({
      message: { ...message, relayOriginalMethod: 'REQCopyFileTo', methodArgs, data },
    });
    if (size > MOST_BYTES) {
      const text = `the file has ${size} bytes, and ${via}, which runs an older version or did not answer, relays no more than ${MOST_BYTES}`;
      if (!(await fetchesFiles(via)))
        return { fault: `${text}: copy it to ${via}, and from there to ${node}` };
      return copy(writeRelayedFile({ source, node, target, mode, identity, size, request: '' }), null);
    }
    const data = await file.readSmall();
    const sha256 = createHash('sha256').update(data).digest('hex');
    return copy(writeOrder({ step: 'whole', target, mode, sha256 }, { source, node }), [data]);
  } catch (error) {
    if (error instanceof CopyError) return { fault: error.message };
    throw error;
  }
}
