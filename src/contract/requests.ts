import { BatchOptions, BatchSummary } from './batch-summary.ts';
import type { OperationRow } from './operation.ts';
import {
  about,
  anyObject,
  anything,
  choice,
  count,
  flag,
  id,
  integer,
  list,
  named,
  object,
  oneOf,
  orNull,
  text,
  time,
  timeInQuery,
  type Value,
  word,
} from './schema.ts';
import { REQUEST_STATES } from './states.ts';
import { TimelineStep } from './timeline-step.ts';

const RequestState = named('RequestState', choice(...REQUEST_STATES));

const SUMMARY = {
  id,
  batch: about(orNull(text), 'What was submitted together'),
  node: text,
  method: text,
  what: about(
    text,
    'What was asked, in a line such as `uptime -p`; the label of its batch where the message is no longer kept',
  ),
  state: RequestState,
  reason: about(orNull(text), 'A sentence where the state alone does not say why'),
  queuedAt: time,
  sentAt: orNull(time),
  acceptedAt: orNull(time),
  startedAt: orNull(time),
  endedAt: orNull(time),
  tookMs: about(
    orNull(count),
    'How long the run took, by the clock of its node; null before it has begun and ended',
  ),
  attempts: count,
  exitCode: orNull(integer),
  signal: orNull(text),
  outputBytes: about(orNull(count), 'Bytes that the run printed, kept or not'),
  stderrBytes: about(
    orNull(count),
    'The same of standard error, once it has ended; 0 where both streams are one',
  ),
};

const SCHEDULE = { schedule: about(anything, 'When it runs, as it was sent; only where it has a schedule') };

/** A request in a list. */
export const RequestSummary = named(
  'RequestSummary',
  object(SUMMARY, SCHEDULE),
  'A request in a list; all times by the clock of the node that is asked',
);
export type RequestSummary = Value<typeof RequestSummary>;

const OutputSummary = named(
  'OutputSummary',
  object({
    keptBytes: count,
    totalBytes: about(count, 'Printed as far as is known; more than kept where the limit was reached'),
  }),
);
/** What is kept of one stream of a request's output. */
export type OutputSummary = Value<typeof OutputSummary>;

const RequestDetail = named(
  'RequestDetail',
  object(
    {
      ...SUMMARY,
      timeline: list(TimelineStep),
      stdout: OutputSummary,
      stderr: OutputSummary,
      message: about(
        orNull(anyObject),
        'As it was sent, with its wire keys; null where it is no longer kept',
      ),
      expiresAt: orNull(time),
      why: about(text, 'One sentence: what it waits for, or why it ended as it did'),
      resendOf: about(orNull(text), 'The request that this one repeats'),
      resentAs: about(list(id), 'The requests that repeat this one'),
    },
    SCHEDULE,
  ),
  'One request with all that is known of it',
);
/** A request with all that is known of it; `steward why` prints its `why`. */
export type RequestDetail = Value<typeof RequestDetail>;

const FILTER = {
  node: list(about(word, 'Name of a node')),
  method: list(about(word, 'Name of a method')),
  state: list(about(choice(...REQUEST_STATES), 'State')),
  batch: about(word, 'Id of a batch'),
  scheduled: about(flag, 'Only those that run by a schedule and have not ended'),
  since: about(timeInQuery, 'Queued at or after this time'),
  until: about(timeInQuery, 'Queued before this time'),
};
const RequestFilter = object({}, FILTER);
/** Which requests to list; times in ms. Several values of one filter widen it, several filters narrow it. */
export type RequestFilter = Value<typeof RequestFilter>;

const PAGE = {
  limit: about(integer, { description: 'At most this many', minimum: 1, maximum: 1000, default: 100 }),
  cursor: about(word, '`next` of the page before'),
};
const PageOptions = object({}, PAGE);
/** Which part of a list to give. */
export type PageOptions = Value<typeof PageOptions>;

