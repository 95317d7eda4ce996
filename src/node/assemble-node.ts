import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import { Calls, callTimes } from '../fleet/calls.ts';
import { FleetView } from '../fleet/fleet-view.ts';
import { InstanceGuard } from '../fleet/instance-guard.ts';
import { budgetTimes, openBudget } from '../fleet/kept-budget.ts';
import { NodePresence } from '../fleet/presence.ts';
import { PresenceProbe } from '../fleet/presence-probe.ts';
import { Journal } from '../journal/journal.ts';
import type { JournalDeps } from '../journal/journal-deps.ts';
import { journalTimes, shiftAccepted } from '../journal/journal-table.ts';
import { askerOf, firstSenderOf, runsSince, waitingOf } from '../journal/known-states.ts';
import { Ledger } from '../ledger/ledger.ts';
import { isOlder, mayHaveSentMore } from '../ledger/newest-id.ts';
import { shiftOpen } from '../ledger/open-requests.ts';
import { Operators } from '../ledger/operators.ts';
import { SentRequests } from '../ledger/sent-requests.ts';
import type { Edges } from '../lib/edges.ts';
import type { LinkBudget } from '../link/link-budget.ts';
import { outgoingChain } from '../link/outgoing-chain.ts';
import { LinkScheduler } from '../link/scheduler.ts';
import { tellLeft } from '../link/tell-left.ts';
import type { Next } from '../link/way-out.ts';
import { CALLS, OWN_WORDS } from '../message/words.ts';
import type { Methods, MethodsDeps } from '../methods/all-methods.ts';
import type { WriteFile } from '../methods/files/replace-file.ts';
import type { Method } from '../methods/method.ts';
import type { AuditLog } from '../observe/audit-log.ts';
import { ErrorReporter } from '../observe/error-reports.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import { outboxTimes } from '../outbox/lane/lane-rows.ts';
import { Outbox } from '../outbox/outbox.ts';
import type { Peers } from '../outbox/peers.ts';
import { Supervisor } from '../processes/supervisor.ts';
import type { KeptData } from '../relay/kept-data.ts';
import { AskStates } from '../sending/ask-states.ts';
import { Copying } from '../sending/copying.ts';
import { OutputReplies } from '../sending/output-replies.ts';
import { EndRecorder } from '../sending/record-ends.ts';
import { Relaying, relayMethods } from '../sending/relaying.ts';
import { RepliesAndReports } from '../sending/replies-and-reports.ts';
import { StateQuestions } from '../sending/state-questions.ts';
import { Submissions } from '../sending/submissions.ts';
import { KeptClock } from '../store/kept-clock.ts';
import type { Store } from '../store/store.ts';
import type { Relay } from '../trust/judge.ts';
import { nodeNotes } from '../trust/node-notes.ts';
import { Pace } from '../trust/pace.ts';
import { Quotas } from '../trust/quotas.ts';
import { Refusals } from '../trust/refusals.ts';
import { Trust } from '../trust/trust.ts';
import { Receiver } from './serving.ts';
import { Subscribers } from './subscribers.ts';

/** The parts of a node, made with each other; each says by an interface of its own what it needs of the others. */
export interface NodeParts extends Base {
  readonly ledger: Ledger;
  readonly presence: NodePresence;
  readonly outbox: Outbox;
  readonly link: LinkScheduler;
  /** What the outbox knows of the nodes that it delivers to, and what it has not delivered yet. */
  readonly peers: Peers;
  readonly undelivered: Undelivered;
  readonly sending: RepliesAndReports;
  readonly errorReporter: ErrorReporter;
  readonly supervisor: Supervisor;
  readonly fleet: FleetView;
  readonly submissions: Submissions;
  readonly journal: Journal;
  readonly guard: InstanceGuard;
  readonly subscribers: Subscribers;
  readonly methods: Methods;
  readonly states: StateQuestions;
  readonly asking: AskStates;
  /** Undefined where the node keeps its connection. */
  readonly calls: Calls | undefined;
  readonly trust: Trust;
  readonly refusals: Refusals;
  readonly pace: Pace;
  readonly operators: Operators;
}

/** What stands by itself. */
interface Base extends Edges {
  /** What lives and deadlines on disk are measured by. */
  readonly kept: KeptClock;
  /** The steps that every message takes on its way to the broker. */
  readonly send: Next;
  /** What may go over the link today. */
  readonly budget: LinkBudget;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly bus: Bus;
}

