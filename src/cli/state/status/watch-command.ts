import type { StewardApi } from '../../../client/steward-api.ts';
import type { NodeSummary } from '../../../contract/nodes.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import { isEnd } from '../../../contract/states.ts';
import { visibleLine } from '../../../lib/visible.ts';
import { isRunPlan } from '../../../waves/run-plan.ts';
import { TargetTracker } from '../../../waves/target-tracker.ts';
import { awayNote } from '../../fleet/away-note.ts';
import { requestsOf } from '../../fleet/exec/batch-feed.ts';
import { neverSeen } from '../../fleet/exec/choose-targets.ts';
import { openView } from '../../fleet/exec/open-view.ts';
import { OutputReader } from '../../fleet/exec/output-reader.ts';
import { durationOf, prefixOf } from '../../fleet/exec/read-options.ts';
import { Run } from '../../fleet/exec/run.ts';
import { runExitCode } from '../../fleet/exec/run-result.ts';
import { formOf, withNode } from '../../fleet/with-node.ts';
import { EXIT, type ParsedCall, UsageError } from '../../line/command.ts';
import { untilStopped } from '../../line/until-stopped.ts';
import { type Resolved, resolveId } from '../resolve-id.ts';
import { followChanges } from './follow-changes.ts';

/** Does what `steward watch` is asked for. */
export async function watchCommand(call: ParsedCall): Promise<number> {
  const form = formOf(call.options);
  const [id, ...more] = call.operands;
  if (more.length > 0) throw new UsageError('watch takes one id, or none for all that changes');
  return await withNode(call, async (api) => {
    if (id !== undefined) return await watchThing(api, call, await resolveId(api, id, { first: 'batch' }));
    const node = call.options.node as readonly string[] | undefined;
    if (form === 'json')
      throw new UsageError('watch prints one thing after the other: give --jsonl instead of --json');
    await followChanges(api, call, { form, filter: node === undefined ? {} : { node } });
    return EXIT.ok;
  });
}

async function watchThing(api: StewardApi, call: ParsedCall, thing: Resolved): Promise<number> {
  const now = Date.now();
  const job =
    thing.kind === 'batch' ? thing.batch : { ...thing.request, plan: null, label: thing.request.method };
  const batch = thing.kind === 'batch' ? thing.batch.id : (thing.request.batch ?? thing.request.id);
  const plan = isRunPlan(job.plan) ? job.plan : undefined;
  const [nodes, requests] = await Promise.all([api.nodes(), requestsIn(api, thing)]);
  const ofPlan = plan?.targets.map((name) => nodes.find((node) => node.name === name) ?? neverSeen(name));
  const tracker = new TargetTracker(ofPlan ?? nodes, now, ofPlan === undefined ? 'request' : 'node');
  // How many there are decides how they are shown.
  const count = ofPlan?.length ?? (thing.kind === 'batch' ? Math.max(2, requests.length) : 1);
  const options = {
    form: formOf(call.options),
    prefix: prefixOf((call.options.prefix as string | undefined) ?? 'auto'),
  };
  using view = await openView(options, {
    call,
    tracker,
    batch,
    label: job.label,
    count,
    later: undefined,
    now: Date.now,
  });
  const output = new OutputReader(api, view.sink, (node, lost) =>
    view.note(`${node}: ${lost} bytes of its output are not kept`),
  );
  output.missed();
  for (const note of waitNotes(requests, nodes, now)) view.note(note);
  using stopping = untilStopped(call.stdout);
  const patience = {
    startedAt: now,
    waitMs: durationOf(call.options, 'wait') ?? Infinity,
    endsWhenTaken: false,
  };
  const end = await new Run(
    {
      batch,
      ...(thing.kind === 'request' ? { request: thing.request.id } : {}),
      label: job.label,
      message: undefined,
      order: undefined,
      plan,
      patience,
      isResumed: true,
      signal: stopping.signal,
    },
    { api, tracker, output, now: Date.now, view },
  ).toEnd();
  await view.finish(end);
  return runExitCode(tracker.counts(), { isLater: false });
}

const MOST_NOTES = 5;

/** Says for whom open requests wait: for nodes that are away, or for what they themselves say. */
function waitNotes(
  requests: readonly RequestSummary[],
  nodes: readonly NodeSummary[],
  now: number,
): readonly string[] {
  const open = requests.filter(({ state }) => !isEnd(state));
  const names = new Set(open.map(({ node }) => node));
  const away = awayNote(
    nodes.filter(({ name }) => names.has(name)),
    now,
  );
  const reasons = open.flatMap(({ state, reason }) =>
    state === 'running' && reason ? [visibleLine(reason)] : [],
  );
  return [...(away === undefined ? [] : [away]), ...new Set(reasons)].slice(0, MOST_NOTES);
}

async function requestsIn(api: StewardApi, thing: Resolved): Promise<readonly RequestSummary[]> {
  return thing.kind === 'batch' ? await requestsOf(api, thing.batch.id) : [thing.request];
}
