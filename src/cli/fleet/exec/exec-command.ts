import type { ApiClient } from '../../../client/api-client.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { WavesOrder } from '../../../contract/waves.ts';
import { newId } from '../../../lib/new-id.ts';
import { countWords } from '../../../lib/time-words.ts';
import { toJson } from '../../../lib/visible.ts';
import { orderOf } from '../../../waves/plan-of.ts';
import { isRunPlan } from '../../../waves/run-plan.ts';
import { TargetTracker } from '../../../waves/target-tracker.ts';
import { EXIT, type ParsedCall, UsageError } from '../../line/command.ts';
import { untilStopped } from '../../line/until-stopped.ts';
import { SHOWN_LENGTH } from '../../print/short-id.ts';
import { tell } from '../../print/tell.ts';
import { awayNote } from '../away-note.ts';
import { warnOfTargets } from '../batch-run.ts';
import { confirmNodes } from '../confirm.ts';
import { withNode } from '../with-node.ts';
import { type FollowedBatch, requestsOf } from './batch-feed.ts';
import { type ChosenNode, chooseTargets, neverSeen } from './choose-targets.ts';
import { type CommandData, commandMessage, filledMessage, runLabel } from './command-message.ts';
import { noteLate } from './note-late.ts';
import { openSink, openView } from './open-view.ts';
import { OutputReader } from './output-reader.ts';
import { type ExecOptions, type Rolling, readExecOptions } from './read-options.ts';
import { followRun, Run, type RunOptions, startWaves } from './run.ts';
import { runExitCode } from './run-result.ts';
import { shellHint } from './shell-hint.ts';

/** What is to be done, and for whom. */
interface Job
  extends Pick<RunOptions, 'batch' | 'label' | 'message' | 'messagesFor' | 'order' | 'isResumed'> {
  readonly nodes: readonly ChosenNode[];
  readonly feed?: FollowedBatch | undefined;
}

/** Does what `steward exec` is asked for and returns its exit code. */
export async function execCommand(call: ParsedCall): Promise<number> {
  const options = readExecOptions(call, Date.now());
  const data = options.isDryRun ? {} : await readData(options, call);
  await using _ = { [Symbol.asyncDispose]: () => forgetData(data) };
  return await withNode(call, async (api) => {
    if (options.resume !== undefined)
      return await run(api, call, options, await resumedJob(api, options.resume));
    const batch = newId();
    const isWatched = !options.isDryRun && !options.isDetached;
    // What takes its time begins at once; nothing of this batch can be missed before its submission.
    await using feed = isWatched ? followRun(api, { batch }) : undefined;
    const [answer] = await Promise.all([
      api.targets({ targets: options.targets }),
      isWatched && import('./plain-view.ts'),
    ]);
    warnOfTargets(answer, call.stderr);
    const chosen = chooseTargets(answer, options);
    if (options.isDryRun)
      return await (await import('./dry-run.ts')).printDryRun(api, call, { options, nodes: chosen });
    const names = chosen.map(({ name }) => name);
    const label = runLabel(options);
    await confirmNodes(call, { what: `run ${label}`, targets: options.targets, answer, names });
    const hint = shellHint(options);
    if (hint !== undefined) tell(call.stderr, hint);
    const { spooled, ...inRequest } = data;
    const job = await bringData(api, options, {
      ...{ job: newJob(options, { batch, nodes: chosen, ...inRequest }), spooled, call },
    });
    return options.isDetached
      ? await detach(api, call, options, job)
      : await run(api, call, options, { ...job, feed });
  });
}

/** What the command gets from this machine; `spooled` is a file here, which is to be brought to its nodes. */
interface ReadData extends CommandData {
  readonly spooled?: string;
}

async function readData(options: ExecOptions, { stdin }: ParsedCall): Promise<ReadData> {
  if (options.script !== undefined)
    return {
      script: await (await import('./script-file.ts')).readScript(options.script, options.interpreter),
    };
  if (!options.takesStdin) return {};
  if ((stdin as { isTTY?: boolean }).isTTY === true)
    throw new UsageError('--stdin wants data on standard input: give it a file, as in --stdin ... < data');
  const { readStdin } = await import('./stdin-copy.ts');
  const read = await readStdin(stdin, { mayBeLarge: isFollowed(options) });
  return 'path' in read ? { spooled: read.path } : { stdin: read.bytes };
}

