import { BatchOptions, BatchSummary } from './batch-summary.ts';
import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';
import { REQUEST_STATES } from './states.ts';
import { TimelineStep } from './timeline-step.ts';

const RequestState = s.named('RequestState', s.choice(...REQUEST_STATES));

const SUMMARY = {
  id: s.id,
  batch: s.about(s.orNull(s.text), 'What was submitted together'),
  node: s.text,
  method: s.text,
  what: s.about(
    s.text,
    'What was asked, in a line such as `uptime -p`; the label of its batch where the message is no longer kept',
  ),
  state: RequestState,
  reason: s.about(s.orNull(s.text), 'A sentence where the state alone does not say why'),
  queuedAt: s.time,
  sentAt: s.orNull(s.time),
  acceptedAt: s.orNull(s.time),
  startedAt: s.orNull(s.time),
  endedAt: s.orNull(s.time),
  tookMs: s.about(
    s.orNull(s.count),
    'How long the run took, by the clock of its node; null before it has begun and ended',
  ),
  attempts: s.count,
  exitCode: s.orNull(s.integer),
  signal: s.orNull(s.text),
  outputBytes: s.about(s.orNull(s.count), 'Bytes that the run printed, kept or not'),
  stderrBytes: s.about(
    s.orNull(s.count),
    'The same of standard error, once it has ended; 0 where both streams are one',
  ),
};

const SCHEDULE = {
  schedule: s.about(s.anything, 'When it runs, as it was sent; only where it has a schedule'),
};

/** A request in a list. */
export const RequestSummary = s.named(
  'RequestSummary',
  s.object(SUMMARY, SCHEDULE),
  'A request in a list; all times by the clock of the node that is asked',
);
export type RequestSummary = s.Value<typeof RequestSummary>;

const OutputSummary = s.named(
  'OutputSummary',
  s.object({
    keptBytes: s.count,
    totalBytes: s.about(s.count, 'Printed as far as is known; more than kept where the limit was reached'),
  }),
);
/** What is kept of one stream of a request's output. */
export type OutputSummary = s.Value<typeof OutputSummary>;

const RequestDetail = s.named(
  'RequestDetail',
  s.object(
    {
      ...SUMMARY,
      timeline: s.list(TimelineStep),
      stdout: OutputSummary,
      stderr: OutputSummary,
      message: s.about(
        s.orNull(s.anyObject),
        'As it was sent, with its wire keys; null where it is no longer kept',
      ),
      expiresAt: s.orNull(s.time),
      why: s.about(s.text, 'One sentence: what it waits for, or why it ended as it did'),
      resendOf: s.about(s.orNull(s.text), 'The request that this one repeats'),
      resentAs: s.about(s.list(s.id), 'The requests that repeat this one'),
    },
    SCHEDULE,
  ),
  'One request with all that is known of it',
);
/** A request with all that is known of it; `steward why` prints its `why`. */
export type RequestDetail = s.Value<typeof RequestDetail>;

const FILTER = {
  node: s.list(s.about(s.word, 'Name of a node')),
  method: s.list(s.about(s.word, 'Name of a method')),
  state: s.list(s.about(s.choice(...REQUEST_STATES), 'State')),
  batch: s.about(s.word, 'Id of a batch'),
  scheduled: s.about(s.flag, 'Only those that run by a schedule and have not ended'),
  since: s.about(s.timeInQuery, 'Queued at or after this time'),
  until: s.about(s.timeInQuery, 'Queued before this time'),
};
const RequestFilter = s.object({}, FILTER);
/** Which requests to list; times in ms. Several values of one filter widen it, several filters narrow it. */
export type RequestFilter = s.Value<typeof RequestFilter>;

const PAGE = {
  limit: s.about(s.integer, { description: 'At most this many', minimum: 1, maximum: 1000, default: 100 }),
  cursor: s.about(s.word, '`next` of the page before'),
};
const PageOptions = s.object({}, PAGE);
/** Which part of a list to give. */
export type PageOptions = s.Value<typeof PageOptions>;

const next = s.about(s.orNull(s.text), 'The cursor of the next page; null at the end');
/** A part of a list, newest first; `next` is null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const Refusal = s.named(
  'Refusal',
  s.object({
    index: s.about(s.orNull(s.count), 'Place in the submission; null for the whole of it'),
    field: s.orNull(s.text),
    reason: s.text,
  }),
);
/** What is wrong with a message, or with the whole of a submission. */
export type Refusal = s.Value<typeof Refusal>;

const SubmissionAnswer = s.named(
  'SubmissionAnswer',
  s.object(
    {
      accepted: s.list(s.object({ index: s.count, toNode: s.text, id: s.text })),
      refused: s.list(Refusal),
      warnings: s.list(Refusal),
    },
    { batch: s.id },
  ),
  'What a submission came to; ids are empty where nothing was sent',
);
/** What a submission came to; the fields are those of the listeners' answer line. */
export type SubmissionAnswer = s.Value<typeof SubmissionAnswer>;

