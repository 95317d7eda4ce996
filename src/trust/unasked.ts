import type { Incoming } from '../message/method-contract.ts';
import type { Decision, Unasked } from './judge.ts';

/** A message that is kept apart, and the node that sent it. */
export interface Kept extends Pick<Incoming, 'id' | 'message'> {
  readonly sender: string;
}

/** What of a message counts for the share of its sender; undefined where nothing does. */
export function unaskedOf(decision: Decision, id: string): Unasked | undefined {
  if (decision.do === 'take') return decision.unasked;
  if (decision.do === 'refuse') return {};
  return decision.do === 'keep' ? { file: `unasked/${id}` } : undefined;
}

/** The file in which a message is kept, with a path below the data folder. */
export function fileOfUnasked({ id, message, sender }: Kept): {
  readonly path: string;
  readonly data: readonly Uint8Array[];
} {
  // Both come from elsewhere, and must not lead to another folder.
  const [name, place] = [message.fileName || message.method, id].map(fileWord);
  return { path: `unasked/${sender}/${place}-${name}`, data: message.data ?? [] };
}

function fileWord(text: string): string {
  return text.replace(/[^\w.-]/g, '_').slice(-100);
}
