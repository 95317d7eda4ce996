import { arch, platform, release } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import { addFormatHeaders } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { LINK_WORD } from '../message/link-word.ts';
import { newMessage } from '../message/message.ts';
import { PRIORITIES } from '../message/priority.ts';
import { kindOf, subjectOf } from '../message/subject.ts';
import { shortWords, WORDS_SUM } from '../message/words.ts';
import type { Peers } from '../outbox/peers.ts';
import type { LinkDays } from './link-days.ts';
import type { BudgetInHello, ToldBudget } from './told-budgets.ts';

/** Where a hello is written at the central node, as the reference has it. */
const PLACE = { directory: 'hello-messages', fileName: 'hello.log' };

/** What a hello tells of the budget of this node's link. */
export interface HelloBudget {
  readonly told: ToldBudget | undefined;
  heldMs(urgency: number): number;
  header(node: string): string | undefined;
}

/** While the budget is used up, as often as with the profile for dear links; ms. */
const SAVING_HELLO_MS = 6 * 3_600_000;
/** The shorter encoding, which a central node of this program reads whatever is configured. */
const SHORT = { serialization: 'cbor', compression: '' } as const;
/** How many of the first hellos name their words in full: the central node is to learn those of a new version, whichever of them is lost. */
const IN_FULL = 3;
const NORMAL = PRIORITIES.indexOf('normal');

/**
 * Makes the function that says hello to the central node; nobody waits for an answer to it. The hello's headers
 * tell what the node list shows: version, system, uptime (s), labels, how often hellos come (s), and, to one that reads it, what went over the link. One that says
 * `connected` is the first one of a connection, so what was on its way to the node before may be lost; one that says `leaving` is a goodbye, for a central node that knows the word: every other one takes it for a hello. A node that calls says in how many seconds it does
 * so next (`callIn`), where the central node heeds that.
 */
export function createHello(
  config: Config,
  deps: {
    version: string;
    /** The steady clock, ms. */
    now: () => number;
    bus: Pick<Bus, 'publish'>;
    trust: { readonly words: string };
    addresses: { subjectFor(subject: string): string };
    linkDays: Pick<LinkDays, 'told'>;
    peers: Pick<Peers, 'knows'>;
    /** In how many seconds the node calls next; undefined where that is not to be said. */
    callIn?(): number | undefined;
    budget: HelloBudget;
  },
): (more?: { readonly leaving: true } | { readonly connected: true }) => void {
  const startedAt = deps.now();
  const message = newMessage({
    ...PLACE,
    toNode: config.centralNodeName,
    fromNode: config.nodeName,
    method: 'REQHello',
    data: [Buffer.from(`Hello from ${config.nodeName}\n`)],
    ackTimeout: config.defaultMessageTimeoutSeconds,
    retries: config.defaultMessageRetries,
    methodTimeout: config.defaultMethodTimeoutSeconds,
  });
  const subject = subjectOf(message, kindOf(message.method));
  let said = 0;
  return (more) => {
    const isOwn = deps.peers.knows(config.centralNodeName, LINK_WORD);
    const { payload, serial, cmp } = encodeMessage(message, isOwn ? SHORT : config);
    const isShort = ++said > IN_FULL && deps.peers.knows(config.centralNodeName, WORDS_SUM);
    const about = {
      version: deps.version,
      os: `${platform()} ${release()}`,
      arch: arch(),
      uptime: Math.round((deps.now() - startedAt) / 1000),
      labels: config.labels,
      interval: helloIntervalMs(config, deps.budget) / 1000,
      knows: isShort ? shortWords(deps.trust.words) : deps.trust.words,
      ...(isOwn && { link: deps.linkDays.told(), budget: toldBudget(config.centralNodeName, deps.budget) }),
      callIn: deps.callIn?.(),
      ...more,
    };
    const headers: Record<string, string> = { [HEADER.hello]: JSON.stringify(about) };
    addFormatHeaders(headers, { serial, cmp });
    deps.bus.publish(deps.addresses.subjectFor(subject), payload, { headers });
  };
}

/** How often a node says hello, ms; 0 = never. */
export function helloIntervalMs(
  { helloIntervalSeconds }: Pick<Config, 'helloIntervalSeconds'>,
  budget: Pick<HelloBudget, 'heldMs'>,
): number {
  const usualMs = helloIntervalSeconds * 1000;
  return usualMs > 0 && budget.heldMs(NORMAL) > 0 ? Math.max(usualMs, SAVING_HELLO_MS) : usualMs;
}

/** Undefined, and so left out, where there is none. */
function toldBudget(node: string, budget: HelloBudget): BudgetInHello | undefined {
  const mayCome = budget.header(node);
  return budget.told && mayCome
    ? [budget.told.bytesPerDay, Math.floor(budget.told.leftBytes), mayCome]
    : undefined;
}
