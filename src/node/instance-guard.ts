import { randomBytes } from 'node:crypto';
import { pause } from '../lib/pause.ts';

interface GuardMessage {
  readonly reply: string;
  readonly payload: Uint8Array;
  readonly noResponders: boolean;
}

export interface GuardDeps {
  publish(subject: string, payload: string, more?: { reply?: string }): boolean;
  subscribe(subject: string, handler: (message: GuardMessage) => void): Disposable;
  readonly now: () => number;
  /** Tells log and errorCentral. */
  reportError(text: string): void;
}

interface Instance {
  readonly instance: string;
  readonly startedAt: number;
}

const PATIENCE_MS = 1000;
const CHECK_AGAIN_MS = 10_000;

/** Another node runs under this node's name. */
export class NameTakenError extends Error {
  override name = 'NameTakenError';
  readonly code = 'name-taken';
}

/**
 * Sees to it that one node runs under a name: two would each run every command.
 *
 * A node asks for its own name at every connect. The first time, an answer means that it must not start. Later,
 * both say so, and the younger takes no requests until the other is gone.
 */
export class InstanceGuard implements Disposable {
  readonly #nodeName: string;
  readonly #deps: GuardDeps;
  readonly #self: Instance;
  #subscription: Disposable | undefined;
  #hasServed = false;
  #isYielding = false;
  #checking: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();

  constructor(nodeName: string, deps: GuardDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
    this.#self = { instance: randomBytes(8).toString('hex'), startedAt: deps.now() };
  }

  /** Whether requests must be left to an older node of the same name. */
  get isYielding(): boolean {
    return this.#isYielding;
  }

  /** Asks whether another node has this name. Throws NameTakenError if so and this node has not served yet. */
  async check(): Promise<void> {
    this.#checking ??= this.#ask().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    clearTimeout(this.#again);
    this.#subscription?.[Symbol.dispose]();
  }

  get #subject(): string {
    return `${this.#nodeName}.Steward.Instance`;
  }

  async #ask(): Promise<void> {
    const other = await this.#findOther();
    if (this.#stop.signal.aborted) return;
    if (!other) {
      if (this.#isYielding)
        this.#deps.reportError(
          `info: node ${this.#nodeName}: the other node of this name is gone; taking requests again`,
        );
      this.#isYielding = false;
      this.#serve();
      return;
    }
    const since = new Date(other.startedAt).toISOString();
    if (!this.#hasServed) {
      throw new NameTakenError(
        `another node named ${this.#nodeName} runs already (since ${since}): stop it, or give this one another nodeName`,
      );
    }
    this.#isYielding = isOlder(other, this.#self);
    const consequence = this.#isYielding
      ? 'this one is younger and takes no requests'
      : 'the other is younger and has to yield';
    this.#deps.reportError(
      `error: two nodes are named ${this.#nodeName}, the other one since ${since}: ${consequence}; stop one of them`,
    );
    this.#checkAgain(CHECK_AGAIN_MS);
  }

  /** From now on this node answers to its name; another that began at the same moment is found a little later. */
  #serve(): void {
    if (this.#hasServed) return;
    this.#hasServed = true;
    this.#subscription = this.#deps.subscribe(this.#subject, (message) => this.#answer(message));
    this.#checkAgain(PATIENCE_MS);
  }

  #checkAgain(ms: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.check().catch(() => {}), ms);
    this.#again.unref();
  }

  /** Asks; the answer of another instance, or undefined when none comes. */
  async #findOther(): Promise<Instance | undefined> {
    const reply = `${this.#subject}.reply.${this.#self.instance}`;
    const found = new AbortController();
    let other: Instance | undefined;
    const subscription = this.#deps.subscribe(reply, (message) => {
      if (message.noResponders) return found.abort();
      other = parse(message.payload);
      found.abort();
    });
    const isSent = this.#deps.publish(this.#subject, JSON.stringify(this.#self), { reply });
    if (isSent) await pause(PATIENCE_MS, AbortSignal.any([found.signal, this.#stop.signal]));
    subscription[Symbol.dispose]();
    return other;
  }

  #answer(message: GuardMessage): void {
    const asker = parse(message.payload);
    if (!message.reply || !asker || asker.instance === this.#self.instance) return;
    this.#deps.publish(message.reply, JSON.stringify(this.#self));
    this.#deps.reportError(
      `error: another node tries to run under the name ${this.#nodeName}, which this node has`,
    );
  }
}

function parse(payload: Uint8Array): Instance | undefined {
  try {
    const { instance, startedAt } = JSON.parse(Buffer.from(payload).toString()) as Partial<Instance>;
    return typeof instance === 'string' && Number.isSafeInteger(startedAt)
      ? { instance, startedAt: startedAt! }
      : undefined;
  } catch {
    return undefined;
  }
}

function isOlder(a: Instance, b: Instance): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.instance < b.instance);
}
