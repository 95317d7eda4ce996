import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import type { ParsedCall } from '../command.ts';
import { requestsOf } from '../exec/batch-feed.ts';
import { openView } from '../exec/open-view.ts';
import { OutputReader } from '../exec/output-reader.ts';
import { durationOf, prefixOf } from '../exec/read-options.ts';
import { Run } from '../exec/run.ts';
import { isRunPlan } from '../exec/run-plan.ts';
import { runExitCode } from '../exec/run-result.ts';
import { TargetTracker } from '../exec/target-tracker.ts';
import { EXIT } from '../exit-codes.ts';
import { findThing, type Thing } from '../find-thing.ts';
import { untilStopped } from '../until-stopped.ts';
import { UsageError } from '../usage-error.ts';
import { formOf, withNode } from '../with-node.ts';
import { followChanges } from './follow-changes.ts';

/** Does what `steward watch` is asked for. */
export async function watchCommand(call: ParsedCall): Promise<number> {
  const form = formOf(call.options);
  const [id, ...more] = call.operands;
  if (more.length > 0) throw new UsageError('watch takes one id, or none for all that changes');
  return await withNode(call, async (api) => {
    if (id !== undefined) return await watchThing(api, call, await findThing(api, id, { first: 'batch' }));
    const node = call.options.node as readonly string[] | undefined;
    if (form === 'json')
      throw new UsageError('watch prints one thing after the other: give --jsonl instead of --json');
    await followChanges(api, call, { form, filter: node === undefined ? {} : { node } });
    return EXIT.ok;
  });
}

async function watchThing(api: StewardApi, call: ParsedCall, thing: Thing): Promise<number> {
  const now = Date.now();
  const job =
    thing.kind === 'batch' ? thing.batch : { ...thing.request, plan: null, label: thing.request.method };
  const batch = thing.kind === 'batch' ? thing.batch.id : (thing.request.batch ?? thing.request.id);
  const plan = isRunPlan(job.plan) ? job.plan : undefined;
  const nodes = await api.nodes();
  const ofPlan = plan?.targets.map((name) => nodes.find((node) => node.name === name) ?? neverSeen(name));
  const tracker = new TargetTracker(ofPlan ?? nodes, now, ofPlan === undefined ? 'request' : 'node');
  // How many there are decides how they are shown.
  const count =
    ofPlan?.length ?? (thing.kind === 'batch' ? Math.max(2, (await requestsOf(api, batch)).length) : 1);
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
      plan,
      patience,
      isResumed: true,
      signal: stopping.signal,
    },
    {
      api,
      tracker,
      output,
      now: Date.now,
      onChange: (requests: readonly RequestSummary[]) => view.changed(requests),
      onNote: (text) => view.note(text),
    },
  ).toEnd();
  await view.finish(end);
  return runExitCode(tracker.counts(), { isLater: false });
}

function neverSeen(name: string) {
  return { name, presence: 'unknown', lastSeenAt: null } as const;
}
