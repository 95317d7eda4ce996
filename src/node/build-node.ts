import { join } from 'node:path';
import { Bus } from '../bus/bus.ts';
import { BusError } from '../bus/bus-error.ts';
import type { Config } from '../config/config.ts';
import type { ForwardMoved } from '../journal/forwards.ts';
import { Journal } from '../journal/journal.ts';
import type { JournalMethod } from '../journal/journal-deps.ts';
import { Ledger, type LedgerDeps } from '../ledger/ledger.ts';
import { killLeftovers } from '../lib/kill-leftovers.ts';
import { refusalText } from '../listeners/answer-line.ts';
import { createMethods, type Methods, type MethodsDeps } from '../methods/all-methods.ts';
import type { NodeProcesses } from '../methods/node-processes.ts';
import { cleanSpool, leftOutput } from '../methods/spool.ts';
import { openAuditLog } from '../observe/audit-log.ts';
import { createErrorReporter, type ErrorReporter } from '../observe/error-reports.ts';
import { createLogger, type Logger } from '../observe/logger.ts';
import { createMetrics, type Metrics } from '../observe/metrics.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { LaneProcess, OutboxDeps } from '../outbox/outbox-deps.ts';
import { createSupervisor, type Supervisor } from '../processes/supervisor.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { Copying } from './copying.ts';
import { errorLinesOf } from './error-lines.ts';
import { Late } from './late.ts';
import { metricSources } from './metric-sources.ts';
import { Observation } from './observation.ts';
import { createOutcomes } from './outcomes.ts';
import { OwnMessages, pieceBytes, reportSubject } from './own-messages.ts';
import { auditOptions, busOptions, methodsOptions } from './part-options.ts';
import { createRelayMethods, relayingDeps } from './relaying.ts';
import { checkSubmission } from './submit.ts';

/** What a node is told besides its configuration. */
export interface NodeOptions {
  readonly version: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly isTerminal: boolean;
  /** Where REQToConsole prints; resolves when it is printed. */
  stdout(bytes: Uint8Array): Promise<void>;
}

/** The parts of a node, wired to each other. */
export interface NodeParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly observation: Observation;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly own: OwnMessages;
  readonly journal: Journal;
  readonly supervisor: Supervisor;
  readonly reporter: ErrorReporter;
  readonly methods: Methods;
  readonly journalMethods: ReadonlyMap<string, JournalMethod>;
  /** Gives the op methods the node's processes, once there are some. */
  provideProcesses(processes: NodeProcesses): void;
  /** Says what is to be done after each connect, once the outbox knows of it. */
  onConnect(task: () => void): void;
}

