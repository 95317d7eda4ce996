import { REQUEST_STATES } from '../contract/states.ts';
import {
  ANYTHING,
  COUNT,
  COUNT_OR_NULL,
  ID,
  listOf,
  NUMBER_OR_NULL,
  ref,
  TEXT,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
  whole,
} from './schema-parts.ts';

const SUMMARY = {
  id: ID,
  batch: { ...TEXT_OR_NULL, description: 'What was submitted together' },
  node: TEXT,
  method: TEXT,
  state: ref('RequestState'),
  reason: { ...TEXT_OR_NULL, description: 'A sentence where the state alone does not say why' },
  queuedAt: TIME,
  sentAt: TIME_OR_NULL,
  acceptedAt: TIME_OR_NULL,
  startedAt: TIME_OR_NULL,
  endedAt: TIME_OR_NULL,
  tookMs: { ...COUNT_OR_NULL, description: 'How long the run took, by the clock of its node' },
  attempts: COUNT,
  exitCode: NUMBER_OR_NULL,
  signal: TEXT_OR_NULL,
  outputBytes: { ...COUNT_OR_NULL, description: 'Bytes that the run printed, kept or not' },
} as const;

const REFUSAL = {
  index: { ...COUNT_OR_NULL, description: 'Place in the submission; null for the whole of it' },
  field: TEXT_OR_NULL,
  reason: TEXT,
} as const;

const CANCEL_RESULTS = ['cancelled', 'asked', 'ended', 'unknown'] as const;

/** Schemas of the types in src/contract/requests.ts and states.ts. */
export const REQUEST_SCHEMAS = {
  RequestState: { type: 'string', enum: REQUEST_STATES },
  RequestSummary: whole(SUMMARY, 'A request in a list; all times by the clock of the node that is asked'),
  TimelineStep: whole(
    {
      at: TIME_OR_NULL,
      there: { ...TIME_OR_NULL, description: 'The same moment by the clock of the node of the request' },
      what: TEXT,
      note: TEXT_OR_NULL,
    },
    "One step of a request's life",
  ),
  OutputSummary: whole({
    keptBytes: COUNT,
    totalBytes: {
      ...COUNT,
      description: 'Printed as far as is known; more than kept where the limit was reached',
    },
  }),
  RequestDetail: whole(
    {
      ...SUMMARY,
      timeline: listOf(ref('TimelineStep')),
      stdout: ref('OutputSummary'),
      stderr: ref('OutputSummary'),
      message: {
        type: ['object', 'null'],
        additionalProperties: ANYTHING,
        description: 'As it was sent; null where it is no longer kept',
      },
      expiresAt: TIME_OR_NULL,
      why: { ...TEXT, description: 'What it waits for, or why it ended as it did' },
      resendOf: { ...TEXT_OR_NULL, description: 'The request that this one repeats' },
      resentAs: { ...listOf(ID), description: 'The requests that repeat this one' },
    },
    'One request with all that is known of it',
  ),
  RequestPage: whole(
    {
      items: listOf(ref('RequestSummary')),
      next: { ...TEXT_OR_NULL, description: 'The cursor of the next page; null at the end' },
    },
    'Requests, newest first',
  ),
  StateCounts: {
    type: 'object',
    properties: {
      queued: COUNT,
      sent: COUNT,
      accepted: COUNT,
      running: COUNT,
      succeeded: COUNT,
      failed: COUNT,
      'timed-out': COUNT,
      interrupted: COUNT,
      rejected: COUNT,
      expired: COUNT,
      undelivered: COUNT,
      cancelled: COUNT,
    },
    description: 'How many requests are in each state; states without any are left out',
  },
  BatchSummary: whole(
    {
      id: ID,
      at: TIME,
      label: { ...TEXT, description: 'What was asked, such as REQCliCommand uptime' },
      total: COUNT,
      counts: ref('StateCounts'),
      plan: { ...ANYTHING, description: 'What its maker noted to go on with it' },
    },
    'What was submitted together',
  ),
  BatchPage: whole(
    {
      items: listOf(ref('BatchSummary')),
      next: { ...TEXT_OR_NULL, description: 'The cursor of the next page; null at the end' },
    },
    'Batches, newest first',
  ),
  Refusal: whole(REFUSAL),
  SubmissionAnswer: {
    type: 'object',
    properties: {
      batch: ID,
      accepted: listOf(whole({ index: COUNT, toNode: TEXT, id: TEXT })),
      refused: listOf(ref('Refusal')),
      warnings: listOf(ref('Refusal')),
    },
    required: ['accepted', 'refused', 'warnings'],
    description: 'What a submission came to; ids are empty where nothing was sent',
  },
  CancelResult: whole(
    { id: ID, result: { type: 'string', enum: CANCEL_RESULTS } },
    'How asking for an end went: cancelled here and now, asked its node to stop it, ended before, or unknown',
  ),
} as const;