/** What a node stands on, of its machine: all that is another thing in a simulation. */
export interface Ground
  extends Omit<Base, 'send' | 'kept' | 'budget'>,
    Pick<JournalDeps, 'killLeftovers' | 'leftOutput' | 'perils'> {
  readonly version: string;
  /** Who may relay to whom by the permissions that this node gives others, besides what its configuration says. */
  relays?(): readonly Relay[];
  /** The nodes that this one has let into its fleet. */
  admitted?(): readonly string[];
  /** Keeps the data of what is relayed, for further targets. */
  readonly keptData?: Pick<KeptData, 'keep' | 'find'>;
  /** Writes a file below the data folder. */
  readonly writeFile: WriteFile;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Tells this node's database from every other one on the machine, also from a copy of it. */
  readonly instance: string;
  /** The newest id of a message that was noted next to the database. */
  readonly notedId?: string | undefined;
  /** How much output may wait for nodes that are away, bytes; no limit unless told. */
  readonly outputRoomBytes?: number;
  /** Makes the methods that need no other part than these, and enters all of them in a table. */
  makeMethods(deps: MachineMethods, table: Map<string, Method>): Methods;
}

export type MachineMethods = Omit<MethodsDeps, 'stdout' | 'now' | 'clock'>;

/** What began in a call is waited for as long, ms: its end and its output belong to the call. */
const CALL_RUN_MS = 60_000;

/** Makes the parts that have a state, and lets journal and outbox take up their work. The link is not begun. */
export async function assembleNode(
  config: Config,
  machine: Ground,
  stack: AsyncDisposableStack,
): Promise<NodeParts> {
  // What other parts hold is filled below, where each method finds what it needs.
  const table = new Map<string, Method>();
  const times = [outboxTimes, journalTimes, callTimes, budgetTimes];
  const dates = (ms: number) => [...shiftOpen(ms), shiftAccepted(ms)];
  const kept = stack.use(await KeptClock.open({ ...machine, times, dates }));
  const ground = { ...machine, clock: kept.clock };
  const { trust, refusals, quotas, pace, notes } = makeTrust(config, ground, (text) =>
    sender.errorReporter.report(text),
  );
  stack.use(refusals);
  stack.use(pace);
  if (quotas) stack.use(quotas);
  const { addressing: addresses } = trust;
  const send = outgoingChain(config, ground.bus, addresses, ground.clock.steadyNow);
  const budget = stack.use(openBudget(config, { ...ground, kept }));
  const base = { ...ground, kept, send, methods: table, trust, addresses, refusals, pace, budget };
  const sender = makeSender(config, base);
  const { ledger, outbox, undelivered, errorReporter } = sender;
  const asking = stack.use(new AskStates(config.nodeName, { ...base, ...sender }));
  const deps = { ...base, ...sender, notes, asking };
  const fleet = stack.use(new FleetView(config, ground, deps));
  const calls = makeCalls(config, deps);
  if (calls) stack.use(calls);
  const submissions = new Submissions(config, { ...deps, calls });
  const supervisor = new Supervisor({}, deps);
  const outputReplies = stack.use(new OutputReplies(deps));
  const copying = stack.use(new Copying(config, { ...deps, outputReplies }));
  const relaying = new Relaying(config, deps);
  const answers = tellLeft(ground.bus, { budget, peers: deps.peers });
  const journal = new Journal(
    { ...config, instance: ground.instance },
    { ...deps, bus: answers, fleet, relaying },
  );
  const guard = new InstanceGuard(config, { ...deps, nameIsFree: journal.nameIsFree });
  const receiver = new Receiver({ ...deps, bus: answers, fleet, guard, journal });
  const subscribers = new Subscribers(config.nodeName, { ...deps, supervisor, receiver });
  const methods = ground.makeMethods(
    {
      ...{ journal, fleet, submissions, queue: undelivered, processes: subscribers },
      outputReplies,
      otherMethods: [...relayMethods(config, deps), ...copying.methods],
    },
    table,
  );

  for (const part of [methods, outbox, supervisor]) stack.use(part);
  stack.defer(() => outbox.hush());
  for (const part of [errorReporter, journal, guard, subscribers]) stack.use(part);
  const operators = new Operators(ground.store);
  const ends = new EndRecorder(config, { ...ground, errorReporter, operators });
  const states = new StateQuestions(config.nodeName, { ...deps, guard, journal });
  ledger.listen([ends, journal.relayed, fleet.changes, outbox]);
  const listeners = [ends, errorReporter, copying, ...journal.hearers, fleet.changes, states, outputReplies];
  outbox.start({ ...deps, processes: supervisor, listeners });
  if (config.isCentral) stack.use(new PresenceProbe(config.nodeName, deps));
  await journal.start({ ask: states.askSender, isOlder: isOlder(ground.store, ground.notedId) });
  stack.use(states);
  const made = { calls, supervisor, fleet, submissions, journal, guard, subscribers, methods, states };
  return { ...deps, ...made, operators };
}