async function forgetData({ spooled }: ReadData): Promise<void> {
  if (spooled !== undefined) await (await import('./stdin-copy.ts')).removeSpooled(spooled);
}

/** Whether this process sees what becomes of it, so that it can bring the data before: a run for later, or in waves, may come when it is gone. */
function isFollowed({ isDetached, schedule, rolling }: ExecOptions): boolean {
  return !isDetached && schedule === undefined && rolling === undefined;
}

/** Brings data to the nodes of a job that are too large for a request: the job for those that have them. Throws UsageError. */
async function bringData(
  api: ApiClient,
  options: ExecOptions,
  { job, spooled, call }: Spooled,
): Promise<Job> {
  if (spooled === undefined) return job;
  using stopped = untilStopped();
  const { bringStdin, withOwnFile } = await import('./stdin-copy.ts');
  const { batch, label, nodes } = job;
  const { path, nodes: there } = await bringStdin(api, {
    ...{ path: spooled, nodes: nodes.map(({ name }) => name), label, address: api.address },
    ...{ stderr: call.stderr, signal: stopped.signal },
  });
  const left = nodes.filter(({ name }) => there.has(name));
  const { message, messagesFor, ...brought } = newJob(options, { batch, nodes: left, stdinPath: path });
  const own = (name: string) => withOwnFile(messagesFor?.([name])[0] ?? message!, { node: name, path });
  return { ...brought, message, messagesFor: (names) => names.map(own) };
}

interface Spooled {
  readonly job: Job;
  readonly spooled: string | undefined;
  readonly call: ParsedCall;
}

function newJob(
  options: ExecOptions,
  { batch, nodes, ...data }: Pick<Job, 'batch' | 'nodes'> & CommandData,
): Job {
  const { rolling, isTemplate } = options;
  const message = commandMessage(options, { batch, ...data });
  const targets = nodes.map(({ name }) => name);
  const label = runLabel(options);
  const filled = isTemplate ? filler(message, nodes) : {};
  const order = rolling && { ...waveOptions(options, rolling), targets, message, label };
  return { batch, label, message, ...filled, order, isResumed: false, nodes };
}

/** How the waves go; what is not given is left out. */
function waveOptions(
  { waitMs, isTemplate }: ExecOptions,
  { batch, batchWaitMs, maxErrors, canary }: Rolling,
): Omit<WavesOrder, 'targets' | 'message'> {
  return {
    ...{ batchWaitMs, canary, takesNew: true },
    ...(batch === undefined ? {} : { batch }),
    ...(maxErrors === undefined ? {} : { maxErrors }),
    ...(waitMs === undefined ? {} : { waitMs: Math.min(waitMs, Number.MAX_SAFE_INTEGER) }),
    ...(isTemplate && { isTemplate }),
  };
}

/** Fills in the message for each node, now: what is wrong with a template is known before anything runs. Throws UsageError. */
function filler(message: Readonly<Record<string, unknown>>, nodes: readonly ChosenNode[]) {
  const filled = new Map(nodes.map((node) => [node.name, filledMessage(message, node)]));
  return { messagesFor: (names: readonly string[]) => names.map((name) => filled.get(name)!) };
}

/** The run of a batch that exists; where it has no plan, nothing more is submitted. */
async function resumedJob(api: StewardApi, id: string): Promise<Job> {
  const { id: batch, label, plan } = await api.batch(id);
  const [requests, known] = await Promise.all([requestsOf(api, batch), api.nodes()]);
  const isPlanned = isRunPlan(plan);
  const names = isPlanned ? plan.targets : [...new Set(requests.map(({ node }) => node))];
  const found = new Map(known.map((node) => [node.name, node]));
  const nodes = names.map((name): ChosenNode => found.get(name) ?? neverSeen(name));
  return {
    batch,
    label,
    message: undefined,
    order: isPlanned ? orderOf(plan, label) : undefined,
    isResumed: true,
    nodes,
  };
}

