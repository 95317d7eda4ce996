import type { Clock } from '../lib/clock.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { nodeNameFault } from '../message/names.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { readWords } from '../message/words.ts';
import type { Logger } from '../observe/logger.ts';
import type { Peers } from '../outbox/peers.ts';
import type { Store } from '../store/store.ts';
import { readLinkDays } from './hello-facts.ts';
import type { LinkDays } from './link-days.ts';
import { helloStatement } from './node-rows.ts';
import type { NodePresence } from './presence.ts';
import type { ToldBudgets } from './told-budgets.ts';

/** A hello is small; what is larger is none. */
const MAX_HELLO_BYTES = 64 * 1024;
/** The most that a node may tell of itself in a header, characters; of what is larger nothing is kept. */
const MAX_ABOUT = 16 * 1024;
/** Of what is shortened, fields longer than this are left out, characters: words, budgets and link days are shorter. */
const MAX_FIELD = 1000;

const CROWDED =
  'error: as many nodes have said hello as this one remembers: one whose name is new is not listed (trust = closed lists those that were let in)';

interface NoteHelloDeps {
  readonly peers: Pick<Peers, 'alive' | 'heardWords'>;
  readonly store: Pick<Store, 'write'>;
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly logger: Logger;
  readonly presence: Pick<NodePresence, 'saidHello' | 'left' | 'longestHello' | 'hasRoomFor'>;
  readonly fleet: {
    readonly linkDays: Pick<LinkDays, 'heard'>;
    readonly budgets: Pick<ToldBudgets, 'heard'>;
  };
  /** Tells errorCentral and the log. */
  readonly errorReporter: { report(text: string): void };
  readonly trust: {
    /** Whether somebody may say that it is a node. */
    believes(claimed: string, proved: string | undefined): boolean;
  };
}

/**
 * Takes note of the node that said hello: what waits for it goes on at once, and the node list shows it. Returns false
 * for a goodbye, which is no more than that.
 */
export function noteHello(
  message: WireMessage,
  { peers, store, clock, logger, presence, fleet, errorReporter, trust }: NoteHelloDeps,
): boolean {
  try {
    const { fromNode } = decodeMessage(message.payload, {
      serial: message.header(HEADER.serial) ?? '',
      cmp: message.header(HEADER.compression) ?? '',
      maxBytes: MAX_HELLO_BYTES,
    });
    if (nodeNameFault(fromNode) || !trust.believes(fromNode, message.sender)) return true;
    if (!presence.hasRoomFor(fromNode)) {
      errorReporter.report(CROWDED);
      return true;
    }
    const told = message.header(HEADER.hello);
    const about =
      told === undefined || told.length > MAX_ABOUT ? undefined : kept(told, presence.longestHello);
    const { words, isGoodbye, hasConnected = false } = readWords(about);
    peers.heardWords(fromNode, words);
    if (isGoodbye) presence.left(fromNode, about);
    else {
      peers.alive(fromNode, { speaksLanes: told !== undefined, hasConnected });
      if (presence.saidHello(fromNode, about)) errorReporter.report(twoOf(fromNode));
    }
    const now = clock.wallNow();
    fleet.budgets.heard(fromNode, about, now);
    const days = fleet.linkDays.heard(fromNode, readLinkDays(about));
    store
      .write([helloStatement(fromNode, now, about), ...days])
      .catch((error) => logger.warn({ err: error }, 'the node list could not be written'));
    return !isGoodbye;
  } catch {
    // The journal gets the same message, and says what is wrong with it.
  }
  return true;
}

function twoOf(name: string): string {
  return `error: two nodes are named ${name}, and one of them is of the original program: it said hello while the other one ran; what comes for the name runs twice, stop one of them`;
}

/** What is kept of a hello that is longer than `most`: all that the program reads; labels, which are only shown, and fields longer than any node's are left out. */
function kept(told: string, most: number): string {
  if (told.length <= most) return told;
  const fields = Object.entries(JSON.parse(told) as object);
  const isKept = (value: unknown) =>
    (typeof value !== 'object' || Array.isArray(value)) && JSON.stringify(value).length <= MAX_FIELD;
  return JSON.stringify(Object.fromEntries(fields.filter(([, value]) => isKept(value))));
}
