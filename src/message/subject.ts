import { KINDS, type Kind } from './kind.ts';
import type { Message } from './message.ts';
import { methodNameFault, nodeNameFault } from './names.ts';

/** What a subject says of the message that travels on it. */
export interface Subject {
  /** The node, or `<toNode>.<viaNode>` on the subject of a relayed message. */
  readonly toNode: string;
  readonly method: string;
  readonly kind: Kind;
}

/** The subject a message travels on: `<toNode>.<method>.<kind>`. */
export function subjectOf(message: Pick<Message, 'toNode' | 'method'>, kind: Kind): string {
  return `${message.toNode}.${message.method}.${kind}`;
}

/** The node that takes what travels on a subject: the target, or the node that relays to it. */
export function receiverOf(subject: string): string {
  const toNode = parseSubject(subject)?.toNode ?? subject;
  return toNode.slice(toNode.indexOf('.') + 1);
}

/** Reads a subject back; undefined for reply subjects and all others that no message travels on. */
export function parseSubject(subject: string): Subject | undefined {
  const parts = subject.split('.');
  const kind = KINDS.find((known) => known === parts.at(-1));
  const method = parts.at(-2) ?? '';
  const nodes = parts.slice(0, -2);
  if (kind === undefined || methodNameFault(method) || nodes.some(nodeNameFault)) return undefined;
  if (nodes.length !== (method === 'REQRelay' ? 2 : 1)) return undefined;
  return { toNode: nodes.join('.'), method, kind };
}
