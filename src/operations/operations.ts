import { join, resolve } from 'node:path';
import type { Bus } from '../bus/bus.ts';
import { shownAddress } from '../bus/connect-options.ts';
import { auditOptions } from '../config/audit-options.ts';
import type { Config } from '../config/config.ts';
import type { Operations } from '../contract/contract.ts';
import type { DOCTOR_OPERATIONS } from '../contract/doctor.ts';
import type { NodeDetail } from '../contract/node-detail.ts';
import type { MethodDescription, NodeSummary, StatusAnswer } from '../contract/nodes.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { QueueSummary } from '../contract/queues.ts';
import type { SESSION_OPERATIONS } from '../contract/sessions.ts';
import type { TrustAnswer } from '../contract/trust.ts';
import type { Calls } from '../fleet/calls.ts';
import { readErrorLines } from '../fleet/error-lines.ts';
import type { FleetView } from '../fleet/fleet-view.ts';
import type { NodeList } from '../fleet/node-list.ts';
import type { NodePresence } from '../fleet/presence.ts';
import type { PresenceHistory } from '../fleet/presence-history.ts';
import { planStatement } from '../ledger/batch-rows.ts';
import { countRequests } from '../ledger/count-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Operators } from '../ledger/operators.ts';
import { ActivityReader } from '../ledger/read-activity.ts';
import type { Edges } from '../lib/edges.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import type { Methods } from '../methods/all-methods.ts';
import type { Method } from '../methods/method.ts';
import type { Metrics } from '../observe/metrics.ts';
import { readAuditLog } from '../observe/read-audit-log.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import type { LaneStatus } from '../outbox/lane/lane-status.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { RequestCancelling } from '../sending/cancel-requests.ts';
import { forgetNode } from '../sending/forget-node.ts';
import type { RepliesAndReports } from '../sending/replies-and-reports.ts';
import { RequestResending } from '../sending/resend-requests.ts';
import type { Submissions } from '../sending/submissions.ts';
import type { KeptClock } from '../store/kept-clock.ts';
import { type Store, statement } from '../store/store.ts';
import { createGroupsFile, type GroupsFile } from '../targets/groups-file.ts';
import { resolveTargets } from '../targets/resolve-targets.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Pace } from '../trust/pace.ts';
import type { Refusals } from '../trust/refusals.ts';
import type { Trust } from '../trust/trust.ts';
import { type KeptWaves, Waves } from '../waves/waves.ts';
import { linkOperations, type Measured, wayOf } from './link-operation.ts';
import { nodeFileOperations } from './node-files.ts';
import { nodePage } from './node-page.ts';
import { overdueQueues, queuesFor } from './overdue-queues.ts';
import { RequestOperations } from './request-operations.ts';

