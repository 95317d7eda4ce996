import type { Bus } from '../bus/bus.ts';
import type { LinkListener } from '../bus/link-listener.ts';
import type { Config } from '../config/config.ts';
import type { Calls } from '../fleet/calls.ts';
import type { FleetView } from '../fleet/fleet-view.ts';
import { createHello, helloIntervalMs } from '../fleet/hello.ts';
import { repeatHello } from '../fleet/hello-schedule.ts';
import { type InstanceGuard, NameTakenError } from '../fleet/instance-guard.ts';
import { noteHello } from '../fleet/note-hello.ts';
import type { NodePresence } from '../fleet/presence.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import type { LinkBudget } from '../link/link-budget.ts';
import { unbundler } from '../message/codec/bundle.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { CALL_TIMES } from '../message/words.ts';
import { type ArrivedPiece, parsePlace } from '../methods/copy/piece-place.ts';
import type { Method } from '../methods/method.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Logger } from '../observe/logger.ts';
import type { Peers } from '../outbox/peers.ts';
import type { AskStates } from '../sending/ask-states.ts';
import { toPiece } from '../sending/piece-channel.ts';
import type { StateQuestions } from '../sending/state-questions.ts';
import type { Paced } from '../trust/pace.ts';
import type { Trust } from '../trust/trust.ts';
import type { Subscribers } from './subscribers.ts';

interface ReceiverDeps {
  readonly bus: Parameters<typeof toPiece>[1] & { asks(reply: string): void };
  readonly guard: InstanceGuard;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly presence: NodePresence;
  readonly fleet: Pick<FleetView, 'linkDays' | 'budgets' | 'hellos'>;
  readonly trust: Trust;
  readonly errorReporter: ErrorReporter;
  readonly logger: Logger;
}

/** Methods of which nodes need no more than their newest word. */
const PACED: Readonly<Record<string, Paced>> = { REQHello: 'hello', REQErrorLog: 'errors' };

/** Takes what other nodes send: pieces of files to their method, hellos to the node list, and messages to the journal. */
export class Receiver {
  readonly #deps: ReceiverDeps;
  readonly #unbundled = unbundler();

  constructor(deps: ReceiverDeps) {
    this.#deps = deps;
  }