/** Makes the parts that have a state, from the disk up; `stack` stops them in reverse. */
export async function buildNode(
  config: Config,
  options: NodeOptions,
  stack: AsyncDisposableStack,
): Promise<NodeParts> {
  const late = new Late();
  const { logLevel: level, nodeName } = config;
  const logger = createLogger({ level, pretty: options.isTerminal, nodeName });
  const metrics = stack.use(createMetrics({ version: options.version }));
  const store = stack.use(await openStore({ folder: config.databaseFolder }));
  const audit = stack.use(await openAuditLog(auditOptions(config)));
  const bus = stack.use(makeBus(config, logger, late));
  const send = (lines: readonly string[]) => late.own!.errors(lines);
  const reporter = createErrorReporter({ nodeName }, { send, logger, metrics });
  const onFinished = createOutcomes({ audit, metrics, reporter, maxMessageBytes: config.maxMessageBytes });
  const onWritten = (moved: readonly ForwardMoved[]) => late.journal?.forwardsMoved(moved);
  const observation = stack.use(
    new Observation(config, options, { store, logger, bus, lanes: () => late.outbox?.lanes() ?? [] }),
  );
  late.observation = observation;
  const ledger = makeLedger(config, { store, logger, observation, onFinished, onWritten });
  const supervisor = createSupervisor({}, { logger, onCrash: reportCrash(reporter) });
  const copying = stack.use(
    new Copying(config, { bus, outbox: () => late.made('outbox'), own: () => late.made('own') }),
  );
  const deps = methodsDeps(late, { ledger, metrics, options, config, copying, observation });
  const methods = stack.use(createMethods(methodsOptions(config, options), deps));
  const outbox = stack.use(
    makeOutbox(config, {
      ...{ store, ledger, logger, bus, metrics, methods, supervisor, observation, onWritten },
      onEnded: copying.watch(onFinished),
    }),
  );
  stack.use(supervisor);
  const own = new OwnMessages(config, { outbox });
  late.own = own;
  late.outbox = outbox;
  late.report(stack.use(reporter));
  if (bus.isConnected) outbox.connected();
  metrics.readFrom(metricSources(outbox, supervisor));
  const journalMethods = toJournalMethods(methods);
  const parts = {
    logger,
    metrics,
    store,
    ledger,
    observation,
    bus,
    outbox,
    own,
    supervisor,
    reporter,
    methods,
    journalMethods,
  };
  const journal = stack.use(await openJournal(config, parts, late));
  late.journal = journal;
  return {
    ...parts,
    journal,
    provideProcesses: (processes) => {
      late.processes = processes;
    },
    onConnect: (task) => {
      late.onConnect = task;
      if (bus.isConnected) task();
    },
  };
}

function makeBus(config: Config, logger: Logger, late: Late): Bus {
  return new Bus(busOptions(config), {
    logger,
    onConnect: () => late.connected(),
    onDisconnect: () => late.outbox?.disconnected(),
    onRefused: (operation, subject) => late.refused(operation, subject),
    onFault: (text) => late.fault(text),
  });
}

function makeLedger(
  config: Config,
  parts: Pick<LedgerDeps, 'store' | 'logger' | 'onFinished'> & {
    readonly observation: Observation;
    readonly onWritten: (moved: readonly ForwardMoved[]) => void;
  },
): Ledger {
  const { store, logger, onFinished, onWritten, observation } = parts;
  return new Ledger({
    ...{ store, now: Date.now, onFinished, logger },
    onWritten: (moved) => {
      onWritten(moved);
      observation.changes.requests([moved]);
    },
    onOutput: (piece) => observation.changes.output(piece),
    maxOutputBytes: config.ledgerOutputBytes,
  });
}

function reportCrash(reporter: ErrorReporter): (process: { name: string }, error: Error) => void {
  return ({ name }, error) => {
    // What the broker refuses is reported where it was refused.
    if (error instanceof BusError && error.code === 'refused') return;
    reporter.error(`error: process ${name} failed and is started again: ${error.message}`);
  };
}

function methodsDeps(
  late: Late,
  parts: Pick<NodeParts, 'ledger' | 'metrics' | 'observation'> & {
    readonly options: NodeOptions;
    readonly config: Config;
    readonly copying: Copying;
  },
): MethodsDeps {
  const processes = () => late.made('processes');
  return {
    stdout: (bytes) => parts.options.stdout(bytes),
    checkMessages: async (text, isKnownMethod) => {
      const { refused } = await checkSubmission(text, parts.config, { isKnownMethod });
      return refused.map(refusalText);
    },
    applyReports: (fromNode, ends) => parts.ledger.applyReports(fromNode, ends),
    cancelRequest: (id) => late.made('journal').cancel(id),
    otherMethods: [...createRelayMethods(parts.config), ...parts.copying.methods],
    queue: {
      list: (filter, limit) => late.made('outbox').find(filter, limit),
      remove: (filter, reason) => late.made('outbox').cancel(filter, reason),
    },
    listSchedules: () => late.made('journal').schedules(),
    processes: {
      list: () => processes().list(),
      startSubscriber: (method) => processes().startSubscriber(method),
      stop: (id) => processes().stop(id),
    },
    onHello: (node) => parts.metrics.helloReceived(node, Date.now()),
    onErrorLog: (messages) => {
      parts.metrics.errorReceived(messages.length);
      parts.observation.changes.errors(() => messages.flatMap(errorLinesOf));
    },
    now: () => new Date(),
  };
}

