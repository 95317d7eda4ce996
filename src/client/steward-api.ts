import type { AnswerOf, BodyOf, CallName, Contract, IdOf, QueryOf } from '../contract/contract.ts';
import type { ApiEvent, EventFilter } from '../contract/events.ts';

type AskedBody<R> = R extends { readonly isSubmission: true }
  ? [messages: readonly object[] | string | Uint8Array]
  : BodyOf<R>;
type AskedCall<R> = (
  ...asked: [...IdOf<R>, ...AskedBody<R>, ...(QueryOf<R> extends undefined ? [] : [query?: QueryOf<R>])]
) => AnswerOf<R>;

/**
 * A running node, as its clients see it: id, body and query of an operation are its arguments, as far as it has them.
 * Every function throws ApiError: `unreachable` where no node answers, `not-found`, `bad-request` with the sentence of the
 * node, `unauthorized`, `busy`, `broken`.
 */
export type StewardApi = { [N in CallName]: AskedCall<Contract[N]> } & {
  /**
   * What changes from now on: the first event is `hello`. Ends when the signal is aborted; throws where the connection
   * breaks, for the caller to read the list again and go on.
   */
  events(filter: EventFilter, signal: AbortSignal): AsyncIterable<ApiEvent>;
} & AsyncDisposable;
