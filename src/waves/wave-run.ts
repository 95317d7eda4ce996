import type { Operations } from '../contract/contract.ts';
import type { ApiEvent } from '../contract/events.ts';
import type { NodeSummary } from '../contract/nodes.ts';
import type { RequestSummary, SubmissionAnswer } from '../contract/requests.ts';
import { outcomeOf } from '../contract/states.ts';
import type { Clock } from '../lib/clock.ts';
import { Seldom } from '../lib/seldom.ts';
import { fillTemplate, type TemplateNode } from './fill-template.ts';
import { allWaitUntil, nextStep, type Step } from './next-step.ts';
import type { RunPlan } from './run-plan.ts';
import { newRequest, type Target, TargetTracker } from './target-tracker.ts';
import type { Patience } from './waiting-for.ts';

export interface WaveRunDeps {
  readonly clock: Clock;
  readonly operations: Pick<
    Operations,
    'nodes' | 'requests' | 'submit' | 'cancelRequest' | 'events' | 'batch'
  >;
  /** Whether this node can reach others: while it cannot, nobody's silence says anything. */
  isConnected(): boolean;
  /** Notes on disk how far a run has come. */
  readonly kept: { keep(batch: string, plan: RunPlan): Promise<void> };
  readonly logger: { warn(fields: object, text: string): void };
}

/** How often it is looked whether the link is back, or something is tried again, ms. */
const AGAIN_MS = 1000;
const PAGE = 1000;
/** The longest that is waited at once, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A batch that goes from node to node. Whose turn it was is not noted anywhere: it is who has a request in the batch, which
 * is on disk with the request itself, so that a node which dies goes on where it was and asks nobody twice.
 */
export class WaveRun {
  readonly #batch: string;
  readonly #deps: WaveRunDeps;
  readonly #over = new AbortController();
  readonly #patience: Patience;
  readonly #seldom: Seldom;
  #plan: RunPlan;
  readonly #tracker: TargetTracker;
  #nodes: ReadonlyMap<string, TemplateNode> = new Map();
  #news = Promise.withResolvers<void>();
  #restedAt: number | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** How many of its requests were deleted with time: who goes on then would ask some nodes twice. */
  #missing = 0;
  /** Whether more changed than events told. */
  #isStale = true;
  /** Resolves when nobody gets a turn any more, or the run is left for the next start. */
  readonly ended: Promise<void>;

  constructor(batch: string, plan: RunPlan, deps: WaveRunDeps) {
    this.#batch = batch;
    this.#plan = plan;
    this.#deps = deps;
    this.#seldom = new Seldom(deps.clock.steadyNow);
    // Events are taken from the beginning on, also while all is read.
    this.#tracker = new TargetTracker(plan.targets.map(unseen), deps.clock.steadyNow());
    const endsWhenTaken = plan.message.schedule !== undefined;
    this.#patience = { startedAt: deps.clock.steadyNow(), waitMs: plan.waitMs, endsWhenTaken };
    this.ended = this.#toEnd();
  }

  get plan(): RunPlan {
    return this.#plan;
  }

  /** Gives nobody a turn any more until the next start; what is on its way is on disk then. */
  async stop(): Promise<void> {
    this.#over.abort();
    this.#tellNews();
    await this.ended;
  }

  async #toEnd(): Promise<void> {
    // The state is read at the beginning and changes come after it: nothing is missed.
    using _ = this.#deps.operations.events(
      { batch: this.#batch, type: ['requests', 'many', 'nodes'] },
      this.#take,
    );
    while (!this.#over.signal.aborted && !this.#plan.isOver) {
      const news = this.#news.promise;
      try {
        const until = await this.#step();
        if (until !== undefined) await this.#untilNews(news, until);
      } catch (error) {
        const text = `the waves of batch ${this.#batch} are tried again`;
        if (this.#seldom.isTime(text)) this.#deps.logger.warn({ err: error }, text);
        this.#isStale = true;
        await this.#untilNews(this.#news.promise, this.#deps.clock.steadyNow() + AGAIN_MS);
      }
    }
  }

  /** Does what is next; returns until when nothing is to be done, where that is so. */
  async #step(): Promise<number | undefined> {
    const { isConnected } = this.#deps;
    const now = this.#deps.clock.steadyNow();
    if (this.#isStale) {
      if (this.#readAt + AGAIN_MS > now) return this.#readAt + AGAIN_MS;
      await this.#read();
    }
    if (!isConnected()) {
      this.#tracker.holdWaiting(now);
      this.#restedAt = undefined;
      return now + AGAIN_MS;
    }
    if (this.#missing > 0) {
      const reason = `${this.#missing} of its requests are not remembered any more, so that nobody knows who had a turn`;
      await this.#stop(reason);
      return undefined;
    }
    const step = this.#nextStep(now);
    if (step.kind === 'wait') return step.until;
    if (step.kind === 'submit') await this.#submit(step.targets);
    if (step.kind === 'stop') await this.#stop(step.reason);
    if (step.kind === 'done') await this.#keep({ isOver: true });
    return undefined;
  }

