import type { Clock } from '../lib/clock.ts';
import { PRIORITIES } from '../message/priority.ts';
import type { Budget } from './budget.ts';
import { type Flight, type Measured, SendWindow } from './send-window.ts';
import { Turns } from './turns.ts';
import { OTHERS_TURN } from './waiting.ts';
import { ENVELOPE_BYTES, type Next, type OutboundMessage, type Sent } from './way-out.ts';

/** Something that has messages to send: a lane, for one. */
export interface Source {
  /** The node that they are for. */
  readonly toNode: string;
  /** The class that they are sent in now, as a place in PRIORITIES. */
  readonly urgency: number;
  /** The size of its next message, or of the part of it that would go, bytes; absent where it has nothing urgent. */
  readonly nextBytes?: number;
  /** The messages that may go now: one, and more up to `roomBytes`, and up to `linkBytes` with their headers. Their bodies are read now, not before. */
  pull(roomBytes: number, linkBytes: number): readonly OutboundMessage[];
  /** What went out of them, in their order; the others are to be pulled again. Answers whether there is more. */
  sent(sent: readonly Sent[]): boolean;
  /** It could not say what it has to send. */
  failed(error: Error): void;
}

/** At how many of those that wait it is looked for one that may go without room: this is asked with each offer, and a whole fleet may wait. */
const MOST_LOOKED = 32;

/** Pulls messages from all that offer some while the link has room: the most urgent first, and in turn within a class. */
export class LinkScheduler {
  readonly #send: Next;
  readonly #budget: Budget | undefined;
  readonly #window: LinkWindow;
  readonly #offers = PRIORITIES.map(() => new Turns<Source>());
  /** Sources that offered, with the class in which they did. */
  readonly #places = new Map<Source, Turns<Source>>();
  /** What was sent since the start, bytes of payload for each of PRIORITIES. */
  readonly sentBytes = PRIORITIES.map(() => 0);
  readonly #waiting = { urgency: 0, onRoom: () => this.onRoom() };
  #isPulling = false;
  #turns = 0;
  /** What went as urgent since others last had a turn, bytes. */
  #urgentBytes = 0;

  /** `send` is the way out; `flush` resolves when what was published has reached the broker; `now` is a steady clock, ms, and `clock` wakes what waits for it. */
  constructor(deps: {
    send: Next;
    bus: { flush(): Promise<void> };
    readonly now: () => number;
    clock?: Pick<Clock, 'after'>;
    budget?: Budget;
  }) {
    this.#send = deps.send;
    this.#budget = deps.budget;
    this.#window = new LinkWindow({ ...deps, onRoom: this.onRoom });
  }

  /** A source has something to send; it is pulled at once where the link has room. */
  offer(source: Source): void {
    this.#add(source);
    this.onRoom();
  }

  /** A source has nothing to send any more. */
  withdraw(source: Source): void {
    this.#places.get(source)?.delete(source);
    this.#places.delete(source);
  }

  /** How long the budget of this link holds up a class, ms. */
  heldMs(urgency: number): number {
    return this.#budget?.heldMs(urgency) ?? 0;
  }

  /** How much longer than usual the broker may be silent, ms: its answers wait behind what was published. */
  patienceMs(): number {
    return this.#window.window.patienceMs;
  }

  /** What is known of the way to the broker. */
  get measured(): Measured {
    return this.#window.window.measured;
  }

  /** A message came over the link. */
  came({ payload }: { readonly payload: Uint8Array }): void {
    this.#window.window.heard(payload.length);
  }

  /** There is another connection, or none: nothing is under way to the broker. */
  reset(): void {
    this.#window.reset();
    this.#budget?.connected();
  }

  /** It keeps its turn, unless it is more urgent now, or less. */
  #add(source: Source): void {
    const offers = this.#offers[source.urgency]!;
    if (this.#places.get(source) === offers) return;
    this.withdraw(source);
    this.#places.set(source, offers);
    offers.add(source);
  }