const SubmitOptions = s.object(
  {},
  {
    batch: s.about(s.word, 'Adds to the batch of this id, a UUIDv7 (a new one, or one that exists)'),
    label: s.about(s.word, 'What lists show for the batch'),
    supersedes: s.about(
      s.word,
      'The key of messages that name none: older ones of the same key and node end',
    ),
    dryRun: s.about(s.flag, { description: 'Checks only: nothing is sent', default: false }),
  },
);
export type SubmitOptions = s.Value<typeof SubmitOptions>;
const AnswerGroup = s.named(
  'AnswerGroup',
  s.object({
    nodes: s.list(s.text),
    end: s.about(s.text, 'Such as `exit code 0`'),
    stdout: s.text,
    stderr: s.text,
  }),
  'Nodes that answered the same; of each stream the first 64 KiB',
);

const CancelResult = s.named(
  'CancelResult',
  s.object({ id: s.id, result: s.choice('cancelled', 'asked', 'ended', 'unknown') }),
  'How asking for an end went: cancelled here and now, asked its node to stop it, ended before, or unknown',
);
/** How asking for an end went, one by one: `asked` has its node still to stop it. */
export type CancelResult = s.Value<typeof CancelResult>;

const ResendOptions = s.object(
  {},
  {
    which: s.about(s.choice('failed', 'missing', 'both'), {
      description: 'Those that failed, those that were not reached or not answered, or both',
      default: 'both',
    }),
  },
);
/** Which requests of a batch to send again. */
export type ResendChoice = NonNullable<s.Value<typeof ResendOptions>['which']>;

const OutputOptions = s.object(
  {},
  {
    stream: s.about(s.choice('stdout', 'stderr'), { description: 'Which stream', default: 'stdout' }),
    from: s.about(s.count, { description: 'The first byte wanted', default: 0 }),
    to: s.about(s.count, 'The first byte that is not wanted any more; to the end unless told'),
  },
);
export type OutputOptions = s.Value<typeof OutputOptions>;

/** What can be asked of requests and batches. */
export const REQUEST_OPERATIONS = {
  submit: {
    does: 'POST /v1/messages',
    summary: 'Submit messages: a list or one, JSON or YAML',
    query: SubmitOptions,
    body: s.about(
      s.oneOf(s.list(s.anyObject), s.anyObject),
      'A list of messages or one message, as JSON or YAML, as the listeners take them',
    ),
    isSubmission: true,
    isSlow: true,
    answer: SubmissionAnswer,
  },
  requests: {
    does: 'GET /v1/requests',
    summary: 'Requests, newest first',
    query: s.object({}, { ...FILTER, ...PAGE }),
    answer: s.named(
      'RequestPage',
      s.object({ items: s.list(RequestSummary), next }),
      'Requests, newest first',
    ),
  },
  request: {
    does: 'GET /v1/requests/{id}',
    summary: 'One request with its timeline and message',
    answer: RequestDetail,
  },
  output: {
    does: 'GET /v1/requests/{id}/output',
    summary: 'What is kept of its output, as bytes',
    query: OutputOptions,
    answer: 'bytes',
  },
  cancelRequest: { does: 'POST /v1/requests/{id}/cancel', summary: 'End a request', answer: CancelResult },
  resendRequest: {
    does: 'POST /v1/requests/{id}/resend',
    summary: 'Send a request again, as a new one',
    answer: SubmissionAnswer,
  },
  batches: {
    does: 'GET /v1/batches',
    summary: 'Batches, newest first',
    query: PageOptions,
    answer: s.named('BatchPage', s.object({ items: s.list(BatchSummary), next }), 'Batches, newest first'),
  },
  batch: {
    does: 'GET /v1/batches/{id}',
    summary: 'One batch with its counts',
    query: BatchOptions,
    answer: BatchSummary,
  },
  batchAnswers: {
    does: 'GET /v1/batches/{id}/answers',
    summary: 'What nodes answered to a batch, the same answers together',
    isSlow: true,
    answer: s.list(AnswerGroup),
  },
  planBatch: {
    does: 'PUT /v1/batches/{id}/plan',
    summary: 'Note what is needed to go on with a batch',
    body: s.about(s.anything, 'Any JSON value'),
  },
  cancelBatch: {
    does: 'POST /v1/batches/{id}/cancel',
    summary: 'End all requests of a batch that have not ended',
    isSlow: true,
    answer: s.list(CancelResult),
  },
  resendBatch: {
    does: 'POST /v1/batches/{id}/resend',
    summary: 'Send again what failed or is missing',
    query: ResendOptions,
    isSlow: true,
    answer: SubmissionAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
