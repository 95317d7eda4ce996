import { succeeds } from '../lib/succeeds.ts';
import type { Logger } from '../observe/logger.ts';
import type { Bus } from './bus.ts';

interface Names {
  readonly nodeName: string;
  readonly centralNodeName: string;
}

/** What it means that a node can hear and answer what the central node asks about its name, as two halves of a sentence. */
export const NAME_RIGHTS = {
  what: (central: string) =>
    `the broker lets this node answer when ${central} asks whether its name is taken: whoever has this node's key can keep ${central} off`,
  advice: 'narrow its permissions there: steward broker-config writes those of a whole fleet',
} as const;

/**
 * A subject that only wide permissions, such as `central.>`, let a node hear. Nothing is ever sent to it, and its end says
 * that a refusal is nothing to be told.
 */
export function centralNameSubject(central: string): string {
  return `${central}.Steward.Instance.reply.name-rights.*`;
}

/** Says in the log that this node may do more than it should, as permissions like those of the original's README allow it. */
export async function tellNameRights(
  { nodeName, centralNodeName }: Names,
  { bus, logger }: { readonly bus: Pick<Bus, 'subscribe'>; readonly logger: Pick<Logger, 'info'> },
): Promise<void> {
  if (nodeName === centralNodeName) return;
  using subscription = bus.subscribe(centralNameSubject(centralNodeName), () => {});
  const isAllowed = await succeeds(subscription.ready());
  if (isAllowed) logger.info({}, `${NAME_RIGHTS.what(centralNodeName)}; ${NAME_RIGHTS.advice}`);
}
