import type { BusMessage } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import { addFormatHeaders } from '../message/body-format.ts';
import { unschedulable } from '../message/schedule.ts';
import { openAdmission } from './admission.ts';
import { buildNode, type NodeOptions, type NodeParts } from './build-node.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { createHello, type HelloPublish } from './hello.ts';
import { releaseMemoryWhenIdle } from './idle-memory.ts';
import { type GuardDeps, InstanceGuard, NameTakenError } from './instance-guard.ts';
import { createNodeProcesses } from './node-subscribers.ts';
import { noteHello } from './note-hello.ts';
import { toPiece } from './piece-channel.ts';
import { startListeners } from './start-listeners.ts';
import type { SubmitDeps } from './submission.ts';

/** A node that runs until it is disposed; `failed` resolves when it cannot go on. */
export type RunningNode = AsyncDisposable & { readonly failed: Promise<Error> };

/** How long a start waits for the broker before it goes on without, ms. */
const CONNECT_PATIENCE_MS = 1500;
const PRUNE_EVERY_MS = 3_600_000;
const FIRST_PRUNE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Deps {
  readonly parts: NodeParts;
  readonly stack: AsyncDisposableStack;
}

/**
 * Builds and starts every part of a node, in order; disposing stops them in reverse. Throws errors with a `code`
 * for what an operator can mend: a folder in use, a name that is taken, a damaged database, a bad key file.
 */
export async function startNode(config: Config, options: NodeOptions): Promise<RunningNode> {
  await using stack = new AsyncDisposableStack();
  const admission = await openAdmission(config, options, stack);
  const broker = await startEmbeddedBroker(config, options, { stack, admitted: admission?.users });
  const parts = await buildNode(config, options, stack);
  stack.use(releaseMemoryWhenIdle());
  const { bus, logger } = parts;
  const serving = serve(config, options, { parts, stack });
  await bus.firstAttempt(CONNECT_PATIENCE_MS);
  if (bus.isConnected) await Promise.race([serving.started, serving.failed.then(rethrow)]);
  if (broker) await admission?.serve({ broker, bus });
  pruneRegularly(config, parts, stack);
  const { version } = options;
  const listening = { parts, stack, version, submitDeps: submitDeps(parts), serving: serving.started };
  const socket = await startListeners(config, listening);
  logger.info({ version, socket }, 'started');
  const storeFailed = parts.store.failed.catch((error: Error) => error);
  const failed = Promise.race([serving.failed, storeFailed, ...(broker ? [broker.failed] : [])]);
  const running = stack.move();
  return { failed, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Takes requests as soon as there is a broker, and no other node of this name; says hello at every connect. */
function serve(config: Config, options: NodeOptions, { parts, stack }: Deps): Serving {
  const { bus, logger, reporter, supervisor } = parts;
  const serving = new Serving();
  const guard = stack.use(new InstanceGuard(config.nodeName, guardDeps(parts)));
  const processes = createNodeProcesses(config.nodeName, {
    supervisor,
    isKnownMethod: (method) => parts.methods.has(method),
    listen: (subject, method) =>
      bus.subscribe(subject, (message) => receive(parts, guard, { message, method })),
  });
  parts.provideProcesses(processes);
  stack.defer(async () => {
    for (const { id, kind } of supervisor.list()) if (kind === 'subscriber') await supervisor.stop(id);
  });
  const publish: HelloPublish = (subject, payload, more) => bus.publish(subject, payload, more);
  const hello = createHello(config, { version: options.version, now: Date.now, publish });
  parts.onConnect(async () => {
    try {
      await guard.check();
      await serving.once(async () => {
        for (const method of methodsToServe(config, parts.methods)) await processes.startSubscriber(method);
        await bus.flush();
        logger.info({}, 'taking requests');
      });
      if (config.helloIntervalSeconds > 0) hello();
    } catch (error) {
      if (error instanceof NameTakenError) serving.fail(error);
      else reporter.error(`error: the node could not begin to take requests: ${(error as Error).message}`);
    }
  });
  every(stack, config.helloIntervalSeconds * 1000, hello);
  return serving;
}

function receive(
  parts: NodeParts,
  guard: InstanceGuard,
  { message, method }: { message: BusMessage; method: string },
): void {
  const found = parts.journalMethods.get(method);
  if (guard.isYielding || !found) return;
  const piece = toPiece(message, parts.bus);
  if (piece) return parts.methods.get(method)?.takePiece?.(piece);
  if (method === 'REQHello') noteHello(message, parts);
  parts.journal.receive(message, found);
}

function guardDeps({ bus, reporter }: NodeParts): GuardDeps {
  return {
    publish: (subject, payload, more) => bus.publish(subject, payload, more),
    subscribe: (subject, handler) => bus.subscribe(subject, handler),
    now: Date.now,
    reportError: (text) => reporter.error(text),
  };
}

function submitDeps({ methods, outbox, bus, metrics, logger }: NodeParts): SubmitDeps {
  return {
    isKnownMethod: (method) => methods.has(method),
    scheduleFault: (method) => unschedulable(method, methods.get(method)),
    enqueue: (parcels, alongside) => outbox.enqueue(parcels, alongside),
    publishUnanswered: ({ subject, body, format }) => {
      const headers: Record<string, string> = {};
      addFormatHeaders(headers, format);
      return bus.publish(subject, body, { headers });
    },
    cancelQueued: (id) => void outbox.cancel({ id }, 'cancelled before it was delivered'),
    onSubmitted: (count) => metrics.submitted(count),
    now: Date.now,
    logger,
  };
}

function pruneRegularly(
  config: Config,
  { ledger, journal, logger }: NodeParts,
  stack: AsyncDisposableStack,
): void {
  const onError = (error: unknown) => logger.warn({ err: error }, 'old entries could not be deleted');
  const pruneAll = () => {
    ledger
      .prune({ keepMs: config.ledgerKeepDays * DAY_MS, keepCount: config.ledgerKeepCount })
      .catch(onError);
    journal
      .prune({ keepMs: config.journalKeepDays * DAY_MS, keepCount: config.journalKeepCount })
      .catch(onError);
  };
  every(stack, PRUNE_EVERY_MS, pruneAll);
  const first = setTimeout(pruneAll, FIRST_PRUNE_MS);
  stack.defer(() => clearTimeout(first));
}

/** Whether requests are taken yet, and whether they never can be. */
class Serving {
  readonly started: Promise<void>;
  readonly failed: Promise<Error>;
  #start: () => void = () => {};
  fail: (error: Error) => void = () => {};
  #isStarted = false;

  constructor() {
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  async once(effect: () => Promise<void>): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    try {
      await effect();
    } catch (error) {
      this.#isStarted = false;
      throw error;
    } finally {
      this.#start();
    }
  }
}

/** The methods whose subscribers the configuration starts; those without a switch are always there. */
function methodsToServe(config: Config, methods: ReadonlyMap<string, unknown>): string[] {
  const switches: Readonly<Record<string, boolean>> = config.startSub;
  return [...methods.keys()].filter((method) => switches[method] ?? true);
}

function every(stack: AsyncDisposableStack, ms: number, task: () => void): void {
  if (ms <= 0) return;
  const timer = setInterval(task, ms);
  stack.defer(() => clearInterval(timer));
}

function rethrow(error: Error): never {
  throw error;
}
