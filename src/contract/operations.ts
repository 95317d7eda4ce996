import type {
  MethodDescription,
  NodeSummary,
  ProcessSummary,
  QueueSummary,
  StatusAnswer,
  TargetAnswer,
} from './nodes.ts';
import type {
  BatchSummary,
  CancelResult,
  RequestDetail,
  ResendChoice,
  SubmissionAnswer,
} from './requests.ts';

/** What can be asked of a node in the same words on both sides of the API. */
export interface Operations {
  status(): Promise<StatusAnswer>;
  request(id: string): Promise<RequestDetail>;
  cancelRequest(id: string): Promise<CancelResult>;
  resendRequest(id: string): Promise<SubmissionAnswer>;
  batch(id: string): Promise<BatchSummary>;
  planBatch(id: string, plan: unknown): Promise<void>;
  cancelBatch(id: string): Promise<readonly CancelResult[]>;
  resendBatch(id: string, which: ResendChoice): Promise<SubmissionAnswer>;
  nodes(): Promise<readonly NodeSummary[]>;
  targets(targets: readonly string[]): Promise<TargetAnswer>;
  groups(): Promise<Readonly<Record<string, readonly string[]>>>;
  queues(): Promise<readonly QueueSummary[]>;
  processes(): Promise<readonly ProcessSummary[]>;
  methods(): Promise<readonly MethodDescription[]>;
}
