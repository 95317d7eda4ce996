import { join } from 'node:path';
import { type ApiDesk, DeskError } from '../api/desk.ts';
import type { Config } from '../config/config.ts';
import type { QueueSummary, StatusAnswer } from '../contract/nodes.ts';
import { countRequests } from '../ledger/count-requests.ts';
import { readAuditLog } from '../observe/read-audit-log.ts';
import type { LaneStatus } from '../outbox/lane-status.ts';
import { createGroupsFile } from '../targets/groups-file.ts';
import { resolveTargets } from '../targets/resolve-targets.ts';
import { TargetError } from '../targets/target-error.ts';
import type { NodeParts } from './build-node.ts';
import { RequestCancelling } from './cancel-requests.ts';
import { readErrorLines } from './error-lines.ts';
import { describeMethods } from './method-descriptions.ts';
import { auditOptions } from './part-options.ts';
import { RequestsDesk } from './requests-desk.ts';
import { RequestResending } from './resend-requests.ts';
import type { SubmitDeps } from './submission.ts';
import { createAnsweringSubmit } from './submit.ts';

interface DeskDeps {
  readonly parts: NodeParts;
  readonly submitDeps: SubmitDeps;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** Makes all that the API serves of a node. */
export function createDesk(
  config: Config,
  { version }: { readonly version: string },
  { parts, submitDeps }: DeskDeps,
): ApiDesk {
  const { store, ledger, outbox, own, observation, metrics, supervisor, methods } = parts;
  const { presence, nodes, changes } = observation;
  const groups = createGroupsFile(config.groupsFile);
  const shared = {
    store,
    outbox,
    own,
    ledger,
    presence,
    now: Date.now,
    maxMessageBytes: config.maxMessageBytes,
  };
  const requests = new RequestsDesk({ ...shared, lane: (subject) => outbox.lane(subject) });
  const cancelling = new RequestCancelling(shared);
  const resending = new RequestResending({ ...shared, onSubmitted: (count) => metrics.submitted(count) });
  const errorLog = join(config.subscribersDataFolder, 'errorLog', 'errorCentral', 'error.log');
  return {
    status: () => status(config, version, parts),
    submit: createAnsweringSubmit(config, submitDeps),
    requests: (filter, page) => requests.requests(filter, page),
    request: (id) => requests.request(id),
    output: (id, options) => requests.output(id, options),
    cancelRequest: async (id) => cancelling.request(await requests.requestId(id)),
    resendRequest: async (id) => resending.request(await requests.requestId(id)),
    batches: (page) => requests.batches(page),
    batch: (id) => requests.batch(id),
    planBatch: (id, plan) => requests.planBatch(id, plan),
    cancelBatch: async (id) => cancelling.batch(await requests.batchId(id)),
    resendBatch: async (id, which) => resending.batch(await requests.batchId(id), which),
    nodes: () => nodes.list(),
    targets: (targets) => refusing(async () => resolveTargets(targets, await fleet(targets))),
    groups: () => refusing(() => groups.read()),
    queues: async () => outbox.lanes().filter(isUsed).map(toQueue),
    processes: async () =>
      supervisor.list().map(({ id, kind, name, state, restarts }) => ({ id, kind, name, state, restarts })),
    methods: async () => describeMethods(methods),
    errors: (filter) => readErrorLines(errorLog, filter),
    audit: ({ limit = DEFAULT_LIMIT, ...filter }) =>
      readAuditLog(auditOptions(config), { ...filter, limit: Math.min(limit, MAX_LIMIT) }),
    events: (filter, listener) => changes.watch(filter, listener),
  };

  /** A groups file that is wrong is in the way of those alone who name a group. */
  async function fleet(targets: readonly string[]) {
    const namesGroups = targets.some((target) => target.includes('@'));
    return { nodes: await nodes.list(), groups: namesGroups ? await groups.read() : {} };
  }
}

async function status(
  config: Config,
  version: string,
  { store, bus, observation }: NodeParts,
): Promise<StatusAnswer> {
  return {
    node: config.nodeName,
    centralNode: config.centralNodeName,
    version,
    startedAt: observation.startedAt,
    broker: {
      isConnected: bus.isConnected,
      address: config.brokerAddress,
      fault: bus.isConnected ? null : observation.linkFault,
    },
    counts: await countRequests(store),
    nodes: observation.nodes.counts(),
  };
}

/** What is wrong with targets or groups is the caller's or the operator's mistake. */
async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TargetError) throw new DeskError('bad-request', error.message, { cause: error });
    throw error;
  }
}

function isUsed({ queued }: LaneStatus): boolean {
  return queued > 0;
}

function toQueue({ toNode, ...rest }: LaneStatus): QueueSummary {
  return { ...rest, node: toNode };
}
