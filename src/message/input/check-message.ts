import { nearest } from '../../lib/nearest.ts';
import { showText } from '../../lib/show-value.ts';
import { type Issue, readFields, type Said } from '../codec/read-fields.ts';
import { MAX_TEXT_BYTES } from '../codec/text-limits.ts';
import { MAX_LIST_ITEMS } from '../fields.ts';
import type { Message } from '../message.ts';
import { METHOD_NAMES } from '../method-names.ts';
import { canonicalMethod, methodNameFault, nodeNameFault } from '../names.ts';
import { directoryFault, fileNameFault } from '../paths.ts';

export type { Issue } from '../codec/read-fields.ts';

/** What a message is checked against and filled up with; the times are seconds. */
export interface CheckOptions {
  readonly nodeName: string;
  readonly defaultAckTimeout: number;
  readonly defaultRetries: number;
  readonly defaultMethodTimeout: number;
  isKnownMethod(name: string): boolean;
  /** Why a method cannot be run by a schedule, or undefined; without this function every method can. */
  scheduleFault?(method: string): string | undefined;
}

/** One message to one node, and what the submitter said of it that does not travel in the message. */
export interface Request extends Said {
  readonly message: Message;
  /** Whether the submitter gave `retries`, or a default stands in its place; likewise for `replyRetries`. */
  readonly hasRetries: boolean;
  readonly hasReplyRetries: boolean;
}

/** The requests that a submitted message stands for, or the field that makes it unfit and a sentence that says why. */
export type Checked =
  | { readonly ok: true; readonly requests: Request[]; readonly warnings: Issue[] }
  | ({ readonly ok: false } & Issue);

/**
 * Turns one item of a submission into requests, one for each node of `toNode` and `toNodes`, with defaults filled
 * in. The requests share their lists and their data, which nobody may change.
 */
export function readMessage(item: unknown, options: CheckOptions): Checked {
  const fields = readFields(item);
  if (!fields.ok) return fields;
  const { message, said, warnings } = fields;
  for (const key of METHOD_FIELDS) message[key] = canonicalMethod(message[key]);
  const targets = targetsOf(message);
  const fault =
    faultOf(message, targets, options) ??
    (said.schedule === undefined ? undefined : scheduleFault(message, options));
  if (fault) return { ok: false, ...fault };
  if (message.fromNode !== '' && message.fromNode !== options.nodeName) {
    const reason = `FromNode is always the node that takes the message, so it is ${showText(options.nodeName)} here`;
    warnings.push({ field: 'FromNode', reason });
  }
  if (said.output === 'live' && message.relayViaNode !== '') {
    const reason = 'the output of a relayed request comes with its end, so "live" is taken for "end"';
    warnings.push({ field: 'output', reason });
  }
  const rest = {
    ...said,
    hasRetries: message.retries > 0,
    hasReplyRetries: message.replyRetries > 0,
  };
  fillIn(message, options);
  // A copy is made for the others alone, as most messages are for one node.
  const requests = targets.map((toNode, at) => ({
    message: at === 0 ? Object.assign(message, { toNode }) : { ...message, toNode },
    ...rest,
  }));
  return { ok: true, requests, warnings };
}

const METHOD_FIELDS = ['method', 'replyMethod', 'relayReplyMethod', 'relayOriginalMethod'] as const;
const NODE_FIELDS = ['relayViaNode', 'relayOriginalViaNode', 'relayFromNode', 'relayToNode'] as const;

function targetsOf({ toNode, toNodes }: Message): string[] {
  const first = toNode === '' ? [] : [toNode];
  return toNodes === null ? first : [...new Set([...first, ...toNodes])];
}

function fillIn(message: Message, options: CheckOptions): void {
  message.toNodes = null;
  message.fromNode = options.nodeName;
  message.ackTimeout ||= options.defaultAckTimeout;
  message.retries ||= options.defaultRetries;
  message.methodTimeout ||= options.defaultMethodTimeout;
}

function faultOf(message: Message, targets: readonly string[], options: CheckOptions): Issue | undefined {
  return (
    targetsFault(message, targets) ??
    methodsFault(message, options) ??
    relayNodesFault(message) ??
    pathsFault(message) ??
    argumentsFault(message) ??
    previousFault(message.previousMessage) ??
    sizeFault(message)
  );
}

function targetsFault(message: Message, targets: readonly string[]): Issue | undefined {
  if (targets.length === 0) {
    return { field: 'toNode', reason: 'toNode is missing; name a node in toNode, or several in toNodes' };
  }
  const wrong = targets.find((name) => nodeFault('toNode', name));
  if (wrong === undefined) return undefined;
  // Where it stands is looked for once: to do so for each of thousands takes their square.
  return nodeFault(
    wrong === message.toNode ? 'toNode' : `toNodes[${message.toNodes?.indexOf(wrong)}]`,
    wrong,
  );
}

