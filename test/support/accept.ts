import assert from 'node:assert/strict';
import type { StewardNode } from './node.ts';

/** Submits messages that a node must take, every one, and returns their ids. */
export async function accept(node: StewardNode, messages: readonly object[]): Promise<string[]> {
  const answer = await node.submit(messages);
  assert.deepEqual(answer.refused, [], 'nothing is refused');
  return (answer.accepted as { id: string }[]).map(({ id }) => id);
}
