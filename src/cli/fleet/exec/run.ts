import type { StewardApi } from '../../../client/steward-api.ts';
import type { NodeSummary } from '../../../contract/nodes.ts';
import type { RequestSummary, SubmissionAnswer } from '../../../contract/requests.ts';
import { isEnd } from '../../../contract/states.ts';
import type { WavesOrder } from '../../../contract/waves.ts';
import { pause } from '../../../lib/pause.ts';
import { succeeds } from '../../../lib/succeeds.ts';
import { nextStep, type Step } from '../../../waves/next-step.ts';
import { isRunPlan, type RunPlan } from '../../../waves/run-plan.ts';
import { newRequest, type Target, type TargetTracker } from '../../../waves/target-tracker.ts';
import type { Patience } from '../../../waves/waiting-for.ts';
import { UsageError } from '../../line/command.ts';
import { connectionWords, FollowedBatch, requestsOf } from './batch-feed.ts';
import type { OutputReader } from './output-reader.ts';
import type { RunEnd, RunView } from './view.ts';

/** What a run is about. */
export interface RunOptions {
  readonly batch: string;
  /** The only request to follow, where it is one of a batch. */
  readonly request?: string;
  readonly label: string;
  /** The message, without its targets; undefined where nothing more is submitted. */
  readonly message: Readonly<Record<string, unknown>> | undefined;
  /** The messages for some nodes, where each node has one of its own. */
  messagesFor?(nodes: readonly string[]): readonly object[];
  /** What the node is asked for, where not all have their turn at once: it gives it to them. */
  readonly order: WavesOrder | undefined;
  /** The waves that are only watched. */
  readonly plan?: RunPlan | undefined;
  readonly patience: Patience;
  /** Whether the batch exists already, from an earlier run. */
  readonly isResumed: boolean;
  /** Ends the run before its end; nothing is undone. */
  readonly signal: AbortSignal;
}

export interface RunDeps {
  readonly api: StewardApi;
  /** What tells of the batch, where it was begun already. */
  readonly feed?: FollowedBatch;
  readonly tracker: TargetTracker;
  readonly output: OutputReader;
  readonly now: () => number;
  readonly view: Pick<RunView, 'changed' | 'note'>;
}

/** Faults of a submission after which it is not known whether it was taken, or that pass. */
const PASSING = new Set(['unreachable', 'broken', 'busy']);
const RETRY_MS = 500;
const LOOK_MS = 250;

/** Has the node give all of an order their turn. Throws what it refuses. */
export async function startWaves(api: StewardApi, batch: string, order: WavesOrder) {
  return await api.startWaves(batch, order).catch((error: Error & { code?: string }) => {
    if (error.code !== 'not-found') throw error;
    throw new UsageError(
      'the node is older than this command and holds no waves: start it again, with this version',
    );
  });
}

/** Begins to follow a batch, or a request, with all that a run wants to know. */
export function followRun(
  api: StewardApi,
  what: { readonly batch: string } | { readonly id: string },
): FollowedBatch {
  return new FollowedBatch(api, { ...what, types: ['requests', 'many', 'output', 'nodes'] });
}

/** Submits a command to its targets, as its plan has it, and follows it until nobody holds it up any more. */
export class Run {
  readonly #options: RunOptions;
  readonly #deps: RunDeps;
  #news = Promise.withResolvers<void>();
  #plan: RunPlan | undefined;
  /** Requests that have ended and whose output was not completed yet. */
  readonly #unfinished = new Map<string, RequestSummary>();
  #feed: FollowedBatch | undefined;

  constructor(options: RunOptions, deps: RunDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#plan = options.plan;
  }

  /** Does it all. Throws what the node refuses as a whole. */
  async toEnd(): Promise<RunEnd> {
    const { api } = this.#deps;
    const { batch, request, isResumed, signal } = this.#options;
    await using feed = this.#deps.feed ?? followRun(api, request === undefined ? { batch } : { id: request });
    this.#feed = feed;
    signal.addEventListener('abort', () => this.#tellNews());
    await feed.attach(this.#taker(), () => this.#tellNews());
    if (isResumed)
      await this.#takeRequests(
        request === undefined ? await requestsOf(api, batch) : [await api.request(request)],
      );
    if (this.#options.order !== undefined) await this.#startWaves(this.#options.order);
    return await this.#steps();
  }

  async #steps(): Promise<RunEnd> {
    const { signal } = this.#options;
    for (;;) {
      if (this.#feed?.fault !== undefined) throw this.#feed.fault.error;
      if (signal.aborted) return { isInterrupted: true, stopped: undefined };
      const news = this.#news.promise;
      const step = this.#nextStep();
      if (step.kind === 'done' || step.kind === 'stop')
        return { isInterrupted: false, stopped: this.#plan?.stopped };
      if (step.kind === 'submit') await this.#submit(step.targets);
      else await this.#wait(news, step.until);
    }
  }

  #nextStep(): Step {
    const { message, order, patience } = this.#options;
    const { tracker, now } = this.#deps;
    const plan = this.#plan;
    const isWatching = message === undefined || order !== undefined;
    const state = { targets: tracker.targets, patience, plan, restedAt: undefined, isWatching };
    const step = nextStep(state, now());
    return step.kind === 'done' && this.#unfinished.size > 0 ? { kind: 'wait', until: Infinity } : step;
  }

  async #wait(news: Promise<void>, until: number): Promise<void> {
    if (this.#isGoing(until)) await this.#lookAtWaves(news);
    else await this.#untilNews(news, until);
  }

  async #untilNews(news: Promise<void>, until: number): Promise<void> {
    if (until === Infinity) return news;
    const timer = new AbortController();
    // A timer cannot wait for longer than 24 days.
    const ms = Math.min(until - this.#deps.now(), 2 ** 31 - 1);
    await Promise.race([news, pause(ms, timer.signal)]);
    timer.abort();
  }

  async #submit(targets: readonly Target[]): Promise<void> {
    const { batch, label, message, messagesFor } = this.#options;
    const { api, tracker } = this.#deps;
    const wanted = targets.map(({ node }) => node);
    try {
      const messages = messagesFor?.(wanted) ?? [{ ...message, toNodes: wanted }];
      const answer = await api.submit(messages, { batch, label });
      this.#takeAnswer(answer, targets);
    } catch (error) {
      if (!PASSING.has((error as { code?: string }).code ?? '')) throw error;
      await this.#recover(error);
    }
    await this.#deps.view.changed([]);
    if (tracker.targets.every(({ refusal }) => refusal !== undefined))
      throw new UsageError(targets[0]!.refusal!);
    for (const { node, refusal } of targets)
      if (refusal !== undefined) this.#deps.view.note(`${node}: ${refusal}`);
  }

  #takeAnswer({ accepted, refused }: SubmissionAnswer, targets: readonly Target[]): void {
    const { tracker, now } = this.#deps;
    const { batch } = this.#options;
    // An event may have told more already.
    const unknown = accepted.filter(({ toNode }) => tracker.byNode.get(toNode)?.request === undefined);
    tracker.update(
      unknown.map(({ toNode, id }) => newRequest({ id, node: toNode, at: now(), batch })),
      now(),
    );
    const [refusal] = refused;
    for (const target of targets) {
      if (target.request !== undefined) continue;
      target.refusal = refusal === undefined ? 'the node gave no answer for it' : refusalText(refusal);
    }
  }

