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
 * What the API serves: all that a node knows and does for its operators, without any transport. Its functions throw
 * DeskError where they refuse, with the sentence to show; anything else that they throw is a fault of the node.
 */
export interface ApiDesk extends Operations {
  /**
   * Takes a submission, JSON or YAML. What is wrong with single messages is in the answer, and so is a text that is no
   * list of messages at all (`accepted` is empty then); it throws where an option is wrong.
   */
  submit(text: Uint8Array, options: SubmitOptions): Promise<SubmissionAnswer>;
  requests(filter: RequestFilter, page: PageOptions): Promise<Page<RequestSummary>>;
  /** Bytes of a stream from `from` on, as far as they are kept. */
  output(id: string, options: OutputOptions): Promise<Uint8Array>;
  batches(page: PageOptions): Promise<Page<BatchSummary>>;
  errors(filter: ErrorFilter): Promise<readonly ErrorLine[]>;
  audit(filter: AuditFilter): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Calls `listener` with what changes from now on, until the result is disposed. The first event, `hello`, comes
   * before this returns. A listener must not throw; one that cannot keep up is for its caller to dispose.
   */
  events(filter: EventFilter, listener: (event: ApiEvent) => void): Disposable;
}

/** `not-found`: no such thing is remembered. `bad-request`: the caller's mistake. `busy`: try again later. */
export type DeskErrorCode = 'not-found' | 'bad-request' | 'busy';

/** A refusal, with a sentence for the caller; `field` names the option that is wrong, where it is one. */
export class DeskError extends Error {
  override name = 'DeskError';
  readonly code: DeskErrorCode;
  readonly field: string | undefined;

  constructor(code: DeskErrorCode, message: string, options: ErrorOptions & { field?: string } = {}) {
    super(message, options);
    this.code = code;
    this.field = options.field;
  }
}
