import type { Writable } from 'node:stream';
import type { StewardApi } from '../../client/steward-api.ts';
import type { ApiEvent } from '../../contract/events.ts';
import type { NodeSummary, TargetAnswer } from '../../contract/nodes.ts';
import type { RequestSummary, SubmissionAnswer } from '../../contract/requests.ts';
import { isEnd, outcomeOf } from '../../contract/states.ts';
import { newId } from '../../lib/new-id.ts';
import { EXIT, type ExitCode, UsageError } from '../line/command.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { tell } from '../print/tell.ts';
import { BatchFeed } from './exec/batch-feed.ts';

/** What is submitted and followed. */
export interface BatchRun {
  readonly messages: readonly object[];
  /** What lists show for the batch. */
  readonly label: string;
  /** Ends the following; the requests go on. */
  readonly signal: AbortSignal;
  /** Called once with the ids of the requests, each with the place of its message, before any other call. */
  onAccepted?(accepted: SubmissionAnswer['accepted']): void;
  /** Called with requests in their new state. */
  onRequests?(requests: readonly RequestSummary[]): void | Promise<void>;
  onOutput?(piece: Extract<ApiEvent, { type: 'output' }>): void | Promise<void>;
  /** Called when the node cannot be asked for a while, with the reason, and when it can be again. */
  onConnection?(fault: string | undefined): void;
}

/** Submits messages and follows their requests until all have ended or the signal is aborted; returns their last states. */
export async function runBatch(api: StewardApi, run: BatchRun): Promise<Map<string, RequestSummary>> {
  const batch = newId();
  const over = new AbortController();
  const signal = AbortSignal.any([run.signal, over.signal]);
  const requests = new Map<string, RequestSummary>();
  const submitted = Promise.withResolvers<void>();
  let missing: number | undefined;
  const look = () => {
    const all = [...requests.values()];
    if (missing !== undefined && all.length >= missing && all.every(({ state }) => isEnd(state)))
      over.abort();
  };
  const feed = new BatchFeed(
    api,
    { batch, types: run.onOutput ? [...TYPES, 'output'] : TYPES, signal },
    {
      requests: async (news) => {
        for (const request of news) requests.set(request.id, request);
        await submitted.promise;
        await run.onRequests?.(news);
        look();
      },
      output: run.onOutput ?? (() => {}),
      nodes: () => {},
      ...(run.onConnection ? { connection: run.onConnection } : {}),
    },
  );
  const following = feed.follow();
  try {
    await feed.ready;
    if (run.signal.aborted) return requests;
    const { accepted, refused } = await api.submit(run.messages, { batch, label: run.label });
    const [refusal] = refused;
    if (refusal) throw new UsageError(`${refusal.field ? `${refusal.field}: ` : ''}${refusal.reason}`);
    missing = accepted.length;
    run.onAccepted?.(accepted);
    submitted.resolve();
    look();
    await following;
    return requests;
  } finally {
    submitted.resolve();
    over.abort();
    await following.catch(() => {});
  }
}

const TYPES: readonly ApiEvent['type'][] = ['requests', 'many'];

/** The option of a command that gives up after some seconds. */
export function waitOption(seconds: number) {
  return { short: 'w', value: 'SPAN', summary: `how long to wait, default ${seconds}s` } as const;
}

/** The sweep that ends what has expired, and the event of it, come so long after the time at the latest. */
const GRACE_MS = 2000;

/** Sends one message to the nodes that a command names, which expires after some seconds, and waits for its ends. */
export async function askNodes(
  api: StewardApi,
  nodes: readonly NodeSummary[],
  ask: Pick<BatchRun, 'label' | 'onRequests'> & { readonly message: object; readonly seconds: number },
): Promise<Map<string, RequestSummary>> {
  using stopped = untilStopped();
  const { message, seconds, ...run } = ask;
  const over = AbortSignal.timeout(seconds * 1000 + GRACE_MS);
  return await runBatch(api, {
    ...run,
    messages: [
      {
        ...message,
        replyMethod: 'REQNone',
        output: 'live',
        toNodes: nodes.map(({ name }) => name),
        expiresIn: seconds,
      },
    ],
    signal: AbortSignal.any([stopped.signal, over]),
  });
}

/** Says which names of groups were passed over, since they are not known, and how many nodes are meant that lack a label. */
export function warnOfTargets({ skipped, unlabelled }: TargetAnswer, stderr: Writable): void {
  for (const { reason } of skipped ?? []) tell(stderr, `warning: ${reason} (skipped)`);
  for (const { reason } of unlabelled ?? []) tell(stderr, `warning: ${reason}`);
}

/** The nodes that targets name. Throws UsageError with exit code 4 where one names nobody, or none does. */
export async function namedNodes(
  api: StewardApi,
  targets: readonly string[],
  stderr: Writable,
): Promise<TargetAnswer> {
  const answer = await api.targets({ targets });
  warnOfTargets(answer, stderr);
  const { nodes, unknown } = answer;
  if (unknown.length > 0) throw new UsageError(unknown.map(({ reason }) => reason).join('; '), EXIT.noNode);
  if (nodes.length === 0)
    throw new UsageError(`${targets.join(' ')} names no node: steward nodes lists them`, EXIT.noNode);
  return answer;
}

/** The exit code for how requests ended; those that have not ended count as not answered. */
export function exitCodeOf(requests: Iterable<RequestSummary>, expected: number): ExitCode {
  const outcomes = [...requests].map(({ state }) => outcomeOf(state));
  if (!FAILED.isDisjointFrom(new Set(outcomes))) return EXIT.failed;
  return outcomes.length === expected && outcomes.every((outcome) => outcome === 'succeeded')
    ? EXIT.ok
    : EXIT.noAnswer;
}

const FAILED: ReadonlySet<string> = new Set(['failed', 'timed-out', 'cancelled']);
