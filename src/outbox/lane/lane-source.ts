import { ENVELOPE_BYTES, type OutboundMessage, type Parts, type Sent, WHOLE } from '../../link/way-out.ts';
import { CBOR_BYTES, formatOf } from '../../message/codec/body-format.ts';
import { asDeskBody, type DeskBody } from '../../message/desk-reply.ts';
import { END_IN_REPLY } from '../../message/end-in-reply.ts';
import { PRIORITY_WORD } from '../../message/priority.ts';
import { receiverOf, relayTargetOf } from '../../message/subject.ts';
import { SUPERSEDES_WORD } from '../../message/supersedes.ts';
import { type Body, calledOffBody } from './called-off.ts';
import { LeftOutData } from './kept-data.ts';
import type { LaneDeps } from './lane-deps.ts';
import { lifeOf, marked } from './lane-headers.ts';
import type { LaneParts } from './lane-parts.ts';
import { type Amount, LaneRoom, type Owner } from './lane-room.ts';
import { saidHello } from './lane-rows.ts';
import type { Entry } from './lane-window.ts';
import { piecesRefusal, wayFault } from './refusals.ts';
import { shortOf, toldWaitMs } from './told-reply.ts';

/** A message above this size has its turn alone: it may be larger than the broker takes, bytes. */
const LARGE_BYTES = 128 * 1024;
/** The largest numbered part of a message, bytes. */
const MOST_NUMBERED_BYTES = 256 * 1024;
/** Unanswered attempts after which a message in pieces is refused, where its target never gave a lane's answer. */
const MAX_PIECE_ATTEMPTS = 5;

type LaneSourceDeps = Pick<LaneDeps, 'nodeName' | 'methods' | 'clock' | 'kept' | 'store' | 'transport'>;

/** What was handed to the link last. */
type Pulled = readonly { readonly entry: Entry; readonly body: Uint8Array }[];

const NOTHING: Pulled = [];

/** What a lane sends when its turn comes: the next messages, as far as its window allows. */
export class LaneSource {
  readonly #lane: LaneParts;
  readonly #owner: Owner;
  readonly #deps: LaneSourceDeps;
  /** What travels for a message that was called off. */
  #calledOffBody: Body | undefined;
  readonly #room: LaneRoom;
  /** Undefined where nothing is left out. */
  readonly #leftOut: LeftOutData | undefined;
  #pulled: Pulled = NOTHING;
  #isHushed = false;

  constructor(lane: LaneParts, owner: Owner, deps: LaneSourceDeps) {
    this.#lane = lane;
    this.#owner = owner;
    this.#deps = deps;
    if (relayTargetOf(lane.queue.subject) !== undefined) this.#leftOut = new LeftOutData(lane, owner.knows);
    this.#room = new LaneRoom(lane, { owner, source: this });
  }

