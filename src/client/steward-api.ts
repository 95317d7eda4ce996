import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type {
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
  Page,
  PageOptions,
  RequestDetail,
  RequestFilter,
  RequestSummary,
  ResendChoice,
  SubmissionAnswer,
  SubmitOptions,
} from '../contract/requests.ts';

/** What a part of a request's output is asked with. */
export interface OutputOptions {
  /** `stdout` unless told. */
  readonly stream?: 'stdout' | 'stderr';
  /** The first byte wanted. */
  readonly from?: number;
}

/** Which entries of the audit log to give, newest first. */
export interface AuditFilter {
  readonly limit?: number;
  readonly node?: string;
  readonly method?: string;
  readonly state?: string;
  readonly since?: number;
  /** A text that the entry holds somewhere. */
  readonly text?: string;
}

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
  errors(options?: { readonly limit?: number; readonly node?: string }): Promise<readonly ErrorLine[]>;
  audit(filter?: AuditFilter): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * What changes from now on: the first event is `hello`. Ends when the signal is aborted; throws where the connection
   * breaks, for the caller to read the list again and go on.
   */
  events(filter: EventFilter, signal: AbortSignal): AsyncIterable<ApiEvent>;
}