async function run(api: StewardApi, call: ParsedCall, options: ExecOptions, job: Job): Promise<number> {
  const { batch, label, nodes } = job;
  const startedAt = Date.now();
  const began = performance.now();
  // Whoever sets the clock meanwhile changes no waiting.
  const now = () => startedAt + performance.now() - began;
  const tracker = new TargetTracker(nodes, startedAt);
  const count = nodes.length;
  using view = await openView(options, {
    call,
    tracker,
    batch,
    label,
    count,
    later: laterText(options),
    now,
  });
  const names = nodes.map(({ name }) => name);
  let isCut = false;
  const output = new OutputReader(api, await openSink(view, options.logFolder, names), (node, lost) => {
    // Of a run that is picked up again only what is kept can be shown.
    isCut ||= !job.isResumed;
    const why = job.isResumed ? '' : ', as it came faster than it was read: have it written to a file there';
    view.note(`${node}: ${lost} bytes of its output are not kept${why}`);
  });
  if (job.isResumed) output.missed();
  const waits = options.waitMs === undefined ? undefined : awayNote(nodes, startedAt);
  if (waits !== undefined) view.note(waits);
  using _late = noteLate(api, tracker, view);
  using stopping = untilStopped(call.stdout);
  const end = await new Run(
    {
      ...job,
      patience: { startedAt, waitMs: options.waitMs, endsWhenTaken: options.schedule !== undefined },
      signal: stopping.signal,
    },
    { api, ...(job.feed === undefined ? {} : { feed: job.feed }), tracker, output, now, view },
  ).toEnd();
  await view.finish(end);
  if (options.schedule !== undefined && options.form === 'text')
    call.stderr.write(
      `what it prints is appended to exec/<node>/${batch}.log in the data folder of the node asked\n`,
    );
  return runExitCode(tracker.counts(), { isLater: options.schedule !== undefined, isCut });
}

async function detach(api: StewardApi, call: ParsedCall, options: ExecOptions, job: Job): Promise<number> {
  const { batch, label, message, nodes } = job;
  const toNodes = nodes.map(({ name }) => name);
  if (job.order !== undefined) return await detachWaves(api, call, options, job);
  const messages = job.messagesFor?.(toNodes) ?? [{ ...message, toNodes }];
  const answer = await api.submit(messages, { batch, label });
  const short = batch.slice(0, SHOWN_LENGTH);
  for (const { reason } of answer.refused) tell(call.stderr, reason);
  if (options.form === 'text')
    call.stdout.write(
      `${answer.accepted.length} accepted\npick it up again: steward exec --resume ${short}  (or steward watch ${short})\n`,
    );
  else call.stdout.write(`${toJson({ ...answer, batch, label })}\n`);
  return answer.accepted.length === nodes.length ? EXIT.ok : EXIT.fault;
}

async function detachWaves(
  api: StewardApi,
  call: ParsedCall,
  options: ExecOptions,
  job: Job,
): Promise<number> {
  const { batch, label } = job;
  const short = batch.slice(0, SHOWN_LENGTH);
  const answer = await startWaves(api, batch, job.order!);
  if (options.form === 'text')
    call.stdout.write(
      `${countWords(answer.targets, 'node')} will have their turn\npick it up again: steward exec --resume ${short}  (or steward watch ${short})\n`,
    );
  else call.stdout.write(`${toJson({ ...answer, label })}\n`);
  return EXIT.ok;
}

/** When a run for later is, in words; undefined for one at once. */
function laterText({ schedule }: ExecOptions): string | undefined {
  if (schedule === undefined) return undefined;
  // A cron expression is no time, whatever Date.parse makes of its numbers.
  if (!/^\d{4}-/.test(schedule)) return `by the schedule ${schedule}`;
  return `at ${new Date(schedule).toLocaleString('sv')}`;
}
