import type { EffectMethod } from '../method.ts';

/**
 * REQNone (EventACK): takes a message and does nothing with it.
 *
 * As a reply method it means that no reply is wanted: then no message is sent at all. As a method it answers,
 * which shows that a node is reached.
 */
export function createReqNone(): EffectMethod {
  return {
    name: 'REQNone',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Does nothing.',
    args: [],
    apply: async (batch) => batch.map(() => ({ ok: true })),
  };
}
