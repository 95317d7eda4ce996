import type { Bus } from '../bus/bus.ts';
import type { Random } from '../lib/random.ts';
import type { Addresses } from '../link/address.ts';
import type { LinkScheduler, Source } from '../link/scheduler.ts';
import type { Flight, SendWindow } from '../link/send-window.ts';
import type { Waiting } from '../link/waiting.ts';
import { ENVELOPE_BYTES, type OutboundMessage, type Sent, unanswered } from '../link/way-out.ts';
import { HEADER, headerText } from '../message/codec/wire-headers.ts';
import { LINK_WORD, type LinkLeft, parseLeft } from '../message/link-word.ts';
import { PRIORITIES } from '../message/priority.ts';
import { kindOf, subjectOf } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { FINE_WORD } from '../methods/copy/fine-blocks.ts';
import type { OpenChannel, Piece, PieceChannel, PieceListener } from '../methods/copy/piece-channel.ts';
import {
  type ArrivedPiece,
  BLOCKS_WORD,
  formatPlace,
  formatSpan,
  type PieceAnswer,
  type PiecePlace,
  parsePlace,
  parseSpan,
  type SumsQuestion,
} from '../methods/copy/piece-place.ts';
import type { Peers } from '../outbox/peers.ts';

/** Where answers about pieces go. */
interface Answers {
  publish(subject: string, body: Uint8Array | string, more: { headers: Record<string, string> }): boolean;
}

const METHOD = 'REQCopyFileTo';
type Status = PieceAnswer['status'];
const STATUSES: readonly string[] = ['accepted', 'gap', 'lacks', 'unknown', 'rejected'] satisfies Status[];
/** Room for subject and headers within what the broker takes, bytes. */
const HEADER_ROOM = 2048;
const BULK = PRIORITIES.indexOf('bulk');
const NO_BYTES = new Uint8Array(0);
/** Above this rate pieces are not compressed, nor files compared. */
const FAST_BYTES_PER_MS = 10_000;

export interface PieceChannelDeps {
  readonly bus: Bus;
  readonly random: Random;
  readonly addresses: Pick<Addresses, 'subjectFor'>;
  readonly link: Pick<LinkScheduler, 'offer' | 'withdraw' | 'heldMs' | 'patienceMs'>;
  readonly peers: Pick<Peers, 'of' | 'enter' | 'forget' | 'knows'>;
}

/** Makes the function that opens the way for the pieces of files to a node: past the outbox, on the method's subject. */
export function createOpenChannel(nodeName: string, deps: PieceChannelDeps): OpenChannel {
  const { bus, random } = deps;
  return async (toNode, listener) => {
    const subject = subjectOf({ toNode, method: METHOD }, kindOf(METHOD));
    const own = `${subject}.reply.${nodeName}`;
    const token = `copy-${random.bytes(6).toString('hex')}`;
    const replies = { own, shared: `${subject}.reply`, token };
    const { window } = deps.peers.of(toNode).peer;
    const listening = await listen(bus, replies, (answer, left) => {
      listener.answered(answer);
      if (answer && deps.peers.knows(toNode, LINK_WORD)) window.told(left);
    });
    return new LinkChannel({ ...listening, toNode, subject }, { ...deps, listener });
  };
}

interface Way {
  readonly toNode: string;
  readonly subject: string;
  readonly reply: string;
  readonly subscription: Disposable;
}

interface Queued {
  readonly message: OutboundMessage;
  readonly end: number;
}

/** Offers the pieces of one file to the link, as the lanes to that node offer their messages: behind them, as bulk. */
class LinkChannel implements PieceChannel, Source, Waiting {
  readonly toNode: string;
  readonly urgency = BULK;
  readonly #way: Way;
  readonly #deps: PieceChannelDeps & { readonly listener: PieceListener };
  readonly #window: SendWindow;
  /** A piece without bytes and headers. */
  readonly #blank: OutboundMessage;
  #queue: Queued[] = [];
  #pulled: Queued[] = [];
  #queuedBytes = 0;
  #isOffering = false;
  #flightBytes = 0;
  readonly #flights: { readonly end: number; readonly flight: Flight }[] = [];

