import type { Clock } from '../lib/clock.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { nodeNameFault } from '../message/names.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { longWords, OWN_WORDS, readWords } from '../message/words.ts';
import type { Peers } from '../outbox/peers.ts';
import { labelsOf, readLinkDays } from './hello-facts.ts';
import type { LinkDays } from './link-days.ts';
import type { HelloRows } from './node-rows.ts';
import type { NodePresence } from './presence.ts';
import type { ToldBudgets } from './told-budgets.ts';

/** A hello is small; what is larger is none. */
const MAX_HELLO_BYTES = 64 * 1024;
/** The most that a node may tell of itself in a header, characters; of what is larger nothing is kept. */
const MAX_ABOUT = 16 * 1024;
/** From this length on a hello is shortened, characters: fields longer than the second are left out, as words, budgets and link days are shorter. */
const [LONG_ABOUT, MAX_FIELD] = [1024, 1000];

const CROWDED =
  'error: as many nodes have said hello as this one remembers: one whose name is new is not listed (trust = closed lists those that were let in)';

interface NoteHelloDeps {
  readonly peers: Pick<Peers, 'alive' | 'heardWords' | 'wordsOf'>;
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly presence: Pick<NodePresence, 'saidHello' | 'left' | 'heard'> & {
    readonly known: Pick<NodePresence['known'], 'longestHello' | 'hasRoomFor'>;
  };
  readonly fleet: {
    readonly linkDays: Pick<LinkDays, 'heard'>;
    readonly budgets: Pick<ToldBudgets, 'heard'>;
    readonly hellos: Pick<HelloRows, 'note'>;
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
  { peers, clock, presence, fleet, errorReporter, trust }: NoteHelloDeps,
): boolean {
  try {
    const fromNode = senderIn(message);
    if (nodeNameFault(fromNode) || !trust.believes(fromNode, message.sender)) return true;
    if (!presence.known.hasRoomFor(fromNode)) {
      errorReporter.report(CROWDED);
      return true;
    }
    const told = message.header(HEADER.hello);
    const about =
      told === undefined || told.length > MAX_ABOUT ? undefined : kept(told, presence.known.longestHello);
    const { words, isGoodbye, hasConnected = false } = readWords(about);
    noteWords(fromNode, words, peers);
    if (isGoodbye) presence.left(fromNode, about);
    else {
      peers.alive(fromNode, { speaksLanes: told !== undefined, hasConnected });
      if (presence.saidHello(fromNode, about)) errorReporter.report(twoOf(fromNode));
    }
    const now = clock.wallNow();
    fleet.budgets.heard(fromNode, about, now);
    const days = fleet.linkDays.heard(fromNode, readLinkDays(about));
    // When it was heard of is written each minute, and the rest with its next hello.
    if (!fleet.hellos.note({ name: fromNode, at: now, about }, days) && !isGoodbye) presence.heard(fromNode);
    return !isGoodbye;
  } catch {
    // The journal gets the same message, and says what is wrong with it.
  }
  return true;
}

/** Of words in short that mean nothing here it stays what is known. */
function noteWords(node: string, words: string | undefined, peers: NoteHelloDeps['peers']): void {
  const known = words && longWords(words, [peers.wordsOf(node), OWN_WORDS]);
  if (known || !words) peers.heardWords(node, known);
}

function senderIn(message: WireMessage): string {
  const serial = message.header(HEADER.serial) ?? '';
  const cmp = message.header(HEADER.compression) ?? '';
  return decodeMessage(message.payload, { serial, cmp, maxBytes: MAX_HELLO_BYTES }).fromNode;
}

function twoOf(name: string): string {
  return `error: two nodes are named ${name}, and one of them is of the original program: it said hello while the other one ran; what comes for the name runs twice, stop one of them`;
}

/** What is kept of a hello: all that the program reads. Of one that is long, fields longer than any node's are left out and labels cut as lists show them; beyond `most` none are kept. */
function kept(told: string, most: number): string {
  if (told.length <= LONG_ABOUT) return told;
  const { labels, ...fields } = JSON.parse(told) as Record<string, unknown>;
  const isKept = (value: unknown) =>
    (typeof value !== 'object' || Array.isArray(value)) && JSON.stringify(value).length <= MAX_FIELD;
  const short = Object.fromEntries(Object.entries(fields).filter(([, value]) => isKept(value)));
  return JSON.stringify(told.length <= most ? { ...short, labels: labelsOf(labels) } : short);
}