function nodeFault(field: string, name: string): Issue | undefined {
  const fault = nodeNameFault(name);
  if (fault === undefined) return undefined;
  const allowed =
    'a node name has letters, digits, "-", "_", "." and other visible characters, but none of * > / \\';
  return { field, reason: `${field} ${showText(name)} ${fault}; ${allowed}` };
}

function scheduleFault(message: Message, options: CheckOptions): Issue | undefined {
  if (message.relayViaNode !== '') {
    const reason = `a request that is relayed cannot have a schedule; send it on ${showText(message.relayViaNode)}`;
    return { field: 'schedule', reason };
  }
  const reason = options.scheduleFault?.(message.method);
  return reason === undefined ? undefined : { field: 'schedule', reason };
}

function relayNodesFault(message: Message): Issue | undefined {
  return firstOf(NODE_FIELDS, (key) => (message[key] === '' ? undefined : nodeFault(key, message[key])));
}

function methodsFault(message: Message, options: CheckOptions): Issue | undefined {
  if (message.method === '') {
    return {
      field: 'method',
      reason: 'method is missing; say what the node shall do, such as REQCliCommand',
    };
  }
  return firstOf(METHOD_FIELDS, (key) => {
    const name = message[key];
    const isNone = name === 'REQNone' && key !== 'method';
    return name === '' || isNone ? undefined : methodFault(key, name, options);
  });
}

function methodFault(field: string, name: string, options: CheckOptions): Issue | undefined {
  const fault = methodNameFault(name);
  if (fault === undefined && options.isKnownMethod(name)) return undefined;
  const isAtHand = (known: string) =>
    options.isKnownMethod(known) || (known === 'REQNone' && field !== 'method');
  const meant = nearest(name, METHOD_NAMES.filter(isAtHand));
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return {
    field,
    reason: `${field} ${showText(name)} ${fault ?? 'is not a method that this node knows'}${hint}`,
  };
}

function pathsFault(message: Message): Issue | undefined {
  const directory = directoryFault(message.directory);
  if (directory) return { field: 'directory', reason: directory };
  const fileName = fileNameFault(message.fileName);
  return fileName ? { field: 'fileName', reason: fileName } : undefined;
}

/** Arguments are those of programs, or paths and addresses: the system takes none of them with a NUL. */
function argumentsFault({ methodArgs }: Message): Issue | undefined {
  const index = methodArgs?.findIndex((arg) => arg.includes('\0')) ?? -1;
  if (index < 0) return undefined;
  const field = `methodArgs[${index}]`;
  const reason = `${field} ${showText(methodArgs![index]!)} contains a NUL character, which no argument can have: leave it out, or send such bytes as data, with {{STEWARD_DATA_FILE}}`;
  return { field, reason };
}

/** A previous message decides into which node's folder a reply is written, so its nodes and paths are checked too. */
function previousFault(previous: Message | null): Issue | undefined {
  if (previous === null) return undefined;
  const fault =
    firstOf(['toNode', 'fromNode'] as const, (key) => {
      return previous[key] === '' ? undefined : nodeFault(key, previous[key]);
    }) ??
    pathsFault(previous) ??
    previousFault(previous.previousMessage);
  return fault && { field: `PreviousMessage.${fault.field}`, reason: fault.reason };
}

/** Half of what the codecs read, as a reply carries the lists of its request besides its own. */
function sizeFault(message: Message): Issue | undefined {
  let count = 0;
  let textBytes = 0;
  for (let part: Message | null = message; part !== null; part = part.previousMessage) {
    for (const list of [part.toNodes, part.methodArgs, part.replyMethodArgs]) {
      count += list?.length ?? 0;
      for (const text of list ?? []) textBytes += Buffer.byteLength(text);
    }
    count += part.data?.length ?? 0;
  }
  const [limit, textLimit] = [MAX_LIST_ITEMS / 2, MAX_TEXT_BYTES / 2];
  if (count > limit) {
    const reason = `data and the other lists have ${count} items; split it into messages of ${limit}`;
    return { field: 'data', reason };
  }
  if (textBytes <= textLimit) return undefined;
  const reason = `the arguments have ${textBytes} bytes and ${textLimit} are possible; put what is long into data, or copy it as a file`;
  return { field: 'methodArgs', reason };
}

function firstOf<T>(keys: readonly T[], fault: (key: T) => Issue | undefined): Issue | undefined {
  for (const key of keys) {
    const found = fault(key);
    if (found) return found;
  }
  return undefined;
}
