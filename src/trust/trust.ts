import type { TrustMode } from '../config/trust-config.ts';
import type { Message } from '../message/message.ts';
import { messageBytes } from '../message/message-bytes.ts';
import { senderOf } from '../message/sender-of.ts';
import { parseSubject, waiterAt } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { OWN_WORDS } from '../message/words.ts';
import { Addressing } from './addressing.ts';
import { AskedFor, type Requests } from './asked-for.ts';
import {
  type Decision,
  type Facts,
  inNameOf,
  isEverTaken,
  isRelaysOwn,
  judge,
  mayTellEnds,
  noRight,
  type Relay,
} from './judge.ts';
import { mostBytesOf } from './most-bytes.ts';
import type { Pace, Paced } from './pace.ts';
import type { Load, Quotas } from './quotas.ts';
import type { Refusals } from './refusals.ts';
import { fileOfUnasked, type Kept, unaskedOf } from './unasked.ts';

export interface TrustOptions {
  readonly mode: TrustMode;
  readonly wantsProof: boolean;
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Nodes that need no proof, as they are of the original or of an earlier version. */
  readonly originals: readonly string[];
  /** Who may reach whom through this node, or this node through whom. */
  readonly relays: () => readonly Relay[];
  /** Whether the output of a command may be the command of this node, where the request wants that. */
  readonly replyCommands: boolean;
  /** The words for what this node understands; the usual unless told. */
  readonly words?: string;
}

/** What is known of a message besides itself. */
interface Arrived {
  readonly proved: string | undefined;
  readonly re: string | undefined;
  readonly id: string;
  /** Where it stands in its lane, which it has again when it comes again; undefined where it has no place. */
  readonly place: string | undefined;
}

export interface TrustDeps {
  readonly requests: Requests;
  /** The node from which a request came that is known here. */
  askerOf(id: string): string | undefined;
  /** The node from which a request came that this one sent on as one of its own, by the id of that. */
  firstSenderOf(id: string): string | undefined;
  /** Holds back what nodes say too often. */
  readonly pace?: Pick<Pace, 'pass'> | undefined;
  isNode(name: string): boolean;
  /** What nodes may send unasked; without it, as much as they like. */
  readonly quotas?: Pick<Quotas, 'take'> | undefined;
  /** Counts what a closed node refuses, or would, and forgets it where a node proves who it is. */
  readonly refusals: Pick<Refusals, 'note' | 'proved' | 'provers'>;
  /** Tells errorCentral and the log what is not told otherwise. */
  report(text: string): void;
  /** Keeps the data of a message in a file below the data folder. */
  keepFile(file: { readonly path: string; readonly data: readonly Uint8Array[] }): Promise<void>;
}

/** A message that has come, as far as it is known before its payload is read. */
export interface Arriving {
  readonly method: string;
  /** The node that the subject proves. */
  readonly proved: string | undefined;
}

const TAKE: Decision = { do: 'take' };
const PROOF_WORD = 'from';
/** What is kept of a message that was refused, so that it is answered in the same way again. */
const REFUSED_BYTES = 1000;

/** Decides what others may ask of this node, and how this node addresses others. */
export class Trust {
  readonly addressing: Addressing;
  /** Whether this node listens to subjects that prove who sends. */
  readonly wantsProof: boolean;
  readonly mode: TrustMode;
  readonly isOpen: boolean;
  /** The words for what this node understands, as hellos and answers name them. */
  words: string;
  readonly #options: TrustOptions;
  readonly #deps: TrustDeps;
  readonly #facts: Facts;
  readonly #asked: AskedFor;
  readonly #originals: ReadonlySet<string>;
  #hearsProof = false;

  constructor(options: TrustOptions, deps: TrustDeps) {
    const { nodeName, centralNodeName, relays, replyCommands } = options;
    this.#options = options;
    this.wantsProof = options.wantsProof;
    this.mode = options.mode;
    this.isOpen = options.mode === 'open';
    this.words = options.words ?? OWN_WORDS;
    this.#deps = deps;
    this.#originals = new Set(options.originals);
    const asked = new AskedFor(nodeName, deps.requests);
    this.#asked = asked;
    this.#facts = {
      ...{ nodeName, centralNodeName, relays, replyCommands, isNode: deps.isNode },
      ...{ answers: asked.answers, askedCopy: asked.askedCopy, askedRelay: asked.askedRelay },
      firstSenderOf: this.#firstSenderOf,
      areFrom: (ids, sender) => ids.every((id) => (deps.askerOf(id.toLowerCase()) ?? sender) === sender),
    };
    this.addressing = new Addressing({
      ...{ nodeName, centralNodeName, mode: options.mode, hearsProof: () => this.#hearsProof },
      originals: this.#originals,
    });
  }

