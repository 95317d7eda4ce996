import { inGroup } from './option-spec.ts';

/** Whether config.toml gets it only where somebody gives it: its absence means that nobody has decided. */
const given = { type: 'string', default: '', onlyGiven: true } as const;

/** They count where trust is closed. */
const quota = { type: 'int', min: 0, onlyGiven: true } as const;

/** The settings of who may ask this node for what. */
export const TRUST_SPECS = inGroup('trust', {
  Trust: { ...given, default: 'open', summary: 'what others may ask of this node: open, watch or closed' },
  TrustOriginal: { ...given, summary: 'nodes that need not prove who they are, as they cannot: node,node' },
  TrustRelay: { ...given, summary: 'who may reach whom through a third: from:via:to,from:via:to' },
  QuotaMB: {
    ...quota,
    default: 1024,
    unit: 'MB',
    summary: 'what a node may write here unasked in a day; 0 = no limit',
  },
  QuotaFiles: {
    ...quota,
    default: 100_000,
    summary: 'new files and folders a node may begin here unasked in a day; 0 = no limit',
  },
  QuotaWaiting: {
    ...quota,
    default: 5000,
    summary: 'requests of a node, not the central one, that may wait here; 0 = no limit',
  },
  ReplyCommands: {
    type: 'bool',
    default: false,
    onlyGiven: true,
    summary: 'let replies be commands for central, in a closed fleet too',
  },
});
