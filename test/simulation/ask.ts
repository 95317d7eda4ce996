import type { SourceDeed } from './copies.ts';
import { DATA_FOLDER } from './sim-config.ts';
import type { WaveAsk } from './waves.ts';

/** A request that somebody made of a node, and what is known of it outside of the fleet. */
export interface Ask {
  readonly token: string;
  readonly kind: AskKind;
  /** The machine that it was asked of, and the node that is to do it. */
  readonly from: string;
  readonly toNode: string;
  readonly at: number;
  /** Whether who asked said how long it is to be tried. */
  readonly isLimited: boolean;
  /** Once it was accepted: its id. */
  id?: string;
  /** Whether the answer said that it was not accepted. */
  isRefused?: boolean;
  /** The key of which only the newest counts. */
  readonly key?: string;
  /** Whether somebody had it sent again, as another request. */
  isResent?: boolean;
  /** How long its command takes, where one prints while it runs, ms. */
  readonly ms?: number;
  /** Where a copy goes: to which node, and which path there. */
  readonly copyTo?: string;
  readonly target?: string;
  /** What a file is to hold that goes by way of another node, or is sent at each start. */
  readonly content?: string;
  /** Whether it is done again and again. */
  readonly repeats?: boolean;
  /** Where its reply goes, where that is no file. */
  readonly repliesTo?: 'console' | 'socket';
}

/** The method that a request of each kind asks for; of some there are several. */
export type AskKind =
  | 'append'
  | 'command'
  | 'relay'
  | 'schedule'
  | 'write'
  | 'original'
  | 'stream'
  | 'live'
  | 'tail'
  | 'ping'
  | 'admin'
  | 'copy'
  | 'relayed'
  | 'passed'
  | 'http'
  | 'socket'
  | 'console'
  | 'startup'
  | 'none';

export type NewAsk = Omit<Ask, 'at'>;

export interface Item {
  readonly ask: NewAsk;
  readonly message: object;
}

export type Deed =
  | { readonly at: number; readonly what: 'submit'; readonly from: string; readonly items: readonly Item[] }
  | { readonly at: number; readonly what: 'cancel' | 'resend'; readonly from: string; readonly nth: number }
  | { readonly at: number; readonly what: 'forget'; readonly from: string; readonly node: string }
  /** The node of the original program is asked to send something. */
  | { readonly at: number; readonly what: 'original'; readonly toNode: string; readonly token: string }
  | SourceDeed
  | { readonly at: number; readonly what: 'waves'; readonly wave: WaveAsk; readonly isEnd: boolean };

/** What is asked for. Seeds that found something go on to ask for what they asked for then: `first` to `fourth`. `told` is what tells while it runs, and nothing else; `copies`, `relayed` and `outside` likewise. */
export type Asks = (typeof ASKS)[number];
export const ASKS = [
  'all',
  'first',
  'second',
  'third',
  'fourth',
  'told',
  'copies',
  'relayed',
  'outside',
] as const;

/** Whether it goes by way of another node: a command, a file, or an append. */
export function isByRelay({ kind }: Pick<Ask, 'kind'>): boolean {
  return kind === 'relay' || kind === 'relayed' || kind === 'passed';
}

/** Where a node keeps what was appended, or written, by a request of another. */
export function pathOf({ kind, toNode, from }: Pick<Ask, 'kind' | 'toNode' | 'from'>): string {
  if (kind === 'write') return `${DATA_FOLDER}/written/${toNode}/by-${from}`;
  return `${kind === 'passed' ? kind : 'asked'}/${toNode}/by-${from}`;
}
