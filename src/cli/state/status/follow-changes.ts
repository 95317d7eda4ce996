import { fitsFilter, hasWords } from '../../../client/fits-filter.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { RequestFilter, RequestSummary } from '../../../contract/requests.ts';
import { toJson } from '../../../lib/visible.ts';
import { BatchFeed, connectionWords } from '../../fleet/exec/batch-feed.ts';
import type { Form } from '../../fleet/with-node.ts';
import type { ParsedCall } from '../../line/command.ts';
import { terminalOf } from '../../line/terminal.ts';
import { untilStopped } from '../../line/until-stopped.ts';
import { tell } from '../../print/tell.ts';
import { changeLine } from '../request-lines.ts';

export interface FollowOptions {
  readonly form: Form;
  readonly filter: RequestFilter;
  /** Words that a request must show, in small letters. */
  readonly words?: readonly string[];
  /** Ids of requests and batches; none means all. */
  readonly ids?: ReadonlySet<string>;
  /** Prints what there is, once nothing is missed from then on. */
  print?(): Promise<void>;
}

/** Prints a line for each request that changes, until the process is asked to stop. */
export async function followChanges(
  api: StewardApi,
  call: ParsedCall,
  { form, filter, words = [], ids = new Set(), print }: FollowOptions,
): Promise<void> {
  using stopping = untilStopped(call.stdout);
  const terminal = terminalOf(call.stdout, call);
  const printed = Promise.withResolvers<void>();
  const isWanted = (request: RequestSummary) =>
    (ids.size === 0 || ids.has(request.id) || ids.has(request.batch ?? '')) &&
    fitsFilter(request, filter) &&
    hasWords(request, words);
  const line = (request: RequestSummary) =>
    form === 'text' ? changeLine(request, terminal, Date.now()) : `${toJson(request)}\n`;
  const feed = new BatchFeed(
    api,
    { types: ['requests', 'many'], signal: stopping.signal },
    {
      requests: async (requests) => {
        await printed.promise;
        call.stdout.write(requests.filter(isWanted).map(line).join(''));
      },
      output: () => {},
      nodes: () => {},
      connection: (fault) => tell(call.stderr, connectionWords(fault)),
    },
  );
  const following = feed.follow();
  await Promise.race([feed.ready, following]);
  try {
    await print?.();
  } finally {
    printed.resolve();
  }
  await following;
}