  /** After a submission that may have been taken: looks what is there, as soon as the node answers. */
  async #recover(cause: unknown): Promise<void> {
    const { api, tracker } = this.#deps;
    if (tracker.targets.every(({ request }) => request === undefined) && !(await isThere(api))) throw cause;
    while (!this.#options.signal.aborted && this.#feed?.fault === undefined) {
      await pause(RETRY_MS, this.#options.signal);
      const requests = await requestsOf(api, this.#options.batch).catch(() => undefined);
      if (requests !== undefined) return await this.#takeRequests(requests).catch(() => {});
    }
  }

  /** Has the node give all their turn. Throws what it refuses. */
  async #startWaves(order: WavesOrder): Promise<void> {
    const { api } = this.#deps;
    const { batch } = this.#options;
    // Under the same id it is one order, however often the node is asked.
    while (!(await this.#isBegun(order))) await pause(RETRY_MS, this.#options.signal);
    this.#takePlan((await api.batch(batch)).plan);
  }

  async #isBegun(order: WavesOrder): Promise<boolean> {
    const { api } = this.#deps;
    try {
      await startWaves(api, this.#options.batch, order);
      return true;
    } catch (error) {
      const isPassing = PASSING.has((error as { code?: string }).code ?? '');
      if (!isPassing || this.#options.signal.aborted || !(await isThere(api))) throw error;
      return false;
    }
  }

  /** Whether the node still gives turns, while nobody here has something to wait for. */
  #isGoing(until: number): boolean {
    return until === Infinity && this.#plan?.version === 3 && !this.#plan.isOver;
  }

  /** Looks now and then whether the waves go on: that they end is in no event. */
  async #lookAtWaves(news: Promise<void>): Promise<void> {
    const { api, now } = this.#deps;
    const { batch } = this.#options;
    await this.#untilNews(news, now() + LOOK_MS);
    try {
      const { plan } = await api.batch(batch);
      if (this.#takePlan(plan)) await this.#takeRequests(await requestsOf(api, batch));
    } catch (error) {
      if (!PASSING.has((error as { code?: string }).code ?? '')) throw error;
    }
  }

  /** Takes what the node noted of the waves; whether they are over. */
  #takePlan(plan: unknown): boolean {
    if (!isRunPlan(plan)) return false;
    this.#plan = plan;
    for (const [node, refusal] of Object.entries(plan.refused ?? {})) {
      const target = this.#deps.tracker.byNode.get(node);
      if (target === undefined || target.refusal !== undefined) continue;
      target.refusal = refusal;
      this.#deps.view.note(`${node}: ${refusal}`);
    }
    return plan.isOver === true;
  }

  #taker() {
    const { tracker, output, now, view } = this.#deps;
    return {
      requests: this.#takeRequests,
      output: output.event,
      nodes: (nodes: readonly NodeSummary[]) => {
        tracker.updateNodes(nodes, now());
        void view.changed([]);
        this.#tellNews();
      },
      connection: (fault: string | undefined) => {
        output.missed();
        view.note(connectionWords(fault));
      },
    };
  }

  readonly #takeRequests = async (requests: readonly RequestSummary[]): Promise<void> => {
    const { tracker, output, now, view } = this.#deps;
    const news = tracker.update(requests, now());
    for (const request of news) if (isEnd(request.state)) this.#unfinished.set(request.id, request);
    // Where the node cannot be asked for it, this is tried again with what is read when it can.
    for (const [id, request] of this.#unfinished) {
      await output.finish(request);
      this.#unfinished.delete(id);
    }
    if (news.length > 0) await view.changed(news);
    this.#tellNews();
  };

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

async function isThere(api: StewardApi): Promise<boolean> {
  return succeeds(api.status());
}

function refusalText({ field, reason }: SubmissionAnswer['refused'][number]): string {
  return field === null ? reason : `${field}: ${reason}`;
}
