import type { StewardApi } from '../../../client/steward-api.ts';
import type { NodeSummary } from '../../../contract/nodes.ts';
import type { RequestSummary, SubmissionAnswer } from '../../../contract/requests.ts';
import { isEnd, outcomeOf } from '../../../contract/states.ts';
import { pause } from '../../../lib/pause.ts';
import { UsageError } from '../../line/usage-error.ts';
import { FollowedBatch, requestsOf } from './batch-feed.ts';
import { allWaitUntil, nextStep, type Step } from './next-step.ts';
import type { OutputReader } from './output-reader.ts';
import type { RunPlan } from './run-plan.ts';
import type { Target, TargetTracker } from './target-tracker.ts';
import type { RunEnd, RunView } from './view.ts';
import type { Patience } from './waiting-for.ts';

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
  /** Undefined where all have their turn at once. */
  readonly plan: RunPlan | undefined;
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
  #restedAt: number | undefined;
  #isPlanned: boolean;
  /** Requests that have ended and whose output was not completed yet. */
  readonly #unfinished = new Map<string, RequestSummary>();
  #feed: FollowedBatch | undefined;

  constructor(options: RunOptions, deps: RunDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#isPlanned = options.isResumed || options.plan === undefined;
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
    return await this.#steps();
  }

  async #steps(): Promise<RunEnd> {
    const { signal } = this.#options;
    for (;;) {
      if (this.#feed?.fault !== undefined) throw this.#feed.fault.error;
      if (signal.aborted) return { isInterrupted: true, stopped: undefined };
      const news = this.#news.promise;
      const step = this.#nextStep();
      if (step.kind === 'done') return { isInterrupted: false, stopped: undefined };
      if (step.kind === 'stop') return await this.#stop(step.reason);
      if (step.kind === 'submit') await this.#submit(step.targets);
      else await this.#untilNews(news, step.until);
    }
  }

  #nextStep(): Step {
    const { plan, message, patience } = this.#options;
    const { tracker, now } = this.#deps;
    const time = now();
    this.#noteRest(time);
    const isWatching = message === undefined;
    const state = { targets: tracker.targets, patience, plan, restedAt: this.#restedAt, isWatching };
    const step = nextStep(state, time);
    return step.kind === 'done' && this.#unfinished.size > 0 ? { kind: 'wait', until: Infinity } : step;
  }

  /** Notes when those who had their turn are done, for the pause until the next ones. */
  #noteRest(time: number): void {
    const { patience } = this.#options;
    const isHeldUp = allWaitUntil(this.#deps.tracker.targets, { ...patience, waitMs: undefined }) > time;
    if (isHeldUp) this.#restedAt = undefined;
    else this.#restedAt ??= time;
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
      await this.#notePlan();
      const messages = messagesFor?.(wanted) ?? [{ ...message, toNodes: wanted }];
      const answer = await api.submit(messages, { batch, label });
      this.#takeAnswer(answer, targets);
    } catch (error) {
      if (!PASSING.has((error as { code?: string }).code ?? '')) throw error;
      await this.#recover(error);
    }
    this.#restedAt = undefined;
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
    const unknown = accepted.filter(({ toNode }) => tracker.find(toNode)?.request === undefined);
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

  /** Notes how to go on, before anything is begun. */
  async #notePlan(): Promise<void> {
    if (this.#isPlanned) return;
    await this.#deps.api.planBatch(this.#options.batch, this.#options.plan);
    this.#isPlanned = true;
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

  /** Calls off what no node has yet, so that a command which is known to fail does not run later. */
  async #stop(stopped: string): Promise<RunEnd> {
    const { api, tracker, view } = this.#deps;
    const waiting = tracker.targets.filter(
      ({ request }) => request && outcomeOf(request.state) === 'waiting',
    );
    for (const { request } of waiting) {
      await api.cancelRequest(request!.id).catch((error: Error) => view.note(error.message));
      await this.#takeRequests([await api.request(request!.id)]);
    }
    await api
      .planBatch(this.#options.batch, { ...this.#options.plan, stopped })
      .catch((error: Error) => view.note(error.message));
    return { isInterrupted: false, stopped };
  }

  #taker() {
    const { tracker, output, now, view } = this.#deps;
    return {
      requests: this.#takeRequests,
      output: (
        piece: Parameters<OutputReader['piece']>[0] & {
          stream: 'stdout' | 'stderr';
          offset: number;
          data: string;
        },
      ) => output.piece(piece, { ...piece, data: Buffer.from(piece.data, 'base64') }),
      nodes: (nodes: readonly NodeSummary[]) => {
        tracker.updateNodes(nodes, now());
        void view.changed([]);
        this.#tellNews();
      },
      connection: (fault: string | undefined) => {
        output.missed();
        if (fault === undefined) view.note('the node answers again');
        else view.note(`${fault}; trying again`);
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
  return api.status().then(
    () => true,
    () => false,
  );
}

function newRequest(given: { id: string; node: string; at: number; batch: string }): RequestSummary {
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
  };
}

function refusalText({ field, reason }: SubmissionAnswer['refused'][number]): string {
  return field === null ? reason : `${field}: ${reason}`;
}
