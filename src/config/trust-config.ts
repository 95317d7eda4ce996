import { nodeNameFault } from '../message/names.ts';
import { itemsOf } from './option-value.ts';
import type { OptionKey } from './options.ts';
import type { Settings } from './settings.ts';

/** How a node treats what others ask of it. */
export const TRUST_MODES = ['open', 'watch', 'closed'] as const;

export type TrustMode = (typeof TRUST_MODES)[number];

/** Who may ask this node for what. */
export interface TrustConfig {
  readonly mode: TrustMode;
  /** Whether it listens where the broker proves senders; one that was turned back to open does, as others may send there. */
  readonly wantsProof: boolean;
  /** Nodes that need no proof. */
  readonly originals: readonly string[];
  /** Who may reach whom through a third. */
  readonly relays: readonly { readonly from: string; readonly via: string; readonly to: string }[];
  /** Whether central runs commands that are reply methods. */
  readonly replyCommands: boolean;
}

/** Reads what the settings say of trust. Throws ConfigError. */
export function trustConfig(settings: Settings): TrustConfig {
  const { values } = settings;
  const mode = TRUST_MODES.find((known) => known === values.Trust);
  if (mode === undefined) throw settings.fault('Trust', `is not one of ${TRUST_MODES.join(', ')}`);
  return {
    mode,
    wantsProof: mode !== 'open' || settings.isGiven('Trust'),
    originals: itemsOf(values.TrustOriginal).map((name) => checked(name, 'TrustOriginal', settings)),
    relays: itemsOf(values.TrustRelay).map((text) => {
      const [from = '', via = '', to = '', ...more] = text.split(':');
      if (to === '' || more.length > 0)
        throw settings.fault('TrustRelay', 'is not from:via:to, such as ship1:central:ship2');
      for (const name of [from, via, to]) checked(name, 'TrustRelay', settings);
      return { from, via, to };
    }),
    replyCommands: values.ReplyCommands,
  };
}

/** What a node may send here unasked, where trust is closed; 0 = no limit. */
export interface QuotaConfig {
  readonly bytesPerDay: number;
  readonly filesPerDay: number;
  readonly waiting: number;
}

export function quotaConfig({ values }: Settings): QuotaConfig {
  const { QuotaMB, QuotaFiles, QuotaWaiting } = values;
  return { bytesPerDay: QuotaMB * 1024 * 1024, filesPerDay: QuotaFiles, waiting: QuotaWaiting };
}

function checked(name: string, key: OptionKey, settings: Settings): string {
  const fault = nodeNameFault(name);
  if (fault !== undefined)
    throw settings.fault(key, `names ${JSON.stringify(name)}, which is no node name: it ${fault}`);
  return name;
}
