import { KINDS, type Kind } from './kind.ts';
import type { Message } from './message.ts';
import { methodNameFault, nodeNameFault } from './names.ts';

/** What a subject says of the message that travels on it. */
export interface Subject {
  /** The node, or `<toNode>.<viaNode>` on the subject of a relayed message: what the message has as its toNode. */
  readonly toNode: string;
  readonly method: string;
  readonly kind: Kind;
}

const RELAY = 'REQRelay';
/** Stands in a lane's subject between a target and the node that relays to it, where dots in names would hide that. */
const VIA = '/';
/** How many parts the name of a relayed message's target may have. */
const MOST_PARTS = 6;

/** The subject a message travels on: `<toNode>.<method>.<kind>`. */
export function subjectOf(message: Pick<Message, 'toNode' | 'method'>, kind: Kind): string {
  return `${message.toNode}.${message.method}.${kind}`;
}

/** The subject as a lane keeps it: the same, but that a relayed message's tells target and relaying node apart. */
export function laneSubjectOf(
  message: Pick<Message, 'toNode' | 'method' | 'relayToNode' | 'relayOriginalViaNode'>,
  kind: Kind,
): string {
  const { method, relayToNode: to, relayOriginalViaNode: via } = message;
  const isUnclear = method === RELAY && (to.includes('.') || via.includes('.'));
  return subjectOf({ method, toNode: isUnclear ? `${to}${VIA}${via}` : message.toNode }, kind);
}

/** The subject on the wire of a lane's subject. */
export function wireSubject(subject: string): string {
  return subject.replace(VIA, '.');
}

/** What a node that relays listens to: its own name is at the end, behind a target's, which may have dots. */
export function relaySubjects(node: string, kind: Kind): string[] {
  const targets = Array.from({ length: MOST_PARTS }, (_, more) => '*.'.repeat(more + 1));
  return targets.map((target) => subjectOf({ toNode: `${target}${node}`, method: RELAY }, kind));
}

/** The node that takes what travels on a lane's subject: the target, or the node that relays to it. */
export function receiverOf(subject: string): string {
  const read = readSubject(subject);
  if (read === undefined) return subject;
  if (read.method !== RELAY) return read.toNode;
  const end = read.toNode.lastIndexOf(VIA);
  return read.toNode.slice((end === -1 ? read.toNode.lastIndexOf('.') : end) + 1);
}

/** The node that what travels on a lane's subject is relayed to; undefined where it is not relayed. */
export function relayTargetOf(subject: string): string | undefined {
  const read = readSubject(subject);
  if (read?.method !== RELAY) return undefined;
  return read.toNode.slice(0, -receiverOf(subject).length - 1);
}

/**
 * Reads a subject from its end, as names of nodes may have dots; undefined for reply subjects and all others that no
 * message travels on.
 */
export function parseSubject(subject: string): Subject | undefined {
  const read = readSubject(subject);
  return read && { ...read, toNode: wireSubject(read.toNode) };
}

function readSubject(subject: string): Subject | undefined {
  const parts = subject.split('.');
  const kind = parts.at(-1) as Kind;
  const method = parts.at(-2) ?? '';
  if (!KINDS.includes(kind) || methodNameFault(method)) return undefined;
  const toNode = parts.slice(0, -2).join('.');
  const isRelayed = method === RELAY && (toNode.includes('.') || toNode.includes(VIA));
  const names = isRelayed ? wireSubject(toNode) : toNode;
  if (isRelayed !== (method === RELAY) || names.split('.').some(nodeNameFault)) return undefined;
  return { toNode, method, kind };
}

/** The node that waits for answers on a reply subject: '' where all who send to `subject` do; undefined where nobody does. */
export function waiterAt(reply: string, subject: string): string | undefined {
  const shared = `${subject}.reply`;
  if (reply === shared) return '';
  const end = reply.lastIndexOf('.');
  return reply.startsWith(`${shared}.`) && end > shared.length
    ? reply.slice(shared.length + 1, end)
    : undefined;
}

/** The subject on which a broker lets nobody publish but the node that it names last: it proves who sends. */
export function provedSubject(subject: string, sender: string): string {
  return `${subject}${PROOF}${sender}`;
}

/** Takes the proof off a subject; no part of a node's name is \`from\`, so the first one is it. */
export function takeProof(subject: string): {
  readonly subject: string;
  readonly sender: string | undefined;
} {
  const at = subject.indexOf(PROOF);
  if (at === -1) return { subject, sender: undefined };
  return { subject: subject.slice(0, at), sender: subject.slice(at + PROOF.length) };
}

const PROOF = '.from.';

/** Which kind the reference sends a method as; a method it does not know is an answered event. */
export function kindOf(method: string): Kind {
  return KIND_OF_METHOD.get(method) ?? 'EventACK';
}

const KIND_OF_METHOD = new Map<string, Kind>([
  ['REQInitial', 'CommandACK'],
  ['REQOpProcessList', 'CommandACK'],
  ['REQOpProcessStart', 'CommandACK'],
  ['REQOpProcessStop', 'CommandACK'],
  ['REQCliCommand', 'CommandACK'],
  ['REQCliCommandCont', 'CommandACK'],
  ['REQHello', 'EventNACK'],
]);
