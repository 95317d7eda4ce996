import { targetFault } from '../files/target-file.ts';
import { type NoticeDeps, writeNotice } from '../files/write-notice.ts';
import type { EffectMethod } from '../method.ts';

/**
 * REQPong (EventACK): the reply to a ping.
 *
 * Replaces the message's file with `<date>, pong received from <node>`. No reply. A pong that nobody pinged for
 * has no previous message and is filed under its own toNode.
 */
export function createReqPong(deps: NoticeDeps): EffectMethod {
  return {
    name: 'REQPong',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Notes the answer to a ping.',
    args: [],
    isForPeople: false,
    check: targetFault,
    apply: async (batch) => {
      const outcomes = [];
      for (const { message } of batch) {
        outcomes.push(await writeNotice(message, { text: `pong received from ${message.fromNode}` }, deps));
      }
      return outcomes;
    },
  };
}
