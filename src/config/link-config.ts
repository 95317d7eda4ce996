import type { Settings } from './settings.ts';

export const LINK_PROFILES = ['default', 'metered'] as const;

export type LinkProfile = (typeof LINK_PROFILES)[number];

/** How a node uses its link to the broker. */
export interface LinkConfig {
  /** 0 = no hellos. */
  readonly helloIntervalSeconds: number;
  /** After this long without a byte from the broker its connection is cut. */
  readonly linkSilenceSeconds: number;
}

/** What a profile says where a setting has its usual value: every config file that was ever written names that. */
const PROFILES: Readonly<Record<LinkProfile, LinkConfig>> = {
  default: { helloIntervalSeconds: 900, linkSilenceSeconds: 60 },
  metered: { helloIntervalSeconds: 6 * 3600, linkSilenceSeconds: 360 },
};
const USUAL: LinkConfig = { helloIntervalSeconds: 30, linkSilenceSeconds: 60 };

/** The settings of the link, as its profile and the operator have them. */
export function linkConfig({ values }: Pick<Settings, 'values'>, profile: LinkProfile): LinkConfig {
  const { StartPubREQHello: hello, LinkSilence: silence } = values;
  return {
    helloIntervalSeconds:
      hello === USUAL.helloIntervalSeconds ? PROFILES[profile].helloIntervalSeconds : hello,
    linkSilenceSeconds: silence === USUAL.linkSilenceSeconds ? PROFILES[profile].linkSilenceSeconds : silence,
  };
}
