import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestFilter, RequestSummary } from '../../contract/requests.ts';
import type { ParsedCall } from '../command.ts';
import { BatchFeed } from '../exec/batch-feed.ts';
import { changeLine } from '../request-lines.ts';
import { terminalOf } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Form } from '../with-node.ts';
import { isMeant } from './read-filter.ts';

export interface FollowOptions {
  readonly form: Form;
  readonly filter: RequestFilter;
  /** Ids of requests and batches; none means all. */
  readonly ids?: ReadonlySet<string>;
  /** Prints what there is, once nothing is missed from then on. */
  print?(): Promise<void>;
}

/** Prints a line for each request that changes, until the process is asked to stop. */
export async function followChanges(
  api: StewardApi,
  call: ParsedCall,
  { form, filter, ids = new Set(), print }: FollowOptions,
): Promise<void> {
  using stopping = untilStopped(call.stdout);
  const terminal = terminalOf(call.stdout, call);
  const printed = Promise.withResolvers<void>();
  const isWanted = (request: RequestSummary) =>
    (ids.size === 0 || ids.has(request.id) || ids.has(request.batch ?? '')) && isMeant(request, filter);
  const line = (request: RequestSummary) =>
    form === 'text' ? changeLine(request, terminal, Date.now()) : `${JSON.stringify(request)}\n`;
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
      connection: (fault) =>
        void call.stderr.write(
          `steward: ${fault === undefined ? 'the node answers again' : `${fault}; trying again`}\n`,
        ),
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