  receive(arrival: WireMessage, method: Method): void {
    for (const message of this.#unbundled(arrival)) this.#receive(message, method);
  }

  #receive(message: WireMessage, method: Method): void {
    const { guard, trust } = this.#deps;
    // Who checks its name pings original nodes; this one answers the other question.
    if (message.reply.includes('.Steward.Instance.reply.')) return;
    if (!guard.admits(message, (held) => this.#receive(held, method))) return;
    if (!trust.answersItsSender(message)) return;
    const kind = PACED[method.name];
    if (kind === undefined) return this.#take(message, method);
    trust.paced(kind, message.sender, () => this.#take(message, method));
  }

  #take(message: WireMessage, method: Method): void {
    const { bus } = this.#deps;
    if (message.header(HEADER.linkLeft) !== undefined) bus.asks(message.reply);
    const piece = toPiece(message, bus);
    if (piece) return this.#takePiece(piece, message, method);
    if (method.name !== 'REQHello' || noteHello(message, this.#deps))
      this.#deps.journal.receive(message, method);
  }

  /** Pieces of what was not asked for are as unknown as those of a transfer that never began. */
  #takePiece(piece: ArrivedPiece, { sender }: WireMessage, method: Method): void {
    const place = parsePlace(piece.place);
    if (!place) return;
    if (this.#deps.trust.mayBringPieces(place.transfer, sender)) method.takePiece?.(piece);
    else piece.answer({ place, status: 'unknown' });
  }
}

interface ServingDeps {
  readonly bus: Bus;
  readonly guard: InstanceGuard;
  readonly subscribers: Subscribers;
  readonly states: Pick<StateQuestions, 'serve'>;
  readonly asking: Pick<AskStates, 'ask'>;
  readonly methods: ReadonlyMap<string, Method>;
  readonly hello: ReturnType<typeof createHello>;
  readonly budget: Pick<LinkBudget, 'bytesPerDay'>;
  readonly peers: Pick<Peers, 'alive' | 'knows' | 'wordsOf'>;
  readonly errorReporter: ErrorReporter;
  readonly logger: Logger;
}

type ServingParts = Omit<ServingDeps, 'hello'> & {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'isOriginal' | 'knows'>;
  readonly fleet: LinkListener & Pick<FleetView, 'linkDays'>;
  readonly budget: LinkBudget;
  readonly outbox: LinkListener;
  readonly link: LinkListener;
  readonly trust: Trust;
  readonly calls: Calls | undefined;
};

/** Takes requests as soon as there is a broker, and no other node of this name; says hello at every connect. */
export class Serving {
  /** Resolves when requests are taken, or could not be at the first attempt. */
  readonly started: Promise<void>;
  /** Resolves when requests never can be taken. */
  readonly failed: Promise<Error>;
  readonly #config: Config;
  readonly #deps: ServingDeps;
  readonly #start = Promise.withResolvers<void>();
  readonly #fail = Promise.withResolvers<Error>();
  #isStarted = false;
  #isServing = false;

  constructor(config: Config, deps: ServingDeps) {
    this.#config = config;
    this.#deps = deps;
    this.started = this.#start.promise;
    this.failed = this.#fail.promise;
  }

  /** The node stops: it says goodbye to a central node that understands that, unless another one of its name goes on. */
  closing(): void {
    const { centralNodeName, nodeName, helloIntervalSeconds } = this.#config;
    const { guard, hello, peers } = this.#deps;
    const isExpected = this.#isStarted && !guard.isYielding && helloIntervalSeconds > 0;
    if (isExpected && centralNodeName !== nodeName && peers.knows(centralNodeName, 'goodbye'))
      hello({ leaving: true });
  }

  /** The link to the broker is there. */
  async connected(): Promise<void> {
    const { guard, errorReporter } = this.#deps;
    try {
      // The hello before all else: with it what was on its way here comes again.
      if (this.#isServing) this.#begin();
      // All in one round trip; until the name is known to be free, what comes is left to who has it.
      const checked = guard.check();
      await Promise.all([this.#subscribeOnce(), this.#isServing ? undefined : checked]);
      guard.onBegin = () => this.#begin();
      if (!this.#isServing && !guard.isYielding) this.#begin();
      this.#meetCentral();
      await checked;
    } catch (error) {
      // A node whose name is taken never starts, not even for a moment.
      if (error instanceof NameTakenError) return this.#fail.resolve(error);
      errorReporter.report(`error: the node could not begin to take requests: ${(error as Error).message}`);
    }
    this.#start.resolve();
  }

  #begin(): void {
    const { hello, peers, logger } = this.#deps;
    if (!this.#isServing) logger.info({}, 'taking requests');
    this.#isServing = true;
    // What the node sends itself may have found nobody until now, and would wait for a sign of life.
    peers.alive(this.#config.nodeName);
    if (this.#config.helloIntervalSeconds > 0) hello({ connected: true });
  }

  /** How often hellos are said depends on what the central node is. */
  #meetCentral(): void {
    const { centralNodeName, nodeName } = this.#config;
    const { asking, peers } = this.#deps;
    if (centralNodeName !== nodeName && peers.wordsOf(centralNodeName) === undefined)
      asking.ask(centralNodeName).then(
        () => this.#tellBudget(),
        () => {},
      );
  }

  /** To a central node that reads that now, before it sends more than the budget of this link allows. */
  #tellBudget(): void {
    const { budget, guard, hello } = this.#deps;
    const isExpected = this.#isServing && !guard.isYielding && this.#config.helloIntervalSeconds > 0;
    if (budget.bytesPerDay > 0 && isExpected) hello();
  }

  async #subscribeOnce(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { subscribers, methods, bus } = this.#deps;
    try {
      const names = methodsToServe(this.#config, methods);
      await Promise.all(names.map((name) => subscribers.startSubscriber(name)));
      this.#deps.states.serve();
      await bus.flush();
    } catch (error) {
      this.#isStarted = false;
      throw error;
    }
  }
}

/** The methods whose subscribers the configuration starts; those without a switch are always there. */
function methodsToServe(config: Config, methods: ReadonlyMap<string, unknown>): string[] {
  const switches: Readonly<Record<string, boolean>> = config.startSub;
  return [...methods.keys()].filter((method) => switches[method] ?? true);
}

/** Begins the link to the broker, and says hello at every connect and regularly. */
export function beginServing(
  config: Config,
  { version }: { readonly version: string },
  { parts, stack }: { readonly parts: ServingParts; readonly stack: AsyncDisposableStack },
): Serving {
  const { bus, clock, fleet, outbox, link, peers, errorReporter, trust, budget, calls } = parts;
  const { addressing: addresses } = trust;
  const { linkDays } = fleet;
  const callIn = () => (peers.knows(config.centralNodeName, CALL_TIMES) ? calls?.secondsLeft : undefined);
  const about = { version, now: clock.steadyNow, bus, trust, addresses, linkDays, peers, callIn, budget };
  const hello = createHello(config, about);
  const serving = new Serving(config, { ...parts, hello });
  calls?.begin();
  bus.start([addresses, fleet, outbox, link, errorReporter, serving, ...(calls ? [calls] : [])]);
  const intervalMs = config.helloIntervalSeconds * 1000;
  const originalMs = config.originalHelloSeconds * 1000;
  const savingMs = () => helloIntervalMs(config, budget);
  const repeat = () => parts.guard.isYielding || hello();
  if (intervalMs > 0) budget.listen({ budgetChanged: repeat });
  const isOriginal = () => peers.isOriginal(config.centralNodeName);
  if (intervalMs > 0)
    stack.defer(repeatHello(intervalMs, { clock, originalMs, isOriginal, savingMs, hello: repeat }));
  return serving;
}
