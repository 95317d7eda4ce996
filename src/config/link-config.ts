import { cronFault } from '../lib/cron-times.ts';
import { parseDuration } from '../lib/read-time.ts';
import { optionOf } from './options.ts';
import type { Settings } from './settings.ts';

export const LINK_PROFILES = ['default', 'metered', 'calls'] as const;

export type LinkProfile = (typeof LINK_PROFILES)[number];

/** When a node calls: this long after its last call, ms, or at the times of a cron expression in the machine's zone. */
export type CallTimes = { readonly everyMs: number } | { readonly cron: string };

/** How a node calls that has no connection between its calls. */
export interface CallConfig {
  readonly times: CallTimes;
  /** How long a call and the attempts at it may take, ms; 0 = until nothing is left to say. */
  readonly limitMs: number;
  /** Whether an urgent message that is submitted here places a call. */
  readonly isUrgentAtOnce: boolean;
}

/** How a node uses its link to the broker. */
export interface LinkConfig {
  /** 0 = no hellos. */
  readonly helloIntervalSeconds: number;
  /** The same to an original central node, which knows no profiles: as often as the setting says. */
  readonly originalHelloSeconds: number;
  /** After this long without a byte from the broker its connection is cut. */
  readonly linkSilenceSeconds: number;
  /** Undefined where the node keeps its connection. */
  readonly calls: CallConfig | undefined;
  /** The most that may go over the link a day, bytes both ways; 0 = no limit. */
  readonly linkBudgetBytes: number;
}

type Silences = Pick<LinkConfig, 'helloIntervalSeconds' | 'linkSilenceSeconds'>;

/** What a profile says where a setting has its usual value: every config file that was ever written names that. */
const PROFILES: Readonly<Record<LinkProfile, Silences>> = {
  default: { helloIntervalSeconds: 900, linkSilenceSeconds: 90 },
  metered: { helloIntervalSeconds: 6 * 3600, linkSilenceSeconds: 360 },
  calls: { helloIntervalSeconds: 900, linkSilenceSeconds: 60 },
};
const BUDGET = /^\s*(\d+(?:\.\d+)?)\s*(kB|MB|GB)\s*\/\s*day\s*$/i;
const UNITS = { kb: 1e3, mb: 1e6, gb: 1e9 } as const;
const LEAST_BUDGET_BYTES = 50_000;
const USUAL: Silences = { helloIntervalSeconds: 30, linkSilenceSeconds: 60 };
const SHORTEST_CALL_INTERVAL_MS = 10_000;
const LONGEST_CALL_INTERVAL_MS = 366 * 86_400_000;

/** The settings of the link, as its profile and the operator have them. Throws ConfigError; what has no effect goes to `warnings`. */
export function linkConfig(settings: Settings, profile: LinkProfile, warnings: string[]): LinkConfig {
  if (profile !== 'calls') warnOfCalls(settings, profile, warnings);
  const { StartPubREQHello: hello, LinkSilence: silence } = settings.values;
  return {
    helloIntervalSeconds:
      hello === USUAL.helloIntervalSeconds ? PROFILES[profile].helloIntervalSeconds : hello,
    originalHelloSeconds: hello,
    linkSilenceSeconds: silence === USUAL.linkSilenceSeconds ? PROFILES[profile].linkSilenceSeconds : silence,
    calls: profile === 'calls' ? callConfig(settings) : undefined,
    linkBudgetBytes: budgetOf(settings),
  };
}

/** Every config file has these settings: where they have their usual value, nobody meant anything by them. */
function warnOfCalls(settings: Settings, profile: LinkProfile, warnings: string[]): void {
  for (const key of ['LinkCalls', 'LinkCallLimit', 'LinkCallUrgent'] as const) {
    if (settings.values[key] === optionOf(key).default) continue;
    const fault = `has no effect while Link is ${profile}: this node stays connected. Set Link = calls as well for a node that calls`;
    warnings.push(settings.fault(key, fault).message);
  }
}

function callConfig(settings: Settings): CallConfig {
  const { LinkCalls: text, LinkCallLimit: limitSeconds, LinkCallUrgent: isUrgentAtOnce } = settings.values;
  const times = callTimes(text);
  if (typeof times === 'string') throw settings.fault('LinkCalls', times);
  return { times, limitMs: limitSeconds * 1000, isUrgentAtOnce };
}

/** When a text says that calls are due, or why it says nothing of the kind. */
function callTimes(text: string): CallTimes | string {
  const everyMs = parseDuration(text);
  if (everyMs === undefined) {
    const fault = cronFault(text.trim());
    return fault === undefined
      ? { cron: text.trim() }
      : `is neither a span such as 6h nor a cron expression such as 0 6 * * *: ${fault}`;
  }
  return everyMs >= SHORTEST_CALL_INTERVAL_MS && everyMs <= LONGEST_CALL_INTERVAL_MS
    ? { everyMs }
    : 'is no span between 10s and 366d';
}

function budgetOf(settings: Settings): number {
  const { LinkBudget: text } = settings.values;
  if (text === '') return 0;
  const [, amount, unit] = BUDGET.exec(text) ?? [];
  if (amount === undefined || unit === undefined)
    throw settings.fault(
      'LinkBudget',
      'is no budget: write an amount in kB, MB or GB for a day, such as 20MB/day, or nothing for no limit',
    );
  const bytes = Math.round(Number(amount) * UNITS[unit.toLowerCase() as keyof typeof UNITS]);
  if (bytes >= LEAST_BUDGET_BYTES) return bytes;
  throw settings.fault(
    'LinkBudget',
    `is too little: being there takes ${LEAST_BUDGET_BYTES / 1000} kB a day even with link = metered; give at least that, or nothing for no limit`,
  );
}