/** The parts of a node that its operators ask and order. */
interface NodeParts extends Edges {
  readonly kept: KeptClock;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly undelivered: Undelivered;
  readonly sending: RepliesAndReports;
  readonly submissions: Submissions;
  readonly fleet: FleetView;
  readonly metrics: Metrics;
  readonly supervisor: Supervisor;
  readonly methods: Methods;
  readonly refusals: Refusals;
  readonly pace: Pick<Pace, 'forget'>;
  readonly operators: Operators;
  readonly trust: Trust;
  readonly link: Parameters<typeof linkOperations>[2]['link'];
  /** Undefined where the node keeps its connection. */
  readonly calls: Calls | undefined;
  readonly budget: Parameters<typeof linkOperations>[2]['budget'];
  readonly logger: { warn(fields: object, text: string): void };
  /** Ends what goes on by itself. */
  readonly stack: AsyncDisposableStack;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** All but what is asked of the console's sessions and passkeys, and of what is around the node. */
type NodeOperations = Omit<Operations, keyof typeof SESSION_OPERATIONS | keyof typeof DOCTOR_OPERATIONS>;

/** Makes all that the API serves of a node. */
export function createOperations(
  config: Config,
  { version }: { readonly version: string },
  parts: NodeParts,
): NodeOperations {
  const { clock, outbox, fleet, supervisor, methods, submissions } = parts;
  const { presence, nodes, changes, linkDays, budgets } = fleet;
  const groups = createGroupsFile(config.groupsFile);
  const { find, findSummaries } = targetFinder(nodes, groups);
  const shared = { ...parts, presence, now: clock.wallNow, maxMessageBytes: config.maxMessageBytes };
  const cancelling = new RequestCancelling(shared);
  const requests = new RequestOperations({
    ...{ ...shared, cancelling },
    resending: new RequestResending(shared),
  });
  const activity = new ActivityReader(parts);
  const own: Omit<NodeOperations, 'startWaves' | 'cancelBatch'> = {
    ...requests,
    status: () => status(config, version, parts),
    activity: ({ days = 7 }) => activity.read(days),
    submit: (text, options, by) => submissions.answer(text, options, find, by),
    nodes: nodes.list,
    nodePage: (query) =>
      nodePage(query, {
        ...{ all: nodes.known, now: clock.wallNow, detailsOf: nodeDetails({ ...shared, ...fleet }) },
        resolve: (target) => find([target]),
      }),
    ...nodeFileOperations(config.subscribersDataFolder, { presence }),
    forgetNode: (name, by) => forgetNode(name, by, parts),
    presence: async (name) => fleet.history.of(name),
    targets: ({ targets }) => findSummaries(targets),
    groups: () => refusing(groups.read),
    queues: async (query) => queuesFor(outbox.lanes().filter(isUsed).map(toQueue), query),
    overdueQueues: async () =>
      overdueQueues(outbox.lanes().filter(isUsed).map(toQueue), {
        ...{ now: clock.wallNow, usualAwayMs: fleet.usualAwayMs },
      }),
    ...linkOperations(config, version, { ...parts, presence, peers: outbox.peers, linkDays, budgets }),
    trust: (query) => trustAnswer(config, query, { nodes, refusals: parts.refusals }),
    processes: async () =>
      supervisor.list().map(({ id, kind, name, state, restarts }) => ({ id, kind, name, state, restarts })),
    methods: async () => describeMethods(methods),
    errors: (filter) => readErrorLines(errorLogOf(config), filter),
    audit: ({ limit = DEFAULT_LIMIT, ...filter }) =>
      readAuditLog(auditOptions(config), { ...filter, limit: Math.min(limit, MAX_LIMIT) }),
    events: changes.watch,
  };
  const waves = parts.stack.use(
    new Waves({
      ...{ ...parts, operations: own, kept: keptWaves(parts.store, clock.wallNow) },
      isConnected: () => parts.bus.isConnected,
    }),
  );
  waves
    .resume()
    .catch((error: Error) => parts.logger.warn({ err: error }, 'waves that were under way do not go on'));
  return {
    ...own,
    startWaves: async (id, order, by) => ({ batch: id, ...(await waves.start(id, order, by)) }),
    cancelBatch: async (text, by) => {
      const id = await requests.batchId(text);
      await waves.stop(id, 'it was cancelled');
      return await cancelling.batch(id, by);
    },
  };
}

/** Who is meant by targets: as the list knows them, and with all that is shown of them. */
function targetFinder(nodes: Pick<FleetView['nodes'], 'known'>, groups: Pick<GroupsFile, 'read'>) {
  const find = (targets: readonly string[]) =>
    refusing(async () => {
      // A groups file that is wrong is in the way of those alone who name a group.
      const namesGroups = targets.some((target) => target.includes('@'));
      const known = { nodes: await nodes.known(), groups: namesGroups ? await groups.read() : {} };
      return resolveTargets(targets, known);
    });
  return {
    find,
    findSummaries: async (targets: readonly string[]) => {
      const answer = await find(targets);
      return { ...answer, nodes: answer.nodes.map((node) => node.summary()) };
    },
  };
}

function errorLogOf({ subscribersDataFolder }: Config): string {
  return join(subscribersDataFolder, 'errorLog', ERROR_CENTRAL, 'error.log');
}

async function status(
  config: Config,
  version: string,
  { store, bus, fleet, calls }: NodeParts,
): Promise<StatusAnswer> {
  return {
    node: config.nodeName,
    centralNode: config.centralNodeName,
    version,
    startedAt: fleet.startedAt,
    trust: config.trust.mode,
    broker: {
      isConnected: bus.isConnected,
      address: shownAddress(config.brokerAddress),
      fault: bus.isConnected
        ? null
        : calls && !calls.isCalling
          ? `none until ${bus.line.waitsFor}`
          : fleet.linkFault,
    },
    counts: await countRequests(store),
    nodes: fleet.nodes.counts(),
  };
}

/** What is wrong with targets or groups is the caller's or the operator's mistake. */
async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TargetError)
      throw new OperationError('bad-request', error.message, { cause: error });
    throw error;
  }
}

