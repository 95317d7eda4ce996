import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type {
  AuditFilter,
  ErrorFilter,
  ErrorLine,
  MethodDescription,
  NodeSummary,
  ProcessSummary,
  QueueSummary,
  StatusAnswer,
  TargetAnswer,
} from '../contract/nodes.ts';
import type {
  BatchSummary,
  CancelResult,
  OutputOptions,
  Page,
  PageOptions,
  RequestDetail,
  RequestFilter,
  RequestSummary,
  ResendChoice,
  SubmissionAnswer,
  SubmitOptions,
} from '../contract/requests.ts';

/**
 * A running node, as commands and the terminal UI see it. Every function throws ApiError: `unreachable` where no node
 * answers, `not-found`, `bad-request` with the sentence of the node, `unauthorized`, `busy`, `broken`.
 */
export interface StewardApi extends AsyncDisposable {
  status(): Promise<StatusAnswer>;
  /** Submits messages: objects, or a text of JSON or YAML as it is. */
  submit(
    messages: readonly object[] | string | Uint8Array,
    options?: SubmitOptions,
  ): Promise<SubmissionAnswer>;
  requests(filter?: RequestFilter, page?: PageOptions): Promise<Page<RequestSummary>>;
  request(id: string): Promise<RequestDetail>;
  output(id: string, options?: OutputOptions): Promise<Uint8Array>;
  cancelRequest(id: string): Promise<CancelResult>;
  resendRequest(id: string): Promise<SubmissionAnswer>;
  batches(page?: PageOptions): Promise<Page<BatchSummary>>;
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
  errors(filter?: ErrorFilter): Promise<readonly ErrorLine[]>;
  audit(filter?: AuditFilter): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * What changes from now on: the first event is `hello`. Ends when the signal is aborted; throws where the connection
   * breaks, for the caller to read the list again and go on.
   */
  events(filter: EventFilter, signal: AbortSignal): AsyncIterable<ApiEvent>;
}
