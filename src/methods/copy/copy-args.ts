import { basename, dirname, normalize } from 'node:path/posix';
import { type Message, newMessage } from '../../message/message.ts';
import { nodeNameFault } from '../../message/names.ts';
import { isRelaysCopy } from '../../message/relayed-file.ts';

/**
 * What a REQCopyFileTo asks for. `plain` is the reference's form: a whole small file in `data`, and three arguments.
 * The others are for nodes of this program: `whole` a small file with its mode and sum; `probe` nothing; `begin`,
 * `end` and `abort` a transfer whose bytes travel in pieces.
 */
export type CopyOrder =
  | { readonly step: 'plain'; readonly target: string }
  | { readonly step: 'probe' }
  | { readonly step: 'whole'; readonly target: string; readonly mode: number; readonly sha256: string }
  | CopyBegin
  | { readonly step: 'end'; readonly transfer: string; readonly sha256: string; readonly target: string }
  | { readonly step: 'abort'; readonly transfer: string };

/** The beginning of a transfer. `identity` tells one state of the source file from another. */
export interface CopyBegin {
  readonly step: 'begin';
  readonly transfer: string;
  readonly target: string;
  readonly total: number;
  readonly mode: number;
  readonly identity: string;
}

/** What a reference node takes for the target of an order that it does not know: it writes nothing there, which nobody can put a link in the way of. */
const HARMLESS_TARGET = '/dev/null';

const SHA256 = /^[0-9a-f]{64}$/;

/** Reads the order of a REQCopyFileTo; a text says what is wrong with it. */
export function readOrder({ methodArgs }: Pick<Message, 'methodArgs'>): CopyOrder | string {
  const args = methodArgs ?? [];
  const target = args[2];
  if (!target) return 'methodArgs is too short: it holds the source file, the node and the target file';
  if (args.length === 3) return targetFault(target) ?? { step: 'plain', target };
  const order = readSteps(args);
  if (order === undefined) return `methodArgs asks for ${JSON.stringify(args[3])}, which makes no sense here`;
  return ('target' in order && targetFault(order.target)) || order;
}

function readSteps(args: readonly string[]): CopyOrder | undefined {
  const [, , harmless = '', step, transfer = '', target = '', ...more] = args;
  if (step === 'probe') return { step };
  if (step === 'whole') return readWhole(harmless, args);
  if (!/^[\w-]{1,64}$/.test(transfer)) return undefined;
  if (step === 'abort') return { step, transfer };
  if (step === 'end') {
    const [sha256 = ''] = more;
    return SHA256.test(sha256) ? { step, transfer, target, sha256 } : undefined;
  }
  const [total, mode, identity = ''] = more;
  const begin = { transfer, target, total: Number(total), mode: Number.parseInt(mode ?? '', 8), identity };
  const isSound = step === 'begin' && Number.isSafeInteger(begin.total) && isMode(begin.mode);
  return isSound ? { step, ...begin } : undefined;
}

function readWhole(target: string, [, , , , octal = '', sha256 = '']: readonly string[]) {
  const mode = Number.parseInt(octal, 8);
  return isMode(mode) && SHA256.test(sha256) ? { step: 'whole' as const, target, mode, sha256 } : undefined;
}

/** The arguments that `readOrder` reads; `source` and `node` are the first two of the request. */
export function writeOrder(order: CopyOrder, { source, node }: { source: string; node: string }): string[] {
  switch (order.step) {
    case 'plain':
      return [source, node, order.target];
    case 'whole':
      return [source, node, order.target, order.step, order.mode.toString(8), order.sha256];
    case 'probe':
      return [source, node, HARMLESS_TARGET, order.step];
    case 'abort':
      return [source, node, HARMLESS_TARGET, order.step, order.transfer];
    case 'end':
      return [source, node, HARMLESS_TARGET, order.step, order.transfer, order.target, order.sha256];
    case 'begin': {
      const { transfer, target, total, mode, identity } = order;
      return [
        ...[source, node, HARMLESS_TARGET, order.step, transfer, target],
        ...[String(total), mode.toString(8), identity],
      ];
    }
  }
}

/** The REQCopyFileTo for an order, with the fields that the reference gives it. */
export function copyMessage(
  order: CopyOrder,
  { request, nodeName, data }: { request: Message; nodeName: string; data: Uint8Array },
): Message {
  const [source = '', node = '', target = ''] = request.methodArgs ?? [];
  const { relayFromNode, relayToNode, relayOriginalViaNode } = request;
  const isRelayed = isRelaysCopy(request, nodeName);
  const isSilent = isRelayed || order.step === 'probe' || order.step === 'begin' || order.step === 'abort';
  return newMessage({
    toNode: node,
    // A node of the reference sends its confirmation to the FromNode, which is to be who asked.
    fromNode: order.step === 'plain' ? request.fromNode || nodeName : nodeName,
    data: [data],
    method: 'REQCopyFileTo',
    methodArgs: writeOrder(order, { source, node }),
    replyMethod: isSilent ? 'REQNone' : request.replyMethod,
    ackTimeout: request.ackTimeout,
    retries: request.retries,
    replyAckTimeout: request.replyAckTimeout,
    replyRetries: request.replyRetries,
    methodTimeout: request.methodTimeout,
    replyMethodTimeout: request.replyMethodTimeout,
    directory: dirname(normalize(target)),
    fileName: basename(target),
    previousMessage:
      isSilent || order.step === 'plain' ? null : { ...request, data: null, previousMessage: null },
    // The target judges what is relayed by the node that asked.
    ...(isRelayed ? { relayFromNode, relayToNode, relayOriginalViaNode } : {}),
  });
}

function targetFault(target: string): string | undefined {
  if (target === '') return 'the target path is empty';
  return target.includes('\0') ? 'the target path contains a NUL character' : undefined;
}

function isMode(mode: number): boolean {
  return mode >= 0 && mode <= 0o777;
}

/** What is wrong with the arguments of a REQCopyFileFrom; undefined where nothing is. */
export function copySourceFault({ methodArgs }: Message): string | undefined {
  const [source, node] = methodArgs ?? [];
  if (!source || !node || !methodArgs?.[2])
    return 'methodArgs is too short: it holds the source file, the node and the target file';
  if (source.includes('\0')) return 'the source path contains a NUL character';
  const order = readOrder({ methodArgs: methodArgs.slice(0, 3) });
  return nodeNameFault(node) ?? (typeof order === 'string' ? order : undefined);
}
