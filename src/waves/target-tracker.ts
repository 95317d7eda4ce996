import type { NodeSummary, Presence } from '../contract/nodes.ts';
import type { RequestSummary } from '../contract/requests.ts';
import { isEnd, OUTCOMES, type Outcome, outcomeOf, REQUEST_STATES } from '../contract/states.ts';

/** What is known of a node's presence. */
type SeenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt' | 'callsAt'>;

/** A node that is to run the command, and what is known of its request. */
export interface Target {
  readonly node: string;
  presence: Presence;
  lastSeenAt: number | null;
  /** When it calls next, of a node that is away between its calls. */
  callsAt?: number | undefined;
  /** Since when it is known here to be away, by this machine's clock; undefined where it is not. */
  awaySince: number | undefined;
  /** Undefined until the request is submitted. */
  request: RequestSummary | undefined;
  /** Since when that is known here, by this machine's clock. */
  requestedAt: number | undefined;
  /** Why the node that was asked takes no request for it. */
  refusal?: string;
}

type Presences = Pick<Target, 'presence' | 'lastSeenAt' | 'callsAt' | 'awaySince'>;

/** What a target counts as: the groups of requests, and `not-sent` where none was made. Each is in exactly one. */
export type TargetOutcome = Outcome | 'not-sent';

/** The groups in the order in which they are shown. */
export const TARGET_OUTCOMES: readonly TargetOutcome[] = [...OUTCOMES, 'not-sent'];

export type TargetCounts = Readonly<Record<TargetOutcome, number>>;

/** All targets of a run, kept up with what the node tells of them. */
export class TargetTracker {
  /** What a target is: a node with the newest of its requests, or each request. */
  readonly unit: 'node' | 'request';
  readonly #targets = new Map<string, Target>();
  /** By node, where nodes are the targets. */
  readonly byNode: ReadonlyMap<string, Target> = this.#targets;
  readonly #seen: Map<string, Presences>;

  /** By nodes, these are the targets; by requests, each request that arrives adds one. */
  constructor(nodes: readonly SeenNode[], now: number, unit: 'node' | 'request' = 'node') {
    this.unit = unit;
    this.#seen = new Map(nodes.map((node) => [node.name, seen(node, undefined, now)]));
    if (unit === 'node') for (const { name } of nodes) this.#add(name, name);
  }

  get targets(): readonly Target[] {
    return [...this.#targets.values()];
  }

  get size(): number {
    return this.#targets.size;
  }

  /** Takes what became of requests; returns those that are news. An older request of the same node is none. */
  update(requests: readonly RequestSummary[], now: number): RequestSummary[] {
    return requests.filter((request) => {
      const target = this.#targetOf(request);
      if (target === undefined) return false;
      const known = target.request;
      if (known !== undefined && (request.id < known.id || isOld(known, request))) return false;
      target.request = request;
      target.requestedAt ??= now;
      return true;
    });
  }

  /** Takes what became of nodes. */
  updateNodes(nodes: readonly SeenNode[], now: number): void {
    const changed = new Map(nodes.map((node) => [node.name, seen(node, this.#seen.get(node.name), now)]));
    for (const [name, one] of changed) this.#seen.set(name, one);
    for (const target of this.#targets.values()) Object.assign(target, changed.get(target.node));
  }

  /** While nobody can be reached, nobody takes too long to take a request. */
  holdWaiting(now: number): void {
    for (const target of this.#targets.values())
      if (outcomeOfTarget(target) === 'waiting') target.requestedAt = now;
  }

  /** How many targets are in each group; together they are all targets. */
  counts(): TargetCounts {
    const counts = Object.fromEntries(TARGET_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
      TargetOutcome,
      number
    >;
    for (const target of this.#targets.values()) counts[outcomeOfTarget(target)]++;
    return counts;
  }

  #targetOf({ id, node }: RequestSummary): Target | undefined {
    if (this.unit === 'node') return this.#targets.get(node);
    return this.#targets.get(id) ?? this.#add(id, node);
  }

  #add(key: string, node: string): Target {
    const presence = this.#seen.get(node) ?? { presence: 'unknown', lastSeenAt: null, awaySince: undefined };
    const target: Target = { node, ...presence, request: undefined, requestedAt: undefined };
    this.#targets.set(key, target);
    return target;
  }
}

function seen(
  { presence, lastSeenAt, callsAt }: SeenNode,
  before: { readonly awaySince: number | undefined } | undefined,
  now: number,
): Presences {
  const awaySince = presence === 'away' ? (before?.awaySince ?? now) : undefined;
  return { presence, lastSeenAt, callsAt, awaySince };
}

/** A request that was just made, as far as is known of it. */
export function newRequest(given: { id: string; node: string; at: number; batch: string }): RequestSummary {
  const { id, node, at, batch } = given;
  return {
    id,
    batch,
    node,
    method: 'REQCliCommand',
    what: '',
    state: 'queued',
    reason: null,
    queuedAt: at,
    sentAt: null,
    acceptedAt: null,
    startedAt: null,
    endedAt: null,
    tookMs: null,
    attempts: 0,
    exitCode: null,
    signal: null,
    outputBytes: null,
    stderrBytes: null,
  };
}

/** The group that a target is in. */
export function outcomeOfTarget({ request }: Target): TargetOutcome {
  return request === undefined ? 'not-sent' : outcomeOf(request.state);
}

/** Whether a word of the same request is no news: a list that was read tells more than an event that came before it. */
function isOld(known: RequestSummary, request: RequestSummary): boolean {
  if (known.id !== request.id) return false;
  if (known.state === request.state)
    return known.endedAt === request.endedAt && known.attempts === request.attempts;
  if (isEnd(request.state)) return false;
  if (isEnd(known.state)) return !CORRECTABLE.has(known.state);
  return REQUEST_STATES.indexOf(request.state) < REQUEST_STATES.indexOf(known.state);
}

/** Ends that a word from the node may undo: it had the request after all. */
const CORRECTABLE: ReadonlySet<string> = new Set([
  'undelivered',
  'expired',
  'superseded',
  'cancelled',
  'lost',
  'handed-over',
]);