function isUsed({ queued }: LaneStatus): boolean {
  return queued > 0;
}

function toQueue({ toNode, ...rest }: LaneStatus): QueueSummary {
  return { ...rest, node: toNode };
}

interface TrustParts {
  readonly nodes: Pick<NodeList, 'list'>;
  readonly refusals: Pick<Refusals, 'list' | 'provers'>;
}

const DEFAULT_DAYS = 7;

/** What is known of the trust of this node: its mode, who never proved who it is, and what was refused or would be. */
async function trustAnswer(
  { nodeName, configFile, trust }: Config,
  { days = DEFAULT_DAYS }: { readonly days?: number },
  { nodes, refusals }: TrustParts,
): Promise<TrustAnswer> {
  const known = (await nodes.list()).filter(({ isSelf, name }) => !isSelf && !refusals.provers.has(name));
  return {
    node: nodeName,
    mode: trust.mode,
    configFile: resolve(configFile),
    originals: [...trust.originals],
    unproved: known.map(({ name, version, lastSeenAt }) => ({ name, version, lastSeenAt })),
    refusals: await refusals.list(days),
  };
}

/** The plans of batches that go from node to node, in the node's database. */
function keptWaves(store: Store, now: () => number): KeptWaves {
  return {
    open: async () =>
      (await store.query<{ batch: string }>('SELECT batch FROM waves')).map(({ batch }) => batch),
    planOf: async (batch) => {
      const [row] = await store.query<{ plan: string | null }>(
        'SELECT plan FROM batches WHERE id = ?',
        batch,
      );
      return row?.plan ? (JSON.parse(row.plan) as unknown) : undefined;
    },
    keep: (batch, plan, label) =>
      store.write([
        planStatement(batch, plan, now(), label),
        plan.isOver
          ? statement('DELETE FROM waves WHERE batch = ?', batch)
          : statement('INSERT OR IGNORE INTO waves VALUES (?)', batch),
      ]),
  };
}

/** What forms and help show of the methods, by name. */
function describeMethods(methods: ReadonlyMap<string, Method>): MethodDescription[] {
  return [...methods.values()]
    .map(({ name, kind, summary, args, isForPeople = true }) => ({ name, kind, summary, args, isForPeople }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface NodeDetailsDeps {
  readonly history: Pick<PresenceHistory, 'weeksOf'>;
  readonly presence: Pick<NodePresence, 'toldAt'>;
  readonly outbox: { readonly peers: { measured(): Iterable<readonly [node: string, way: Measured]> } };
  /** Unix ms. */
  now(): number;
}

/** Makes what tells what is known of nodes besides, in their order: more than is looked up for thousands. */
function nodeDetails(deps: NodeDetailsDeps): (nodes: readonly NodeSummary[]) => NodeDetail[] {
  return (nodes) => {
    const now = deps.now();
    const ways = new Map(deps.outbox.peers.measured());
    const weeks = deps.history.weeksOf(
      nodes.map(({ name }) => name),
      now,
    );
    return nodes.map(({ name, isSelf }, place) => ({
      week: isSelf ? '' : weeks[place]!,
      toldAt: isSelf ? now : deps.presence.toldAt(name),
      ...wayOf(ways.get(name)),
    }));
  };
}
