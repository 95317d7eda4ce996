import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { newId } from '../../lib/new-id.ts';
import type { ParsedCall } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { SHOWN_LENGTH } from '../format/short-id.ts';
import { untilStopped } from '../until-stopped.ts';
import { UsageError } from '../usage-error.ts';
import { withNode } from '../with-node.ts';
import { type FollowedBatch, requestsOf } from './batch-feed.ts';
import { type ChosenNode, chooseTargets, planOf } from './choose-targets.ts';
import { commandMessage, runLabel } from './command-message.ts';
import { openSink, openView } from './open-view.ts';
import { OutputReader } from './output-reader.ts';
import { type ExecOptions, readExecOptions } from './read-options.ts';
import { followRun, Run, type RunOptions } from './run.ts';
import { isRunPlan } from './run-plan.ts';
import { runExitCode } from './run-result.ts';
import { TargetTracker } from './target-tracker.ts';

/** What is to be done, and for whom. */
interface Job extends Pick<RunOptions, 'batch' | 'label' | 'message' | 'plan' | 'isResumed'> {
  readonly nodes: readonly ChosenNode[];
  readonly feed?: FollowedBatch | undefined;
}

/** Does what `steward exec` is asked for and gives its exit code. */
export async function execCommand(call: ParsedCall): Promise<number> {
  const options = readExecOptions(call, Date.now());
  const stdin = options.takesStdin && !options.isDryRun ? await readAll(call.stdin) : undefined;
  return await withNode(call, async (api) => {
    if (options.resume !== undefined)
      return await run(api, call, options, await resumedJob(api, options.resume));
    const batch = newId();
    const isWatched = !options.isDryRun && !options.isDetached;
    // What takes its time begins at once; nothing of this batch can be missed before its submission.
    await using feed = isWatched ? followRun(api, { batch }) : undefined;
    const [answer] = await Promise.all([
      api.targets(options.targets),
      isWatched && import('./plain-view.ts'),
    ]);
    const nodes = chooseTargets(answer, options);
    if (options.isDryRun) return (await import('./dry-run.ts')).printDryRun(call, options, nodes);
    const job = newJob(options, { batch, nodes, stdin });
    return options.isDetached
      ? await detach(api, call, options, job)
      : await run(api, call, options, { ...job, feed });
  });
}

interface Given extends Pick<Job, 'batch' | 'nodes'> {
  readonly stdin: Uint8Array | undefined;
}

function newJob(options: ExecOptions, { batch, nodes, stdin }: Given): Job {
  const message = commandMessage(options, { batch, stdin });
  const targets = nodes.map(({ name }) => name);
  const plan = options.rolling === undefined ? undefined : planOf(options.rolling, { targets, message });
  return { batch, label: runLabel(options), message, plan, isResumed: false, nodes };
}

/** The run of a batch that exists; where it has no plan, nothing more is submitted. */
async function resumedJob(api: StewardApi, id: string): Promise<Job> {
  const { id: batch, label, plan } = await api.batch(id);
  const [requests, known] = await Promise.all([requestsOf(api, batch), api.nodes()]);
  const isPlanned = isRunPlan(plan);
  const names = isPlanned ? plan.targets : [...new Set(requests.map(({ node }) => node))];
  const found = new Map(known.map((node) => [node.name, node]));
  const nodes = names.map(
    (name): ChosenNode => found.get(name) ?? { name, presence: 'unknown', lastSeenAt: null },
  );
  return {
    batch,
    label,
    message: isPlanned ? plan.message : undefined,
    plan: isPlanned ? plan : undefined,
    isResumed: true,
    nodes,
  };
}

async function run(api: StewardApi, call: ParsedCall, options: ExecOptions, job: Job): Promise<number> {
  const { batch, label, nodes } = job;
  const startedAt = Date.now();
  const tracker = new TargetTracker(nodes, startedAt);
  const count = nodes.length;
  using view = await openView(options, {
    call,
    tracker,
    batch,
    label,
    count,
    later: laterText(options),
    now: Date.now,
  });
  const names = nodes.map(({ name }) => name);
  const output = new OutputReader(api, await openSink(view, options.logFolder, names), (node, lost) =>
    view.note(`${node}: ${lost} bytes of its output are not kept`),
  );
  if (job.isResumed) output.missed();
  using stopping = untilStopped(call.stdout);
  const end = await new Run(
    {
      ...job,
      patience: { startedAt, waitMs: options.waitMs, endsWhenTaken: options.schedule !== undefined },
      signal: stopping.signal,
    },
    {
      api,
      ...(job.feed === undefined ? {} : { feed: job.feed }),
      tracker,
      output,
      now: Date.now,
      onChange: (requests: readonly RequestSummary[]) => view.changed(requests),
      onNote: (text) => view.note(text),
    },
  ).toEnd();
  await view.finish(end);
  if (options.schedule !== undefined && options.form === 'text')
    call.stderr.write(
      `what it prints is appended to exec/<node>/${batch}.log in the data folder of the node asked\n`,
    );
  return runExitCode(tracker.counts(), { isLater: options.schedule !== undefined });
}

async function detach(api: StewardApi, call: ParsedCall, options: ExecOptions, job: Job): Promise<number> {
  const { batch, label, message, nodes } = job;
  const toNodes = nodes.map(({ name }) => name);
  const answer = await api.submit([{ ...message, toNodes }], { batch, label });
  const short = batch.slice(0, SHOWN_LENGTH);
  for (const { reason } of answer.refused) call.stderr.write(`steward: ${reason}\n`);
  if (options.form === 'text')
    call.stdout.write(
      `${answer.accepted.length} accepted\npick it up again: steward exec --resume ${short}  (or steward watch ${short})\n`,
    );
  else call.stdout.write(`${JSON.stringify({ ...answer, batch, label })}\n`);
  return answer.accepted.length === nodes.length ? EXIT.ok : EXIT.fault;
}

/** When a run for later is, in words; undefined for one at once. */
function laterText({ schedule }: ExecOptions): string | undefined {
  if (schedule === undefined) return undefined;
  // A cron expression is no time, whatever Date.parse makes of its numbers.
  if (!/^\d{4}-/.test(schedule)) return `by the schedule ${schedule}`;
  return `at ${new Date(schedule).toLocaleString('sv')}`;
}

async function readAll(stdin: ParsedCall['stdin']): Promise<Uint8Array> {
  if ((stdin as { isTTY?: boolean }).isTTY === true)
    throw new UsageError('--stdin wants data on standard input: give it a file, as in --stdin ... < data');
  const pieces: Uint8Array[] = [];
  for await (const piece of stdin) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}
