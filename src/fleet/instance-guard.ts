import type { Bus } from '../bus/bus.ts';
import type { TrustConfig } from '../config/trust-config.ts';
import { type Clock, wait } from '../lib/clock.ts';
import type { Edges } from '../lib/edges.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { newMessage } from '../message/message.ts';
import type { WireMessage } from '../message/wire-message.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import { HeldArrivals } from './held-arrivals.ts';

export interface GuardDeps extends Pick<Edges, 'clock' | 'random'> {
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly errorReporter: Pick<ErrorReporter, 'report'>;
  /** Called before the node serves: no other one has its name. */
  readonly nameIsFree?: () => Promise<void>;
}

interface GuardOptions {
  readonly nodeName: string;
  /** `warn`: the node starts, and takes requests, where another has its name. Anybody may answer for it at some brokers. */
  readonly nameCheck: 'strict' | 'warn';
  readonly trust: Pick<TrustConfig, 'mode' | 'originals'>;
}

interface Instance {
  readonly instance: string;
  readonly startedAt: number;
}

/** Two of the longest round trips: the other one may be behind a thin link as well. */
const PATIENCE_MS = 3000;
const CHECK_SOON_MS = 1000;
const CHECK_AGAIN_MS = 10_000;
const CHECK_LENIENT_MS = 60_000;
/** One check in this many says that an original node is there: once a minute. */
const CHECKS_A_REPORT = 6;
/** An original node that was there is gone when it was silent as often. */
const SILENCES = 2;

/** Another node runs under this node's name. */
export class NameTakenError extends Error {
  override name = 'NameTakenError';
  readonly code = 'name-taken';
}

/**
 * Holds that one node alone runs under a name: two would each run every command.
 *
 * A node asks for its own name at every connect. The first time, an answer means that it must not start. Later,
 * both say so, and the younger takes no requests until the other is gone. An original node cannot yield, and answers a ping
 * alone: a node that finds one when it starts says so every minute, and takes no requests until it is silent.
 */
export class InstanceGuard implements Disposable {
  readonly #nodeName: string;
  readonly #isLenient: boolean;
  readonly #deps: GuardDeps;
  #self: Instance;
  /** What tells the question of this node from one of a copy of its memory, such as a machine's snapshot that runs as well. */
  #question = '';
  #subscription: Disposable | undefined;
  #hasServed = false;
  #isYielding = false;
  #checking: Promise<void> | undefined;
  #cancelCheck: (() => void) | undefined;
  readonly #held = new HeldArrivals();
  readonly #asksOriginals: boolean;
  /** How often an original node answered. */
  #heard = 0;
  /** How often one that was there must still be silent. */
  #silencesLeft = 0;
  /** Called when requests are taken after all. */
  onBegin: (() => void) | undefined;
  readonly #stop = new AbortController();

  constructor({ nodeName, nameCheck, trust }: GuardOptions, deps: GuardDeps) {
    this.#nodeName = nodeName;
    // Elsewhere none could take part.
    this.#asksOriginals = trust.mode === 'open' || trust.originals.includes(nodeName);
    this.#isLenient = nameCheck === 'warn';
    this.#deps = deps;
    this.#self = this.#newInstance();
  }

  /** Whether requests must be left to an older node of the same name, or to one that may be there. */
  get isYielding(): boolean {
    return this.#isYielding || !this.#hasServed;
  }

  /** Whether a message is to be taken now; one that comes before the name is known to be free is handed to `take` when it is. */
  admits(message: WireMessage, take: (message: WireMessage) => void): boolean {
    if (!this.#hasServed) this.#held.add(message, take);
    return !this.isYielding;
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
    this.#cancelCheck?.();
    this.#subscription?.[Symbol.dispose]();
    this.#held.drop();
  }

  get #subject(): string {
    return `${this.#nodeName}.Steward.Instance`;
  }

