import { LATER_METHODS } from '../../message/method-names.ts';
import { parseSubject, receiverOf, relayTargetOf } from '../../message/subject.ts';
import type { Entry } from './lane-window.ts';

interface Way {
  /** Whether the node that takes it speaks lanes, where that is known, and knows names with dots. */
  readonly speaksLanes: boolean | undefined;
  readonly knowsDots: boolean;
  /** The node that sends it. */
  readonly nodeName: string;
}

/**
 * Why what goes on a lane's subject cannot get there, as far as is known of the node that takes it: an original node and an
 * early one hear of relayed messages only where their targets' names have no dots, and an early one refuses a sender
 * that it cannot name. What an original node has no method for would wait for somebody who listens for as long as it lives.
 */
export function wayFault(subject: string, { speaksLanes, knowsDots, nodeName }: Way): string | undefined {
  if (speaksLanes === undefined || knowsDots) return undefined;
  const via = receiverOf(subject);
  if (speaksLanes && nodeName.includes('.'))
    return `${via} runs a version that is too old for names with dots, such as ${nodeName}: upgrade it`;
  const { method = '' } = parseSubject(subject) ?? {};
  if (!speaksLanes && LATER_METHODS.includes(method))
    return `${via} runs the original program, which has no ${method}`;
  const target = relayTargetOf(subject);
  if (!target?.includes('.')) return undefined;
  const why = speaksLanes
    ? 'runs a version that is too old for that: upgrade it'
    : 'runs the original program';
  return `${target} has dots in its name, and cannot be reached by way of ${via}, which ${why}; send to it directly, or relay through another node`;
}

/** What headers may take of the broker's limit, bytes. */
const HEADER_ROOM = 2048;

/** Why a message that goes in pieces cannot be for a node that does not put them together. */
export function piecesRefusal(
  { schedule }: Pick<Entry, 'schedule'>,
  about: { toNode: string; wholeBytes: number; maxPayload: number },
): string {
  const { toNode, wholeBytes, maxPayload } = about;
  if (schedule !== null)
    return `it has a schedule, and ${toNode} is an original node, which keeps none: it would run it once`;
  if (wholeBytes > 0 && wholeBytes <= maxPayload - HEADER_ROOM)
    return `it reads a standard input or a script, which ${toNode} cannot be given: it runs the original program`;
  return `its ${wholeBytes} bytes are more than the broker takes at once (${maxPayload}), and ${toNode} does not put parts together`;
}
