import type { NodeSummary } from './nodes.ts';
import type { RequestSummary } from './requests.ts';

/** What changed, as server-sent events tell it; `event:` is the type, `data:` the rest as JSON. */
export type ApiEvent =
  /** The first one: from here on nothing is missed. */
  | { readonly type: 'hello'; readonly at: number }
  /** Requests in their new state; several changes within 100 ms come as one. */
  | { readonly type: 'requests'; readonly requests: readonly RequestSummary[] }
  /** More changed at once than is told one by one: read the list again. */
  | { readonly type: 'many'; readonly count: number }
  /** A piece of the output of a request that is told of live. `data` is base64. */
  | {
      readonly type: 'output';
      readonly id: string;
      readonly batch: string | null;
      readonly node: string;
      readonly stream: 'stdout' | 'stderr';
      readonly offset: number;
      readonly data: string;
    }
  | { readonly type: 'nodes'; readonly nodes: readonly NodeSummary[] }
  | { readonly type: 'errors'; readonly lines: readonly { readonly node: string; readonly line: string }[] };

/** Which events to send; without any filter all but outputs. */
export interface EventFilter {
  readonly types?: readonly ApiEvent['type'][];
  readonly batch?: string;
  readonly id?: string;
  readonly node?: readonly string[];
}
