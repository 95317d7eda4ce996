import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { TrustAnswer } from '../contract/trust.ts';
import type { NodeList } from '../fleet/node-list.ts';
import type { Refusals } from '../trust/refusals.ts';

interface TrustParts {
  readonly nodes: Pick<NodeList, 'list'>;
  readonly refusals: Pick<Refusals, 'list' | 'hasProved'>;
}

const DEFAULT_DAYS = 7;

/** What is known of the trust of this node: its mode, who never proved who it is, and what was refused or would be. */
export async function trustAnswer(
  { nodeName, configFile, trust }: Config,
  { days = DEFAULT_DAYS }: { readonly days?: number },
  { nodes, refusals }: TrustParts,
): Promise<TrustAnswer> {
  const known = (await nodes.list()).filter(({ isSelf, name }) => !isSelf && !refusals.hasProved(name));
  return {
    node: nodeName,
    mode: trust.mode,
    configFile: resolve(configFile),
    originals: [...trust.originals],
    unproved: known.map(({ name, version, lastSeenAt }) => ({ name, version, lastSeenAt })),
    refusals: await refusals.list(days),
  };
}