  /** The broker lets this node hear such subjects, or does not. */
  hears(isAllowed: boolean): void {
    this.#hearsProof = isAllowed;
    const { words = OWN_WORDS } = this.#options;
    this.words = isAllowed ? `${words} ${PROOF_WORD}` : words;
  }

  /** Who sent a message, as far as this node believes it; undefined where nobody proves it. */
  senderOf(message: Message, proved: string | undefined): string | undefined {
    return this.mode === 'closed' ? (proved ?? this.#originalOf(message)) : senderOf(message);
  }

  /** Why nothing of this kind is ever taken from a sender, or undefined: then its payload decides. */
  refusalUnread({ method, proved }: Arriving): string | undefined {
    if (this.mode !== 'closed' || proved === undefined || isEverTaken(method, proved, this.#facts))
      return undefined;
    const reason = noRight(method, proved, this.#facts);
    this.#deps.refusals.note({ sender: proved, claimed: proved, method, reason });
    return reason;
  }

  /** The most that a message of a sender may be, bytes unpacked; undefined where there is no limit besides that of all. */
  mostBytes({ method, proved }: Arriving): number | undefined {
    const isFree = [undefined, this.#options.nodeName, this.#options.centralNodeName].includes(proved);
    return this.mode !== 'closed' || isFree ? undefined : mostBytesOf(method);
  }

  /** Decides about a message, before anything of it is written down. */
  judge(message: Message, { proved, re, id, place }: Arrived): Decision {
    if (this.mode === 'open') return TAKE;
    const claimed = senderOf(message);
    if (proved !== undefined) this.#deps.refusals.proved(proved);
    const sender = proved ?? this.#originalOf(message);
    const judged = judge({ message: inNameOf(message, { proved, sender }), sender, re }, this.#facts);
    const decision = this.#share(judged, { message, sender, id, place });
    if (decision.do === 'take') return this.mode === 'closed' ? decision : TAKE;
    const isNew = this.#deps.refusals.note({
      sender: proved ?? '',
      claimed,
      method: message.method,
      reason: decision.reason,
    });
    if (this.mode !== 'closed') return TAKE;
    // What is refused is told with the refusal.
    if (isNew && decision.do !== 'refuse') this.#deps.report(`error: ${message.method}: ${decision.reason}`);
    return decision;
  }

  /** Decides about a message that cannot be taken for a fault of its own: it counts for the share of its sender too. */
  judgeFault(
    reason: string,
    { proved, place, bytes }: Pick<Arrived, 'proved' | 'place'> & { readonly bytes: number },
  ): Decision {
    const over = this.#countFor(proved, { place, bytes: bytes + REFUSED_BYTES });
    return over === undefined ? { do: 'refuse', reason } : { do: 'later', reason: over };
  }

  /** Does what a node asks for again and again, as often as it is due. */
  paced(kind: Paced, sender: string | undefined, work: () => void): void {
    const { pace } = this.#deps;
    const isFree = this.mode !== 'closed' || sender === undefined || sender === this.#options.nodeName;
    if (pace === undefined || isFree) return work();
    pace.pass(kind, sender, work);
  }

  /** For whom this node sent on what a reply is to; of its own requests there are more. */
  readonly #firstSenderOf = ({ previousMessage }: Message, re: string | undefined): string | undefined => {
    const { relays, nodeName } = this.#options;
    const ways = relays().filter(({ via }) => via === nodeName);
    if (ways.length === 0) return undefined;
    if (re !== undefined) return this.#deps.firstSenderOf(re);
    return ways.find(({ from }) => from === previousMessage?.relayFromNode)?.from;
  };

  /** The original node that a message without proof comes from, as far as that can be told. */
  #originalOf(message: Message): string | undefined {
    const claimed = senderOf(message);
    if (this.#originals.has(claimed)) return claimed;
    // A file that was asked for comes from an original node in the name of who asked.
    if (message.method !== 'REQCopyFileTo' || claimed !== this.#options.nodeName) return undefined;
    return this.#options.originals.find((node) => this.#asked.askedCopy(message, node, undefined));
  }

  /** What nobody asked for waits where its sender has used its share. */
  #share(
    decision: Decision,
    {
      message,
      sender,
      id,
      place,
    }: Pick<Arrived, 'id' | 'place'> & { message: Message; sender: string | undefined },
  ): Decision {
    const unasked = unaskedOf(decision, id);
    if (unasked === undefined) return decision;
    const { owedBy, ...more } = unasked;
    const load = { place, bytes: messageBytes(message), isOwed: owedBy !== undefined, ...more };
    const reason = this.#countFor(owedBy ?? sender, load);
    return reason === undefined ? decision : { do: 'later', reason };
  }

  #countFor(sender: string | undefined, load: Load): string | undefined {
    if (this.mode !== 'closed' || sender === undefined) return undefined;
    return this.#deps.quotas?.take(sender, load);
  }

  /** Keeps what nobody here asked for, each in a file of its own below a folder of its sender. */
  async keepUnasked(unasked: readonly Kept[]): Promise<void> {
    for (const kept of unasked) await this.#deps.keepFile(fileOfUnasked(kept));
  }

  /** Tells of a message that was refused as coming from whom the broker proves, and of many of one node only now and then. */
  tellRefused(
    { message, proved }: { readonly message: Message | undefined; readonly proved: string | undefined },
    tell: (from: string) => void,
  ): void {
    const from = message && this.senderOf(message, proved);
    const unknown = this.mode === 'closed' ? 'a node that is not proved' : 'an unknown node';
    this.paced('refusals', proved, () => tell(proved || from || unknown));
  }

  /** Whether pieces of a transfer may come from a node: those of one that this node asked it for, or that it relays. */
  mayBringPieces(transfer: string, proved: string | undefined): boolean {
    const { nodeName, centralNodeName, originals } = this.#options;
    if (this.mode !== 'closed') return true;
    if (proved === undefined) return originals.length > 0;
    if (proved === nodeName || (proved === centralNodeName && nodeName !== centralNodeName)) return true;
    return this.#asked.isAskedTransfer(transfer, proved) || isRelaysOwn(transfer, proved, this.#facts);
  }

  /** Whether the end of a request counts that somebody's message brings along. */
  mayTellEnds(sender: string): boolean {
    return this.mode !== 'closed' || mayTellEnds(sender, this.#facts);
  }

  /**
   * Whether the answer to a message would come to its sender: whoever names the place where another node waits would have
   * this one answer that node's message. Original nodes wait at a place that they share; who is proved has one of its own.
   */
  answersItsSender({ subject, reply, sender }: Pick<WireMessage, 'subject' | 'reply' | 'sender'>): boolean {
    if (this.mode !== 'closed' || reply === '') return true;
    const waiter = waiterAt(reply, subject);
    if (sender === undefined ? this.#mayWait(waiter) : waiter === sender) return true;
    this.#tellMisdirected({ subject, reply, sender }, waiter);
    return false;
  }

  #tellMisdirected(
    { subject, reply, sender }: Pick<WireMessage, 'subject' | 'reply' | 'sender'>,
    waiter: string | undefined,
  ): void {
    const method = parseSubject(subject)?.method ?? subject.slice(0, 100);
    const from = sender === undefined ? ' without proof' : ` of ${sender}`;
    const reason = `a ${method}${from} wants its answer to go to ${reply.slice(0, 100)}, where others wait`;
    const isNew = this.#deps.refusals.note({ sender: sender ?? '', claimed: sender ?? '', method, reason });
    const isBack = waiter !== undefined && sender === undefined && this.#originals.has(waiter);
    const way = `: ${waiter} has proved who it is; forget it if it runs an earlier version now`;
    if (isNew) this.#deps.report(`error: ${reason}${isBack ? way : ''}`);
  }

  /** Whether somebody without proof may wait where a node does, or all ('') do: whoever has proof uses it. */
  #mayWait(node: string | undefined): boolean {
    return node !== undefined && node !== this.#options.nodeName && !this.#deps.refusals.provers.has(node);
  }

  /** Whether somebody may go on with a lane that a node began ('' where that is not known yet): who hears of its number is not its sender. */
  mayGoOn(owner: string, proved: string | undefined): boolean {
    if (this.mode === 'open') return true;
    if (proved !== undefined) return owner === proved || (owner === '' && this.mode === 'watch');
    return this.mode === 'watch' || owner === '' || this.#originals.has(owner);
  }

  /** Whether somebody may say that a hello or a question is from a node: whoever proves who it is speaks for no other. */
  believes(claimed: string, proved: string | undefined): boolean {
    if (this.mode !== 'closed') return true;
    return proved === undefined ? this.#originals.has(claimed) : claimed === proved;
  }
}
