import { endWords, type NodeAnswer } from '../../contract/fold-answers.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { outcomeOf } from '../../contract/states.ts';
import { printable } from '../views/printable.ts';
import type { WebApi } from './web-api.ts';

/** More answers than this are read anew. */
const MOST = 1000;
/** Answers of requests that have ended: they do not change. */
const known = new Map<string, NodeAnswer>();

/** What the requests that ran to an end answered, in their order. Throws WebError. */
export async function readAnswers(
  requests: readonly RequestSummary[],
  api: Pick<WebApi, 'output'>,
): Promise<NodeAnswer[]> {
  const ended = requests.filter(
    ({ state, startedAt }) => startedAt !== null && HAS_RUN.has(outcomeOf(state)),
  );
  return await Promise.all(ended.map((request) => answerOf(request, api)));
}

const HAS_RUN: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timed-out']);

async function answerOf(request: RequestSummary, api: Pick<WebApi, 'output'>): Promise<NodeAnswer> {
  const { id, node, outputBytes } = request;
  const found = known.get(id);
  if (found !== undefined) return found;
  const read = async (stream: 'stdout' | 'stderr') =>
    outputBytes === 0 ? '' : printable(await api.output(id, { stream }));
  const [stdout, stderr] = await Promise.all([read('stdout'), read('stderr')]);
  const answer = { node, end: endWords(request), stdout, stderr };
  if (known.size >= MOST) known.clear();
  known.set(id, answer);
  return answer;
}
