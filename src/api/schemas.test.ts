import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FromSchema, Same } from '../../test/support/from-schema.ts';
import type { ApiEvent } from '../contract/events.ts';
import type * as Nodes from '../contract/nodes.ts';
import type * as Requests from '../contract/requests.ts';
import type { ApiFault } from '../contract/routes.ts';
import type { RequestState } from '../contract/states.ts';
import { SCHEMAS } from './schemas.ts';

/** What each schema describes. */
interface Described {
  Presence: Nodes.Presence;
  NodeSummary: Nodes.NodeSummary;
  QueueSummary: Nodes.QueueSummary;
  ProcessSummary: Nodes.ProcessSummary;
  TargetAnswer: Nodes.TargetAnswer;
  StatusAnswer: Nodes.StatusAnswer;
  ArgumentDescription: Nodes.ArgumentDescription;
  MethodDescription: Nodes.MethodDescription;
  ErrorLine: Nodes.ErrorLine;
  AuditEntry: Readonly<Record<string, unknown>>;
  Groups: Readonly<Record<string, readonly string[]>>;
  RequestState: RequestState;
  RequestSummary: Requests.RequestSummary;
  TimelineStep: Requests.TimelineStep;
  OutputSummary: Requests.OutputSummary;
  RequestDetail: Requests.RequestDetail;
  RequestPage: Requests.Page<Requests.RequestSummary>;
  StateCounts: Requests.StateCounts;
  BatchSummary: Requests.BatchSummary;
  BatchPage: Requests.Page<Requests.BatchSummary>;
  Refusal: Requests.Refusal;
  SubmissionAnswer: Requests.SubmissionAnswer;
  CancelResult: Requests.CancelResult;
  ApiEvent: ApiEvent;
  ApiFault: ApiFault;
}

/** The type checker refuses a value here where schema and type are not the same. */
type Checks = {
  [N in keyof typeof SCHEMAS]: N extends keyof Described
    ? Same<FromSchema<(typeof SCHEMAS)[N]>, Described[N]>
    : 'describes no type';
};

test('every schema describes its type of the contract', () => {
  const checks: Checks = {
    Presence: true,
    NodeSummary: true,
    QueueSummary: true,
    ProcessSummary: true,
    TargetAnswer: true,
    StatusAnswer: true,
    ArgumentDescription: true,
    MethodDescription: true,
    ErrorLine: true,
    AuditEntry: true,
    Groups: true,
    RequestState: true,
    RequestSummary: true,
    TimelineStep: true,
    OutputSummary: true,
    RequestDetail: true,
    RequestPage: true,
    StateCounts: true,
    BatchSummary: true,
    BatchPage: true,
    Refusal: true,
    SubmissionAnswer: true,
    CancelResult: true,
    ApiEvent: true,
    ApiFault: true,
  };
  assert.deepEqual(Object.keys(checks), Object.keys(SCHEMAS));
});
