import { seconds } from './option-spec.ts';

/** The settings that say how a node uses its link to the broker. */
export const LINK_SPECS = {
  StartPubREQHello: {
    ...seconds,
    min: 0,
    default: 30,
    group: 'node',
    summary: 'say hello to the central node this often; 0 = never, 30 = as Link has it',
  },
  Link: {
    type: 'string',
    default: 'default',
    group: 'broker',
    summary: 'how the link is used: default, or metered (a hello every 6 h)',
  },
  LinkSilence: {
    ...seconds,
    min: 10,
    default: 60,
    group: 'broker',
    summary: 'cut a connection without a byte for this long; 60 = as Link has it',
  },
} as const;