  get #calledOff(): Body {
    this.#calledOffBody ??= calledOffBody(this.#lane.queue.subject, this.#deps.nodeName);
    return this.#calledOffBody;
  }

  /** Whether there is something that may be sent now. */
  get isReady(): boolean {
    const { next } = this.#lane.queue.window;
    const mayBegin = !this.#isHushed && this.#room.gatherMs === 0;
    return mayBegin && next !== undefined && this.#mayGo(next, { messages: 0, bytes: 0 });
  }

  /** How long the budget of its target's link leaves nothing for what is not on its way, or that waits for something else; ms. */
  get heldMs(): number {
    const { window } = this.#lane.queue;
    const isOut = window.oldestInFlight !== undefined;
    return Math.max(this.#room.heldMs, this.#room.gatherMs, isOut ? 0 : this.#waitMs(window.next));
  }

  /** How long the budget of a link holds up what waits, ms, where that of this link does so for `hereMs`; whether it is that of its target. */
  held(hereMs: number): { readonly ms: number; readonly isThere: boolean } {
    const { queue, peer } = this.#lane;
    if (queue.window.length === 0) return { ms: 0, isThere: false };
    const thereMs = peer.window.allowance.waitMs(queue.urgency);
    return { ms: Math.max(hereMs, thereMs), isThere: thereMs > hereMs };
  }

  /** Nothing more goes out. Whether something is on its way to a node that would do it again if it came again. */
  hush(): boolean {
    const { peer, queue } = this.#lane;
    this.#isHushed = true;
    return queue.window.inFlight > 0 && !(peer.speaksLanes ?? peer.hasWords);
  }

  /** Whether what is on its way may be lost, where its target has just connected: then it goes again at once. */
  get mayBeLost(): boolean {
    return this.#lane.queue.window.oldestInFlight !== undefined && this.#owner.knows('offset-parts');
  }

  /** The next messages, with their bodies: one, and more up to `roomBytes`, and up to `linkBytes` with their headers. */
  pull(roomBytes: number, linkBytes = Number.POSITIVE_INFINITY): readonly OutboundMessage[] {
    if (this.#isHushed) return [];
    const messages: OutboundMessage[] = [];
    const pulled: Pulled[number][] = [];
    this.#pulled = pulled;
    const turnBytes = Math.min(roomBytes, this.#room.turnBytes);
    let bytes = 0;
    for (let next = this.#next(0, 0); next; next = this.#next(messages.length, bytes)) {
      const { entry, body, isAlone } = next;
      const size = this.sizeOf(entry);
      const isFull = bytes + size > Math.min(turnBytes, linkBytes - messages.length * ENVELOPE_BYTES);
      if (messages.length > 0 && (isAlone || isFull)) break;
      if (this.#beginsGeneration(entry, messages.length)) this.#lane.replies.newGeneration();
      messages.push(this.#outbound(entry, body, roomBytes));
      pulled.push({ entry, body });
      bytes += size;
      if (isAlone) break;
    }
    return marked(messages, this.#owner.knows, this.#lane.replies);
  }

  #waitMs(entry: Entry | undefined): number {
    this.#leftOut?.consider(entry);
    return toldWaitMs(entry, this.#owner.knows);
  }

  /** Plain answers are counted: where nothing is under way, a count of its own costs nothing. */
  #beginsGeneration(entry: Entry, pulled: number): boolean {
    const isFirst = pulled === 0 && this.#lane.queue.window.inFlight === 0;
    return !entry.isSent && (isFirst || this.#lane.peer.speaksLanes !== true);
  }

  #mayGo(entry: Entry, pulled: Amount): boolean {
    const isBehindGap = this.#lane.queue.window.isBehindGap(pulled.messages);
    return !isBehindGap && this.#waitMs(entry) === 0 && this.#room.fits(entry, pulled);
  }

  /** The message whose turn comes after some others, with its body; undefined where it has to wait. */
  #next(messages: number, bytes: number): { entry: Entry; body: Uint8Array; isAlone: boolean } | undefined {
    const { queue, bodies } = this.#lane;
    for (;;) {
      const entry = this.#upcoming(messages);
      if (!entry || !this.#mayGo(entry, { messages, bytes })) return undefined;
      if (entry.isCalledOff) return { entry, body: this.#calledOff.payload, isAlone: false };
      const isAlone = entry.size > this.#wholeUpTo || entry.schedule !== null;
      if (isAlone && !bodies.hasRoom(entry, this.#owner.onRoom)) return undefined;
      const body = queue.bodyOf(entry);
      if (body) return { entry, body, isAlone };
      // It is not on disk any more, so it has ended.
      queue.take(entry.seq, entry.seq);
    }
  }

  /** An original node knows no lives, and would do what was called off: that goes nowhere, nor what it would not hear of. */
  #upcoming(messages: number): Entry | undefined {
    const { queue, peer } = this.#lane;
    for (;;) {
      const entry = queue.window.upcoming(messages);
      const { speaksLanes } = peer;
      // Of one behind others more may be known when its turn comes.
      const isInVain = entry?.isCalledOff && !(speaksLanes ?? (peer.hasWords || messages > 0));
      const { nodeName } = this.#deps;
      const knowsDots = this.#owner.knows('dots');
      const fault = entry && wayFault(queue.subject, { speaksLanes, knowsDots, nodeName });
      if (!entry || !(isInVain || fault)) return entry;
      this.#refuse(entry, 0, fault);
      queue.refill();
    }
  }

  /** Notes what went out of the messages that were pulled last. */
  sent(sent: readonly Sent[]): void {
    const pulled = this.#pulled;
    this.#pulled = NOTHING;
    this.#room.turned();
    for (const [index, part] of sent.entries()) {
      const { entry, body } = pulled[index]!;
      if (part.bytes === 0) this.#refuse(entry, part.wholeBytes);
      else this.#note(entry, part, body);
    }
  }

  /** A reference node cannot put pieces together: what is too large for the broker, or has a schedule, ends here. */
  #refuse(entry: Entry, wholeBytes: number, fault?: string): void {
    const { queue } = this.#lane;
    queue.take(entry.seq, entry.seq);
    const { maxPayload } = this.#deps.transport;
    const about = { toNode: receiverOf(queue.subject), wholeBytes, maxPayload };
    this.#lane.ends.ended([entry], 'rejected', fault ?? piecesRefusal(entry, about));
  }

  #note(entry: Entry, part: Sent, body: Uint8Array): void {
    const { queue, replies, plain, bodies } = this.#lane;
    if (part.bytes === part.wholeBytes) plain.sent(replies.generation, entry.seq);
    if (!entry.isSent) {
      entry.attempts++;
      entry.firstSentAt ??= this.#deps.clock.wallNow();
      entry.firstGeneration = Math.min(entry.firstGeneration, replies.generation);
    }
    entry.lastSentAt = this.#deps.clock.steadyNow();
    queue.window.sent(entry, part);
    if (entry.sentBytes < part.wholeBytes) bodies.hold(entry, body);
    else {
      // The body of an effect is needed when it is delivered.
      const isNeeded = this.#deps.methods.get(this.#lane.method)?.mode === 'effect' && !entry.isCalledOff;
      if (isNeeded && part.bytes === part.wholeBytes) bodies.keep(entry, body);
      else bodies.free(entry);
    }
  }

  /** A node that has not answered yet is one of this program where its hello said so. */
  get #mayBeOriginal(): boolean {
    const { queue, peer } = this.#lane;
    const { speaksLanes } = peer;
    return (
      speaksLanes !== true &&
      (speaksLanes === false || !saidHello(this.#deps.store, receiverOf(queue.subject)))
    );
  }

  /** The body as it goes: whose output is followed, and whose target may be an original node, asks for it as its reply. */
  #formOf(entry: Entry, payload: Uint8Array): DeskBody {
    const isDesk = entry.output === 'live' && this.#mayBeOriginal;
    if (isDesk) return asDeskBody(payload, formatOf(entry.format), entry.id);
    return { payload, awaitsReply: false, readsData: false };
  }

  #outbound(entry: Entry, body: Uint8Array, turnBytes: number): OutboundMessage {
    const { queue, replies } = this.#lane;
    const { seq, id, schedule, output, re, rider } = entry;
    const short = shortOf(entry, body, this.#owner.knows);
    const { payload, awaitsReply, readsData } = this.#formOf(entry, short?.payload ?? body);
    entry.awaitsReply = awaitsReply;
    if (rider && !this.#owner.knows(END_IN_REPLY)) entry.rider = undefined;
    // Each field by its name, as in newEntry; what its target must know is asked for those alone that have it.
    return {
      subject: queue.subject,
      reply: replies.subject,
      id,
      schedule,
      output,
      re,
      payload,
      priority: entry.priority && this.#owner.knows(PRIORITY_WORD) ? entry.priority : null,
      supersedes: entry.supersedes && this.#owner.knows(SUPERSEDES_WORD) ? entry.supersedes : null,
      needsLanes: schedule !== null || readsData,
      life: lifeOf(entry, this.#deps.kept),
      place: { epoch: queue.epoch, seq, floor: queue.window.tellFloor() },
      format: entry.isCalledOff ? this.#calledOff.format : (short?.format ?? formatOf(entry.format)),
      end: entry.rider?.header,
      told: short?.header,
      headers: {},
      parts: this.#partsOf(entry, turnBytes),
      isLean: entry.isLean,
      takesBytes: entry.takesBytes,
      isBrief: entry.isLean && this.#room.mayBeBrief,
      mayBundle: this.#room.mayBundle,
      dictionary: this.#room.dictionaryFor(entry),
    };
  }

  /** How a message may go in parts: as its target joins them, and as large as the link allows for. */
  #partsOf(entry: Entry, turnBytes: number): Parts {
    const { peer, pace, queue } = this.#lane;
    if (entry.isCalledOff) return WHOLE;
    if (!entry.isSent) this.#chooseForm(entry);
    const from = entry.sentBytes;
    const bytes = Math.min(peer.window.partBytesFor(queue.urgency), turnBytes);
    if (entry.isByOffset) return { form: 'offset', bytes, wholeUpTo: bytes, from };
    const mayJoin = peer.speaksLanes ?? Math.min(entry.attempts, pace.silences) < MAX_PIECE_ATTEMPTS;
    if (!mayJoin) return { ...WHOLE, from };
    const isThin = peer.speaksLanes === true && peer.window.rate.wasFull && bytes < MOST_NUMBERED_BYTES;
    const most = isThin ? bytes : MOST_NUMBERED_BYTES;
    const wholeUpTo = isThin ? bytes : Number.POSITIVE_INFINITY;
    return { form: 'numbered', bytes: entry.pieceBytes || most, wholeUpTo, from };
  }

  /** Chooses how a message travels; not in its midst, as its parts must fit together. */
  #chooseForm(entry: Entry): void {
    const { peer } = this.#lane;
    const isByOffset = peer.speaksLanes !== false && this.#owner.knows('offset-parts');
    const isUnread = entry.takesBytes && !this.#owner.knows(CBOR_BYTES);
    if (isByOffset !== entry.isByOffset || isUnread) {
      entry.isByOffset = isByOffset;
      entry.arrivedBytes = entry.sentBytes = 0;
    }
    if (entry.sentBytes > 0) return;
    const isOurs = peer.speaksLanes ?? this.#owner.knows('lean');
    entry.isLean = isOurs && this.#room.isForLean;
    entry.takesBytes = entry.isLean && this.#owner.knows(CBOR_BYTES);
  }

  /** Above what size a message may go in parts, bytes: a quarter more than a part is not worth a second envelope. */
  get #wholeUpTo(): number {
    const { speaksLanes, window } = this.#lane.peer;
    return speaksLanes === true ? Math.min(LARGE_BYTES, (5 / 4) * window.rate.partBytes) : LARGE_BYTES;
  }

  /** What the next part of a message may have, or the whole, as far as is known or expected: what went lean may go again as it is; bytes. */
  sizeOf(entry: Entry): number {
    if (entry.isCalledOff) return this.#calledOff.payload.length;
    const [{ rate }, { shrink }] = [this.#lane.peer.window, this.#lane.queue.window];
    const isKnown = entry.wholeBytes > 0 && (!entry.isLean || rate.isThin || entry.sentBytes > 0);
    const expected = isKnown ? entry.wholeBytes : entry.size / (rate.isThin ? shrink : 1);
    return Math.min(expected - entry.sentBytes, rate.partBytes);
  }
}