const next = about(orNull(text), 'The cursor of the next page; null at the end');
/** A part of a list, newest first; `next` is null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const Refusal = named(
  'Refusal',
  object({
    index: about(orNull(count), 'Place in the submission; null for the whole of it'),
    field: orNull(text),
    reason: text,
  }),
);
/** What is wrong with a message, or with the whole of a submission. */
export type Refusal = Value<typeof Refusal>;

const SubmissionAnswer = named(
  'SubmissionAnswer',
  object(
    {
      accepted: list(object({ index: count, toNode: text, id: text })),
      refused: list(Refusal),
      warnings: list(Refusal),
    },
    { batch: id },
  ),
  'What a submission came to; ids are empty where nothing was sent',
);
/** What a submission came to; the fields are those of the listeners' answer line. */
export type SubmissionAnswer = Value<typeof SubmissionAnswer>;

const SubmitOptions = object(
  {},
  {
    batch: about(word, 'Adds to the batch of this id, a UUIDv7 (a new one, or one that exists)'),
    label: about(word, 'What lists show for the batch'),
    supersedes: about(word, 'The key of messages that name none: older ones of the same key and node end'),
    dryRun: about(flag, { description: 'Checks only: nothing is sent', default: false }),
  },
);
export type SubmitOptions = Value<typeof SubmitOptions>;
const AnswerGroup = named(
  'AnswerGroup',
  object({ nodes: list(text), end: about(text, 'Such as `exit code 0`'), stdout: text, stderr: text }),
  'Nodes that answered the same; of each stream the first 64 KiB',
);

const CancelResult = named(
  'CancelResult',
  object({ id, result: choice('cancelled', 'asked', 'ended', 'unknown') }),
  'How asking for an end went: cancelled here and now, asked its node to stop it, ended before, or unknown',
);
/** How asking for an end went, one by one: `asked` has its node still to stop it. */
export type CancelResult = Value<typeof CancelResult>;

const ResendOptions = object(
  {},
  {
    which: about(choice('failed', 'missing', 'both'), {
      description: 'Those that failed, those that were not reached or not answered, or both',
      default: 'both',
    }),
  },
);
/** Which requests of a batch to send again. */
export type ResendChoice = NonNullable<Value<typeof ResendOptions>['which']>;

const OutputOptions = object(
  {},
  {
    stream: about(choice('stdout', 'stderr'), { description: 'Which stream', default: 'stdout' }),
    from: about(count, { description: 'The first byte wanted', default: 0 }),
    to: about(count, 'The first byte that is not wanted any more; to the end unless told'),
  },
);
export type OutputOptions = Value<typeof OutputOptions>;

/** What can be asked of requests and batches. */
export const REQUEST_OPERATIONS = {
  submit: {
    does: 'POST /v1/messages',
    summary: 'Submit messages: a list or one, JSON or YAML',
    query: SubmitOptions,
    body: about(
      oneOf(list(anyObject), anyObject),
      'A list of messages or one message, as JSON or YAML, as the listeners take them',
    ),
    isSubmission: true,
    isSlow: true,
    answer: SubmissionAnswer,
  },
  requests: {
    does: 'GET /v1/requests',
    summary: 'Requests, newest first',
    query: object({}, { ...FILTER, ...PAGE }),
    answer: named('RequestPage', object({ items: list(RequestSummary), next }), 'Requests, newest first'),
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
    answer: named('BatchPage', object({ items: list(BatchSummary), next }), 'Batches, newest first'),
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
    answer: list(AnswerGroup),
  },
  planBatch: {
    does: 'PUT /v1/batches/{id}/plan',
    summary: 'Note what is needed to go on with a batch',
    body: about(anything, 'Any JSON value'),
  },
  cancelBatch: {
    does: 'POST /v1/batches/{id}/cancel',
    summary: 'End all requests of a batch that have not ended',
    isSlow: true,
    answer: list(CancelResult),
  },
  resendBatch: {
    does: 'POST /v1/batches/{id}/resend',
    summary: 'Send again what failed or is missing',
    query: ResendOptions,
    isSlow: true,
    answer: SubmissionAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