  constructor(way: Way, deps: PieceChannelDeps & { readonly listener: PieceListener }) {
    this.toNode = way.toNode;
    this.#way = way;
    this.#deps = deps;
    this.#window = deps.peers.enter(way.toNode, this).window;
    this.#blank = {
      ...unanswered(way.subject, NO_BYTES, { serial: '', cmp: '' }),
      ...{ reply: way.reply, isPiece: true },
    };
  }

  get pieceBytes(): number {
    const most = Math.max(1024, this.#deps.bus.maxPayload - HEADER_ROOM);
    return Math.min(most, this.#window.partBytesFor(BULK));
  }

  get outBytes(): number {
    return this.#flightBytes + this.#queuedBytes;
  }

  get overdueMs(): number {
    return Math.max(this.#window.overdueMs, this.#deps.link.patienceMs());
  }

  get heldMs(): number {
    return Math.max(this.#window.allowance.waitMs(BULK), this.#deps.link.heldMs(BULK));
  }

  get takesBlocks(): boolean {
    return this.#deps.peers.knows(this.toNode, BLOCKS_WORD);
  }

  get tellsFine(): boolean {
    return this.#deps.peers.knows(this.toNode, FINE_WORD);
  }

  get isFast(): boolean {
    return (this.#window.rate.bytesPerMs ?? 0) > FAST_BYTES_PER_MS;
  }

  findRoom(): number {
    const room = Math.min(this.#window.room, this.#window.allowed(BULK)) - this.#queuedBytes;
    if (room <= 0 && this.#queue.length === 0) this.#window.awaitRoom(this);
    return room;
  }

  onRoom(): void {
    this.#deps.listener.onRoom();
  }

  /** The node was heard of. */
  alive(hasConnected: boolean): void {
    if (hasConnected) this.#deps.listener.isBack();
  }

  send(place: PiecePlace, { bytes, cmp, have }: Piece, end: number): boolean {
    if (!this.#deps.bus.isConnected) return false;
    const headers = this.#headersOf(place);
    if (cmp) headers[HEADER.compression] = cmp;
    if (have) headers[HEADER.copyHave] = formatSpan(have);
    this.#queue.push({ message: { ...this.#blank, payload: bytes, headers }, end });
    this.#queuedBytes += bytes.length + ENVELOPE_BYTES;
    this.#offerSoon();
    return true;
  }

  /** All that is sent in the same moment is offered together: for each piece alone it costs a fast link a part of its rate. */
  #offerSoon(): void {
    if (this.#isOffering) return;
    this.#isOffering = true;
    queueMicrotask(() => {
      this.#isOffering = false;
      this.#deps.link.offer(this);
    });
  }

  ask(place: PiecePlace, sums?: SumsQuestion): void {
    if (this.#queue.length > 0) return this.#deps.link.offer(this);
    const { subject, reply } = this.#way;
    const headers = this.#headersOf(place);
    if (sums) headers[HEADER.copySums] = formatSpan(sums);
    this.#deps.bus.publish(this.#deps.addresses.subjectFor(subject), sums?.blocks ?? '', { reply, headers });
  }

  /** Each piece asks what the budget of its target leaves: an answer that does not say so would tell of none. */
  #headersOf(place: PiecePlace): Record<string, string> {
    const asks = this.#deps.peers.knows(this.toNode, LINK_WORD) && { [HEADER.linkLeft]: '?' };
    return { [HEADER.copy]: formatPlace(place), ...asks };
  }

  arrived(position: number): void {
    const more = this.#flights.findIndex(({ end }) => end > position);
    const there = this.#flights.splice(0, more === -1 ? this.#flights.length : more);
    for (const { flight } of there) this.#flightBytes -= flight.bytes;
    this.#window.arrived(there.map(({ flight }) => flight));
  }

  forget(): void {
    this.#deps.link.withdraw(this);
    this.#queue = [];
    this.#queuedBytes = 0;
    const flights = this.#flights.splice(0).map(({ flight }) => flight);
    this.#flightBytes = 0;
    this.#window.gone(flights);
  }

  /** The next pieces, when the link has room for them. */
  pull(roomBytes: number): readonly OutboundMessage[] {
    let bytes = 0;
    const more = this.#queue.findIndex(({ message }, at) => {
      bytes += message.payload.length + ENVELOPE_BYTES;
      return at > 0 && bytes > roomBytes;
    });
    this.#pulled = more === -1 ? this.#queue : this.#queue.slice(0, more);
    return this.#pulled.map(({ message }) => message);
  }

  /** Notes what went out; answers whether there is more. */
  sent(sent: readonly Sent[]): boolean {
    const out = this.#pulled.slice(0, sent.length);
    this.#queue = this.#queue.slice(out.length);
    for (const { message, end } of out) {
      const bytes = message.payload.length + ENVELOPE_BYTES;
      this.#queuedBytes -= bytes;
      this.#flightBytes += bytes;
      this.#flights.push({ end, flight: this.#window.sent(bytes) });
    }
    return this.#queue.length > 0 && this.#deps.bus.isConnected;
  }

  /** What could not be sent is asked about, as what is lost on the way. */
  readonly failed = this.forget;

  [Symbol.dispose](): void {
    this.forget();
    this.#deps.peers.forget(this.toNode, this);
    this.#way.subscription[Symbol.dispose]();
  }
}

/** A message that is a piece of a file, as its method takes it; undefined for any other. */
export function toPiece(message: WireMessage, answers: Answers): ArrivedPiece | undefined {
  const place = message.header(HEADER.copy);
  if (place === undefined) return undefined;
  return {
    place,
    bytes: message.payload,
    cmp: message.header(HEADER.compression),
    have: parseSpan(message.header(HEADER.copyHave)),
    sums: questionOf(message),
    answer: ({ place, status, reason, sums }) => {
      if (!message.reply) return;
      const headers: Record<string, string> = { [HEADER.copy]: formatPlace(place), [HEADER.status]: status };
      if (reason) headers[HEADER.reason] = headerText(reason);
      if (sums) headers[HEADER.copySums] = formatSpan(sums.span);
      answers.publish(message.reply, sums?.bytes ?? '', { headers });
    },
  };
}

/** What sums of blocks a message asks for; undefined where it does not. */
function questionOf(message: WireMessage): SumsQuestion | undefined {
  const span = parseSpan(message.header(HEADER.copySums));
  const { payload } = message;
  return span && payload.length > 0 ? { ...span, blocks: Buffer.from(payload).toString('latin1') } : span;
}

type OnAnswer = (answer: PieceAnswer | undefined, left?: LinkLeft) => void;

/** Listens under a subject of its own or, where the broker refuses that, under the one that all senders share. */
async function listen(
  bus: Bus,
  { own, shared, token }: { own: string; shared: string; token: string },
  onAnswer: OnAnswer,
): Promise<{ readonly reply: string; readonly subscription: Disposable }> {
  const reply = `${own}.${token}`;
  const subscription = bus.subscribe(`${own}.*`, (message) => {
    if (message.subject === reply) take(message, onAnswer);
  });
  try {
    await subscription.ready();
    return { reply, subscription };
  } catch {
    subscription[Symbol.dispose]();
    return { reply: shared, subscription: bus.subscribe(shared, (message) => take(message, onAnswer)) };
  }
}

function take(message: WireMessage, onAnswer: OnAnswer): void {
  if (message.noResponders) return onAnswer(undefined);
  const place = parsePlace(message.header(HEADER.copy) ?? '');
  const status = message.header(HEADER.status) ?? '';
  if (!place || !STATUSES.includes(status)) return;
  const reason = message.header(HEADER.reason);
  const span = parseSpan(message.header(HEADER.copySums));
  const answer = {
    ...{ place, status: status as Status },
    ...(reason && { reason }),
    ...(span && { sums: { span, bytes: message.payload } }),
  };
  onAnswer(answer, parseLeft(message.header(HEADER.linkLeft)));
}
