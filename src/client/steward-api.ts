import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type { AuditFilter, ErrorFilter, ErrorLine } from '../contract/nodes.ts';
import type { Operations } from '../contract/operations.ts';
import type {
  BatchSummary,
  OutputOptions,
  Page,
  PageOptions,
  RequestFilter,
  RequestSummary,
  SubmissionAnswer,
  SubmitOptions,
} from '../contract/requests.ts';

/**
 * A running node, as commands and the terminal UI see it. Every function throws ApiError: `unreachable` where no node
 * answers, `not-found`, `bad-request` with the sentence of the node, `unauthorized`, `busy`, `broken`.
 */
export interface StewardApi extends Operations, AsyncDisposable {
  /** Submits messages: objects, or a text of JSON or YAML as it is. */
  submit(
    messages: readonly object[] | string | Uint8Array,
    options?: SubmitOptions,
  ): Promise<SubmissionAnswer>;
  requests(filter?: RequestFilter, page?: PageOptions): Promise<Page<RequestSummary>>;
  output(id: string, options?: OutputOptions): Promise<Uint8Array>;
  batches(page?: PageOptions): Promise<Page<BatchSummary>>;
  errors(filter?: ErrorFilter): Promise<readonly ErrorLine[]>;
  audit(filter?: AuditFilter): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * What changes from now on: the first event is `hello`. Ends when the signal is aborted; throws where the connection
   * breaks, for the caller to read the list again and go on.
   */
  events(filter: EventFilter, signal: AbortSignal): AsyncIterable<ApiEvent>;
}
