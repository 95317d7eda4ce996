import type { StewardApi } from '../../../client/steward-api.ts';
import { outcomeOf } from '../../../contract/states.ts';
import { firstWords } from '../../../lib/first-words.ts';
import type { Target, TargetTracker } from '../../../waves/target-tracker.ts';
import type { RunView } from './view.ts';

/** A node that is there takes a request within this time. */
const LATE_MS = 3000;
/** How many of those that are late are named. */
const MOST_NAMES = 5;

/** Says once whose turn it is and what holds it up, where a node that seems to be there takes its time. */
export function noteLate(api: StewardApi, tracker: TargetTracker, view: RunView): Disposable {
  let isOver = false;
  const tell = async () => {
    const late = tracker.targets.filter(
      ({ request, presence }) =>
        request !== undefined && outcomeOf(request.state) === 'waiting' && presence !== 'away',
    );
    if (late.length === 0) return;
    const held = await obstaclesOf(api, late);
    if (isOver) return;
    const names = late.map(({ node }) => node);
    const why = held.length === 0 ? '' : `, and it waits for ${firstWords(held, MOST_NAMES, '; ')}`;
    view.note(`waiting for ${firstWords(names, MOST_NAMES)} to take it${why}`);
  };
  const timer = setTimeout(() => void tell(), LATE_MS);
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** What holds up the queues on the way to targets, in the words of `steward queue`. */
async function obstaclesOf(api: StewardApi, late: readonly Target[]): Promise<string[]> {
  const lanes = new Set(late.map(({ node, request }) => `${node} ${request?.method}`));
  const { node } = late[0]!;
  const queues = await api.queues(late.length === 1 ? { node } : {}).catch(() => []);
  const theirs = queues.filter((queue) => lanes.has(`${queue.node} ${queue.method}`));
  return [...new Set(theirs.flatMap(({ waitsFor }) => waitsFor ?? []))];
}