  /** The link or its budget has room: what waits goes on. */
  readonly onRoom = (): void => {
    if (this.#isPulling) return;
    this.#isPulling = true;
    for (let source = this.#next(); source; source = this.#next()) {
      this.#places.get(source)?.take(source);
      this.#places.delete(source);
      if (this.#take(source)) this.#add(source);
    }
    this.#isPulling = false;
    if (this.#places.size > 0 && this.#window.window.room <= 0) this.#window.window.awaitRoom(this.#waiting);
  };

  /** Who is next: urgent ones, unless they have had many turns and others wait; of the rest none waits for ever. */
  #next(): Source | undefined {
    if (this.#window.window.room <= 0) return this.#small();
    const urgent = this.#offers[0]?.first;
    const waiting = this.#offers.slice(1).filter((turns, at) => turns.first && this.#roomFor(at + 1) > 0);
    const hadMany = waiting.length > 0 && this.#urgentBytes >= OTHERS_TURN * this.#window.turnBytes;
    if (urgent && !hadMany && this.#roomFor(0) > 0) return urgent;
    this.#urgentBytes = 0;
    const isOthers = waiting.length > 1 && ++this.#turns % OTHERS_TURN === 0;
    return (isOthers ? waiting.at(-1) : waiting[0])?.first;
  }

  /** What goes although there is no room. */
  #small(): Source | undefined {
    if (this.#roomFor(0) <= 0) return undefined;
    let looked = 0;
    for (const source of this.#offers[0]!) {
      if (++looked > MOST_LOOKED) return undefined;
      if (this.#window.window.mayTake(0, source.nextBytes ?? Number.POSITIVE_INFINITY)) return source;
    }
    return undefined;
  }

  #roomFor(urgency: number): number {
    return this.#budget?.room(urgency) ?? Number.POSITIVE_INFINITY;
  }

  /** Has one source send what its turn allows; whether it has more. */
  #take(source: Source): boolean {
    const { urgency } = source;
    try {
      const room = this.#roomFor(urgency) - ENVELOPE_BYTES;
      const { window, turnBytes } = this.#window;
      const most = window.room > 0 ? turnBytes : window.spareRoom;
      const messages = source.pull(Math.min(most, room), room);
      if (messages.length === 0) return false;
      const sent = this.#send(messages);
      let [bytes, envelopes] = [0, 0];
      for (const piece of sent) {
        bytes += piece.bytes;
        envelopes += (piece.envelopeBytes ?? ENVELOPE_BYTES) - (piece.savedBytes ?? 0);
      }
      this.sentBytes[urgency]! += bytes;
      if (urgency === 0) this.#urgentBytes += bytes;
      this.#budget?.sent(bytes + envelopes);
      if (bytes > 0) this.#window.sent(bytes);
      return source.sent(sent);
    } catch (error) {
      source.failed(error as Error);
      return false;
    }
  }
}

/** How many questions may be under way to the broker at once. */
const MOST_QUESTIONS = 8;
/** After this share of the window the broker is asked whether it has what was sent. */
const ASK_SHARE = 1 / 4;
/** What one source may send before the others have their turn: a share of the window, or a part where that is more; bytes at most. */
const TURN_SHARE = 1 / 2;
const MOST_TURN_BYTES = 256 * 1024;

interface LinkWindowDeps {
  /** Resolves when all that was published so far has reached the broker, or the connection is gone. */
  readonly bus: { flush(): Promise<void> };
  /** Called when there is room again. */
  onRoom(): void;
  /** ms on a steady clock. */
  readonly now: () => number;
  readonly clock?: Pick<Clock, 'after'>;
}

/** What was published and has not reached the broker yet, as far as its PONGs tell: the rest waits on disk. */
class LinkWindow {
  readonly #deps: LinkWindowDeps;
  /** What may be on its way to the broker. */
  readonly window: SendWindow;
  /** Published since the broker was asked last. */
  #unasked: Flight[] = [];
  #unaskedBytes = 0;
  #questions = 0;
  /** Counts connections: what was asked in an earlier one is no news. */
  #connection = 0;

  constructor(deps: LinkWindowDeps) {
    this.#deps = deps;
    this.window = new SendWindow(deps.now, deps.clock);
  }

  /** What one source may send before the others have their turn, bytes. */
  get turnBytes(): number {
    const { windowBytes, partBytes } = this.window.rate;
    return Math.floor(Math.min(MOST_TURN_BYTES, Math.max(partBytes, windowBytes * TURN_SHARE)));
  }

  /** Notes what was published. */
  sent(bytes: number): void {
    this.#unasked.push(this.window.sent(bytes));
    this.#unaskedBytes += bytes;
    const isMuch = this.#unaskedBytes >= this.window.rate.windowBytes * ASK_SHARE || this.window.room <= 0;
    if (isMuch && this.#questions < MOST_QUESTIONS) void this.#ask();
  }

  /** The connection is another one: nothing is under way. */
  reset(): void {
    this.#connection++;
    this.window.reset();
    this.#unasked = [];
    this.#unaskedBytes = 0;
    this.#questions = 0;
  }

  async #ask(): Promise<void> {
    const connection = this.#connection;
    const asked = this.#unasked;
    this.#unasked = [];
    this.#unaskedBytes = 0;
    this.#questions++;
    await this.#deps.bus.flush();
    if (connection !== this.#connection) return;
    this.#questions--;
    this.window.arrived(asked);
    if (this.#unaskedBytes > 0 && this.window.room <= 0) void this.#ask();
    this.#deps.onRoom();
  }
}