  #nextStep(now: number): Step {
    const { targets } = this.#tracker;
    const unsent = targets.some(({ request, refusal }) => request === undefined && refusal === undefined);
    if (!unsent) return { kind: 'done' };
    if (allWaitUntil(targets, { ...this.#patience, waitMs: undefined }) > now) this.#restedAt = undefined;
    else this.#restedAt ??= now;
    return nextStep({ targets, patience: this.#patience, plan: this.#plan, restedAt: this.#restedAt }, now);
  }

  /** Reads who had a turn and what became of it. */
  async #read(): Promise<void> {
    const { operations } = this.#deps;
    this.#isStale = false;
    this.#readAt = this.#deps.clock.steadyNow();
    // Before its requests: what is added meanwhile is none that is missing.
    const { total } = await operations.batch(this.#batch, { plan: false });
    const known = await operations.nodes();
    this.#nodes = new Map(known.map((node) => [node.name, node]));
    const requests: RequestSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await operations.requests({ batch: this.#batch, limit: PAGE, cursor });
      requests.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    this.#missing = Math.max(0, total - requests.length);
    this.#tracker.updateNodes(known, this.#deps.clock.steadyNow());
    this.#tracker.update(requests.reverse(), this.#deps.clock.steadyNow());
    for (const [node, reason] of Object.entries(this.#plan.refused ?? {}))
      Object.assign(this.#tracker.byNode.get(node) ?? {}, { refusal: reason });
  }

  async #submit(targets: readonly Target[]): Promise<void> {
    const names = targets.map(({ node }) => node);
    const refused: Record<string, string> = {};
    const messages = this.#messagesFor(names, refused);
    if (messages.length > 0) {
      const { accepted, refused: reasons } = await this.#deps.operations.submit(
        bodyOf(messages),
        { batch: this.#batch },
        this.#plan.by,
      );
      this.#takeAccepted(accepted);
      const others = names.filter((name) => refused[name] === undefined && !this.#hasRequest(name));
      if (others.length > 0) await this.#checkRefused(others, reasons[0]?.reason);
      for (const name of others) refused[name] = reasons[0]?.reason ?? 'the node gave no answer for it';
    }
    this.#restedAt = undefined;
    if (Object.keys(refused).length === 0) return;
    for (const target of targets) if (refused[target.node]) target.refusal = refused[target.node]!;
    await this.#keep({ refused: { ...this.#plan.refused, ...refused } });
  }

  #takeAccepted(accepted: SubmissionAnswer['accepted']): void {
    const at = this.#deps.clock.steadyNow();
    // An event may have told more already.
    const untold = accepted.filter(({ toNode }) => !this.#hasRequest(toNode));
    this.#tracker.update(
      untold.map(({ toNode, id }) => newRequest({ id, node: toNode, at, batch: this.#batch })),
      at,
    );
  }

  /** Whether a node that got no request will get none: throws where it may, as when a disk was full. */
  async #checkRefused(names: readonly string[], reason: string | undefined): Promise<void> {
    const body = bodyOf(this.#messagesFor(names, {}));
    const { accepted } = await this.#deps.operations.submit(body, { dryRun: true });
    if (accepted.length > 0) throw new Error(reason);
  }

  #hasRequest(name: string): boolean {
    return this.#tracker.byNode.get(name)?.request !== undefined;
  }

  /** What is to be submitted for some; `refused` gets why nothing is for others. */
  #messagesFor(names: readonly string[], refused: Record<string, string>): object[] {
    const { message, isTemplate } = this.#plan;
    if (!isTemplate) return [{ ...message, toNodes: names }];
    return names.flatMap((name) => this.#filled(name, refused));
  }

  #filled(name: string, refused: Record<string, string>): object[] {
    const { message } = this.#plan;
    const args = (message.methodArgs ?? []) as readonly string[];
    const node = this.#nodes.get(name) ?? unseen(name);
    try {
      return [{ ...message, toNode: name, methodArgs: args.map((arg) => fillTemplate(arg, node)) }];
    } catch (error) {
      refused[name] = (error as Error).message;
      return [];
    }
  }

  /** Calls off what no node has yet, so that a command which is known to fail does not run later. */
  async #stop(stopped: string): Promise<void> {
    for (const { request } of this.#tracker.targets)
      if (request && outcomeOf(request.state) === 'waiting')
        await this.#deps.operations.cancelRequest(request.id);
    await this.#keep({ isOver: true, stopped });
  }

  async #keep(more: Partial<RunPlan>): Promise<void> {
    const plan = { ...this.#plan, ...more };
    await this.#deps.kept.keep(this.#batch, plan);
    this.#plan = plan;
  }

  readonly #take = (event: ApiEvent): void => {
    const now = this.#deps.clock.steadyNow();
    if (event.type === 'requests') this.#tracker.update(event.requests, now);
    else if (event.type === 'nodes') this.#takeNodes(event.nodes, now);
    else this.#isStale = true;
    this.#tellNews();
  };

  #takeNodes(nodes: readonly NodeSummary[], now: number): void {
    this.#tracker.updateNodes(nodes, now);
    if (this.#plan.isTemplate)
      for (const node of nodes) (this.#nodes as Map<string, TemplateNode>).set(node.name, node);
  }

  async #untilNews(news: Promise<void>, until: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waitMs = Math.min(Math.max(0, until - this.#deps.clock.steadyNow()), LONGEST_MS);
    const cancel = this.#deps.clock.after(waitMs, resolve);
    await Promise.race([news, promise]);
    cancel();
  }

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

function bodyOf(messages: readonly object[]): Uint8Array {
  return Buffer.from(JSON.stringify(messages));
}

function unseen(name: string) {
  return { name, presence: 'unknown' as const, lastSeenAt: null };
}
