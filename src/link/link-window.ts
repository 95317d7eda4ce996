import { type Flight, SendWindow } from './send-window.ts';

/** How many questions may be under way to the broker at once. */
const MOST_QUESTIONS = 8;
/** After this share of the window the broker is asked whether it has what was sent. */
const ASK_SHARE = 1 / 4;
/** What one source may send before the others have their turn: a share of the window, bytes at most. */
const TURN_SHARE = 1 / 2;
const MOST_TURN_BYTES = 256 * 1024;

interface LinkWindowDeps {
  /** Resolves when all that was published so far has reached the broker, or the connection is gone. */
  readonly bus: { flush(): Promise<void> };
  /** Called when there is room again. */
  onRoom(): void;
  /** ms on a steady clock. */
  readonly now: () => number;
}

/** What was published and has not reached the broker yet, as far as its PONGs tell: the rest waits on disk. */
export class LinkWindow {
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
    this.window = new SendWindow(deps.now);
  }

  /** What one source may send before the others have their turn, bytes. */
  get turnBytes(): number {
    return Math.floor(Math.min(MOST_TURN_BYTES, this.window.rate.windowBytes * TURN_SHARE));
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