function toJournalMethods(methods: Methods): ReadonlyMap<string, JournalMethod> {
  return new Map(
    [...methods].map(([name, method]) => [
      name,
      Object.assign(method, { isAnswered: method.kind.endsWith('K') && !method.kind.endsWith('NACK') }),
    ]),
  );
}

function startPublisher(lane: LaneProcess, supervisor: Supervisor, logger: Logger): void {
  if (supervisor.has('publisher', lane.subject)) return;
  supervisor
    .start({ kind: 'publisher', name: lane.subject, start: () => lane.start() })
    .catch((error) => logger.warn({ err: error }, `the publisher ${lane.subject} was not started`));
}

async function openJournal(
  config: Config,
  parts: Omit<NodeParts, 'journal' | 'provideProcesses' | 'onConnect'>,
  late: Late,
): Promise<Journal> {
  const spoolFolder = join(config.databaseFolder, 'spool');
  const removeRest = await cleanSpool(spoolFolder);
  const { store, bus, outbox, observation, reporter, metrics, logger, journalMethods } = parts;
  const own = late.made('own');
  const journal = await Journal.open(
    { nodeName: config.nodeName, maxMessageBytes: config.maxMessageBytes },
    {
      ...{ store, logger, now: Date.now },
      pieceBytes: (request) => pieceBytes(request, bus.maxPayload),
      methodOf: (name) => journalMethods.get(name),
      answer: (subject, text, headers) => void bus.publish(subject, text, { headers }),
      reply: (request, pieces, alongside) => own.reply(request, pieces, alongside),
      ...relayingDeps(config, parts, { own, wasRelayed: (key) => late.made('journal').wasRelayed(key) }),
      sendReport: (toNode, ends, alongside) => own.report(toNode, ends, alongside),
      leftOutput: (id) => leftOutput(spoolFolder, id),
      waitingReports: (toNode) => outbox.waitingFor(reportSubject(toNode)),
      reportError: (text, about) =>
        text.startsWith('info:') ? reporter.info(text, about) : reporter.error(text, about),
      killLeftovers: async (ids) => void (await killLeftovers(ids)),
      onAlive: (node) => {
        observation.presence.heard(node);
        outbox.alive(node);
      },
      onRun: ({ method, state, ms }) => metrics.methodEnded(method, state, ms / 1000),
    },
  );
  // The rest of what was told of while it ran is queued by now.
  await removeRest();
  return journal;
}

interface OutboxParts
  extends Pick<
    NodeParts,
    'store' | 'ledger' | 'logger' | 'bus' | 'metrics' | 'methods' | 'supervisor' | 'observation'
  > {
  readonly onEnded: OutboxDeps['onEnded'];
  readonly onWritten: (moved: readonly ForwardMoved[]) => void;
}

function makeOutbox(config: Config, parts: OutboxParts): Outbox {
  const { store, ledger, logger, bus, metrics, methods, supervisor, observation, onEnded, onWritten } = parts;
  return new Outbox(
    { nodeName: config.nodeName, messageTtlMs: config.messageTtlSeconds * 1000 },
    {
      ...{ store, ledger, logger, transport: bus, now: Date.now, onEnded, onWritten },
      monotonicNow: () => performance.now(),
      // A method that this node does not know is taken for one that runs, and reports.
      isDoneWhenAccepted: (method) => methods.get(method)?.mode === 'effect',
      onDelivered: ({ method, count, waitedMs }) => metrics.delivered(method, waitedMs / 1000, count),
      onMissedAnswer: () => metrics.ackMissed(),
      onStalled: (count) => metrics.stalled(count),
      onLane: (lane) => startPublisher(lane, supervisor, logger),
      onChanged: (changed) => observation.changes.requests(changed),
      signs: observation.presence,
    },
  );
}
