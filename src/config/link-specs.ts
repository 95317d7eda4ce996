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
    summary: 'default, metered (rare hellos), or calls (connected during calls alone)',
  },
  LinkBudget: {
    type: 'string',
    default: '',
    group: 'broker',
    summary: 'the most that goes over the link a day, both ways, such as 20MB/day; empty = no limit',
  },
  LinkSilence: {
    ...seconds,
    min: 10,
    default: 60,
    group: 'broker',
    summary: 'cut a connection without a byte for this long; 60 = as Link has it',
  },
  LinkCalls: {
    type: 'string',
    default: '6h',
    group: 'broker',
    summary: 'when a node with Link = calls calls: a span (6h), or cron (0 6 * * *)',
  },
  LinkCallLimit: {
    ...seconds,
    min: 0,
    default: 0,
    group: 'broker',
    summary: 'end a call, and attempts at one, after this long; 0 = when all is said',
  },
  LinkCallUrgent: {
    type: 'bool',
    default: true,
    group: 'broker',
    summary: 'call at once for an urgent message that is submitted here',
  },
} as const;