/** What places the calls of a node that is connected during them alone. */
function makeCalls(
  { calls }: Config,
  deps: Omit<ConstructorParameters<typeof Calls>[1], 'isBusy'> &
    Pick<NodeParts, 'outbox' | 'store' | 'clock'>,
): Calls | undefined {
  const { outbox, store, clock } = deps;
  const isBusy = () =>
    outbox.lanes().some(({ queued, nextAttemptAt }) => queued > 0 && nextAttemptAt === null) ||
    runsSince(store, clock.wallNow() - CALL_RUN_MS);
  return calls && new Calls(calls, { ...deps, isBusy });
}

/** What decides who may ask for what. */
function makeTrust(
  config: Config,
  { store, clock, logger, writeFile, relays: given, admitted }: Ground,
  report: (text: string) => void,
) {
  const { mode, wantsProof, originals, relays, replyCommands } = config.trust;
  const { nodeName, centralNodeName } = config;
  const requests = new SentRequests(store);
  const refusals = new Refusals({ store, clock, logger });
  const pace = new Pace({ clock, report, refusals });
  const countWaiting = (node: string) => waitingOf(store, node);
  const { quotas: limits } = config;
  const quotas = mode === 'closed' && limits && new Quotas(limits, { store, clock, countWaiting, logger });
  const trust = new Trust(
    {
      ...{ mode, wantsProof, nodeName, centralNodeName, originals, replyCommands },
      relays: () => [...relays, ...(given?.() ?? [])],
      words: config.calls ? `${OWN_WORDS} ${CALLS}` : OWN_WORDS,
    },
    {
      requests,
      askerOf: (id) => askerOf(store, id),
      firstSenderOf: (id) => firstSenderOf(store, id),
      pace,
      isNode: (name) =>
        store.get('SELECT 1 FROM nodes WHERE name = ?', name) !== undefined ||
        admitted?.().includes(name) === true,
      quotas: quotas || undefined,
      refusals,
      report,
      keepFile: async (file) => {
        const outcome = await writeFile(file);
        if (!outcome.ok) report(`error: what nobody asked for could not be kept: ${outcome.reason}`);
      },
    },
  );
  const notes = nodeNotes({ mode, nodeName, originals }, { refusals, pace });
  return { trust, refusals, quotas, pace, notes };
}

/** The parts that bring messages to other nodes, and keep what is known of them. */
function makeSender(
  config: Config,
  base: Base &
    Pick<Ground, 'notedId' | 'outputRoomBytes'> & {
      readonly methods: ReadonlyMap<string, Method>;
      readonly addresses: Trust['addressing'];
    },
) {
  const { logger, store, bus } = base;
  const now = base.clock.wallNow;
  const presence = new NodePresence({ clock: base.clock, bus });
  const ledger = new Ledger({ store, now, logger, maxOutputBytes: config.ledgerOutputBytes });
  const link = new LinkScheduler({ ...base, now: base.clock.steadyNow });
  base.budget.listen(link);
  const outbox = new Outbox(
    {
      nodeName: config.nodeName,
      centralNodeName: config.centralNodeName,
      messageTtlMs: config.messageTtlSeconds * 1000,
      maxOutputBytes: base.outputRoomBytes ?? Number.POSITIVE_INFINITY,
      isDoubtful: mayHaveSentMore(store, { wallNow: now(), noted: base.notedId }),
    },
    { ...base, ledger, presence, transport: bus, words: base.addresses, link },
  );
  const { peers, undelivered } = outbox;
  const sending = new RepliesAndReports(config, { ...base, outbox, peers });
  const errorReporter = new ErrorReporter({ nodeName: config.nodeName }, { ...base, sending });
  return { presence, ledger, link, outbox, peers, undelivered, sending, errorReporter };
}