  async #ask(): Promise<void> {
    // Both at once, before this node hears itself: then nobody's silence is known after one round trip.
    const answered = new AbortController();
    const [other, isOriginal] = await Promise.all([
      this.#findOther().then((found) => {
        if (found) answered.abort();
        return found;
      }),
      this.#findOriginal(answered.signal),
    ]);
    if (this.#stop.signal.aborted) return;
    if (!other && (await this.#yieldsToOriginal(isOriginal))) return;
    if (!other) {
      if (this.#isYielding)
        this.#deps.errorReporter.report(
          `info: node ${this.#nodeName}: the other node of this name is gone; taking requests again`,
        );
      this.#isYielding = false;
      return await this.#serve();
    }
    const since = new Date(other.startedAt).toISOString();
    if (this.#isLenient) return await this.#goOn(since);
    if (!this.#hasServed) {
      throw new NameTakenError(
        `another node named ${this.#nodeName} runs already (since ${since}): stop it, or give this one another nodeName (where the broker lets other nodes answer for it: -nameCheck=warn)`,
      );
    }
    this.#isYielding = isOlder(other, this.#self);
    const consequence = this.#isYielding
      ? 'this one is younger and takes no requests'
      : 'the other is younger and has to yield';
    this.#deps.errorReporter.report(
      `error: two nodes are named ${this.#nodeName}, the other one since ${since}: ${consequence}; stop one of them`,
    );
    this.#checkAgain(CHECK_AGAIN_MS);
  }

  /** Asks for an original node until this one takes requests; whoever starts later says it itself. */
  async #findOriginal(answered: AbortSignal): Promise<boolean> {
    if (this.#hasServed || !this.#asksOriginals) return false;
    const reply = `${this.#subject}.reply.${this.#self.instance}-ping`;
    const signal = AbortSignal.any([this.#stop.signal, answered]);
    return await findOriginal(
      { nodeName: this.#nodeName, reply, patienceMs: PATIENCE_MS, signal },
      this.#deps,
    );
  }

  async #yieldsToOriginal(isThere: boolean): Promise<boolean> {
    const { errorReporter } = this.#deps;
    const about = `error: a node of the original program answers to the name ${this.#nodeName}`;
    if (isThere && this.#isLenient) {
      errorReporter.report(
        `${about}: both take requests, as nameCheck is warn; what comes for the name runs twice`,
      );
      return false;
    }
    if (isThere) {
      const wayOut = 'stop it, or give this one another nodeName; -nameCheck=warn starts it all the same';
      if (this.#heard++ % CHECKS_A_REPORT === 0)
        errorReporter.report(`${about}: this node takes no requests until the original is silent; ${wayOut}`);
      this.#silencesLeft = SILENCES;
    } else if (this.#silencesLeft > 0) this.#silencesLeft--;
    else return false;
    this.#held.drop();
    if (this.#silencesLeft === 0) {
      errorReporter.report(
        `info: the original node named ${this.#nodeName} is silent; this one takes requests now`,
      );
      await this.#serve();
      this.onBegin?.();
    } else this.#checkAgain(CHECK_AGAIN_MS);
    return true;
  }

  async #goOn(since: string): Promise<void> {
    const text = `two nodes are named ${this.#nodeName}, the other one since ${since}: both take requests, as nameCheck is warn`;
    this.#deps.errorReporter.report(`error: ${text}; what comes for the name runs twice`);
    await this.#serve();
    this.#checkAgain(CHECK_LENIENT_MS);
  }

  /** From now on this node answers to its name; another that began at the same moment is found a little later. */
  async #serve(): Promise<void> {
    if (this.#hasServed) return;
    await this.#deps.nameIsFree?.();
    this.#hasServed = true;
    this.#subscription = this.#deps.bus.subscribe(this.#subject, this.#answer);
    this.#checkAgain(CHECK_SOON_MS);
    this.#held.release();
  }

  #checkAgain(ms: number): void {
    this.#cancelCheck?.();
    this.#cancelCheck = this.#deps.clock.after(ms, () => void this.check().catch(() => {}));
  }

  /** Asks; the answer of another instance, or undefined when none comes. */
  async #findOther(): Promise<Instance | undefined> {
    const { clock } = this.#deps;
    this.#question = `${this.#self.instance}-${Math.round(clock.steadyNow() * 1000).toString(36)}`;
    const reply = `${this.#subject}.reply.${this.#question}`;
    const found = new AbortController();
    let other: Instance | undefined;
    const subscription = this.#deps.bus.subscribe(reply, (message) => {
      if (message.noResponders) return found.abort();
      other = parse(message.payload);
      // The one that asks came later: its state may be an older one.
      if (other?.instance === this.#self.instance) this.#self = this.#newInstance();
      found.abort();
    });
    const isSent = this.#deps.bus.publish(this.#subject, JSON.stringify(this.#self), { reply });
    if (isSent) await wait(clock, PATIENCE_MS, AbortSignal.any([found.signal, this.#stop.signal]));
    subscription[Symbol.dispose]();
    return other;
  }

  #newInstance(): Instance {
    const { random, clock } = this.#deps;
    return { instance: random.bytes(8).toString('hex'), startedAt: clock.wallNow() };
  }

  #isOwn({ instance }: Instance, { reply }: WireMessage): boolean {
    return instance === this.#self.instance && reply.endsWith(`.${this.#question}`);
  }

  readonly #answer = (message: WireMessage): void => {
    const asker = parse(message.payload);
    if (!message.reply || !asker || this.#isOwn(asker, message)) return;
    this.#deps.bus.publish(message.reply, JSON.stringify(this.#self));
    this.#deps.errorReporter.report(
      `error: another node tries to run under the name ${this.#nodeName}, which this node has`,
    );
  };
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

interface Question {
  /** The name, which is that of the node that asks, too. */
  readonly nodeName: string;
  /** Where the answer is to come. */
  readonly reply: string;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks by a ping whether an original node answers to a name: it knows no other question, and answers with a text alone. Where
 * nobody hears the ping that is known at once.
 */
async function findOriginal(
  { nodeName, reply, patienceMs, signal }: Question,
  { bus, clock }: { readonly bus: Pick<Bus, 'publish' | 'subscribe'>; readonly clock: Pick<Clock, 'after'> },
): Promise<boolean> {
  const heard = new AbortController();
  let isThere = false;
  const subscription = bus.subscribe(reply, ({ noResponders, header }) => {
    isThere ||= !noResponders && header(HEADER.status) === undefined;
    if (isThere || noResponders) heard.abort();
  });
  const place = { directory: 'ping', fileName: 'ping.log' };
  const ping = newMessage({
    ...{ toNode: nodeName, fromNode: nodeName, method: 'REQPing', replyMethod: 'REQNone', ...place },
    ...{ ackTimeout: 10, retries: 1, methodTimeout: 10 },
  });
  const { payload } = encodeMessage(ping, { serialization: 'gob', compression: '' });
  if (bus.publish(`${nodeName}.REQPing.EventACK`, payload, { reply }))
    await wait(clock, patienceMs, AbortSignal.any([heard.signal, signal]));
  subscription[Symbol.dispose]();
  return isThere;
}
