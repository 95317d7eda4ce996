import { type Ask, isByRelay } from './ask.ts';
import { isHeldByBudget } from './budgets.ts';
import { mayBeHeld, placeOf } from './closed.ts';
import { checkCopy, checkTargets } from './copies.ts';
import { calledApart } from './delivered.ts';
import { broken, checkOrder, isForgotten, machinesOf, tokensIn } from './order.ts';
import { checkOutside, checkOutsides, checkStartup } from './outside.ts';
import { checkTold } from './promise-told.ts';
import { checkRelayed } from './relayed.ts';
import { BrokenPromise, type RunTruth, type Truth } from './truth.ts';
import { checkWaves } from './waves.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

interface LedgerRow {
  readonly state: string;
  readonly reason: string | null;
  readonly ended_at: number | null;
}

/** What must be empty once the weather has cleared and time has passed: what each is, and what finds it. */
const REMAINS: readonly (readonly [what: string, sql: string])[] = [
  [
    'a request is open',
    "SELECT id || ' ' || state || ' ' || coalesce(reason, '') AS one FROM ledger WHERE ended_at IS NULL",
  ],
  [
    'a message waits in the outbox',
    "SELECT o.id || ' for ' || n.subject AS one FROM outbox o JOIN lanes n ON n.id = o.key / 4294967296",
  ],
  [
    'a request is open in the journal',
    "SELECT id || ' ' || state AS one FROM journal WHERE ended_at IS NULL",
  ],
  ['an end is not reported', 'SELECT id AS one FROM journal WHERE reported = 0'],
  ['an effect is under way', 'SELECT method AS one FROM intents'],
  ['waves are under way', 'SELECT batch AS one FROM waves'],
];

/** What is left to be done, anywhere in the fleet; undefined where that is nothing. */
export function remaining(world: World): string | undefined {
  for (const { machine, nodeName, node } of world.places) {
    if (machine.name !== nodeName) continue;
    if (!node?.isReady) return `${machine.name} is not up`;
    for (const [what, sql] of REMAINS) {
      const row = machine.disk.prepare(`${sql} LIMIT 1`).get() as { one: string } | undefined;
      if (row) return `${what} at ${machine.name}: ${row.one}`;
    }
  }
  return undefined;
}

/** Tables of what is under way. */
const ROWS = ['outbox', 'intents', 'schedules', 'schedule_starts'];
/** Timers of an idle node, but for those that come again and again: the next look at a name, and at the wall clock. */
const IDLE_TIMERS = 2;

/** What a node holds that has nothing to do: lanes in memory, timers, rows of what was under way; undefined for nothing. */
export function heldBy({ machine, node }: World['places'][number]): string | undefined {
  if (!node?.isReady) return undefined;
  const { lanes, messages } = node.memory;
  if (lanes + messages > 0) return `${lanes} lanes and ${messages} messages in memory`;
  if (node.life.timers > IDLE_TIMERS) return `${node.life.timers} timers`;
  for (const table of ROWS) {
    const { n } = machine.disk.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
    if (n > 0) return `${n} rows in ${table}`;
  }
  return undefined;
}

/** Whether somebody on its way forgot another node there, and with that what he had to tell it. */
function isAnswerForgotten(world: World, { kind, from, toNode, copyTo }: Ask, { forgot }: Workload): boolean {
  const others = isByRelay({ kind }) ? world.names : [toNode, copyTo ?? toNode];
  return others.some((who) => who !== from && [from, ...others].some((whom) => forgot.has(`${who} ${whom}`)));
}

const GIVEN_UP: ReadonlySet<string> = new Set(['expired', 'undelivered']);
/** Ends of effects that were not made. */
const NOT_MADE: ReadonlySet<string> = new Set(['rejected', 'cancelled', 'superseded', ...GIVEN_UP]);

/** Holds what the nodes say against what happened. Throws BrokenPromise. */
export function checkPromise(world: World, { workload, truth }: { workload: Workload; truth: Truth }): void {
  for (const ask of workload.asks)
    if (ask.id !== undefined && !isForgotten(world, ask) && !isAnswerForgotten(world, ask, workload))
      checkAsk(world, ask, { workload, truth });
  checkOriginalAsks(world, truth);
  checkOrder(world, { asks: workload.asks, truth });
  checkTargets(world, workload);
  checkLastWritten(world, workload);
  checkOutsides(world, workload.asks);
  checkWaves(world, [...workload.waves], truth);
}

function checkAsk(world: World, ask: Ask, { workload, truth }: { workload: Workload; truth: Truth }): void {
  const { disk } = world.machine(ask.from);
  const sql = 'SELECT state, reason, ended_at FROM ledger WHERE id = ?';
  const row = disk.prepare(sql).get(ask.id!) as LedgerRow | undefined;
  if (!row) throw broken(ask, 'was accepted, and the ledger knows nothing of it');
  if (GIVEN_UP.has(row.state) && !mayBeGivenUp(world, ask, row))
    throw broken(ask, `was to be tried for long, and is ${row.state}: ${row.reason}`);
  if (row.state === 'superseded') checkSuccessor(ask, row, workload);
  if (['append', 'passed'].includes(ask.kind)) checkAppend(world, ask, row);
  if (ask.kind === 'write') checkWrite(ask, row, replacedAt(world, ask));
  if (ask.kind === 'original') checkOriginal(world, ask, row);
  if (ask.kind === 'copy') checkCopy(world, ask, row);
  if (ask.kind === 'relayed') checkRelayed(world, ask, row);
  if (ask.kind === 'command') checkCommand(world, ask, { row, run: truth.runs.get(ask.id!) });
  checkTold(world, ask, row);
  checkOutside(world, ask, { ...row, truth });
  if (ask.kind === 'startup') checkStartup(world, ask, { ...row, asks: workload.asks });
  if (ask.kind === 'relay') checkRelay(ask, row, truth.runsOf(ask.token));
}

/** Whether who asked limited it, or nothing could bring it to its end for as long as messages live. */
function mayBeGivenUp(world: World, ask: Ask, { state }: LedgerRow): boolean {
  const { kind, from, toNode, isLimited, at } = ask;
  // A schedule has a time of its own, which may pass while its machine is off.
  if (isLimited || (kind === 'schedule' && state === 'expired')) return true;
  const onWay = [from, toNode, ...(isByRelay({ kind }) ? world.names : [])];
  const isFar = onWay.some((name) => world.wasAwayLong(name)) || calledApart(world, onWay, at);
  return isFar || isHeldByBudget(world, onWay) || mayBeHeld(world, ask);
}

/** Whether its target gave up what it had to tell: of who asked it had never heard but for that, and keeps it for an hour. */
function isReportGone(world: World, { from, toNode }: Ask): boolean {
  const sql = `SELECT 1 FROM ledger l JOIN lanes n ON n.id = l.key / 4294967296
    WHERE n.subject = ? AND l.state = 'expired' LIMIT 1`;
  return world.machine(toNode).disk.prepare(sql).get(`${from}.REQReport.EventACK`) !== undefined;
}

/** What gave way to a newer request of its key was asked before that, of the same node for the same node. */
function checkSuccessor(ask: Ask, { reason }: LedgerRow, { asks, byId }: Workload): void {
  const successor = byId.get(reason?.replace('superseded by ', '') ?? '');
  // A relay has ids of its own, and what is sent again has another one.
  if (!successor && (ask.kind === 'relay' || asks.some(({ key, isResent }) => isResent && key === ask.key)))
    return;
  const newer = asks.slice(asks.indexOf(ask) + 1);
  const ofKey = newer.filter((one) =>
    (['key', 'from', 'toNode'] as const).every((field) => one[field] === ask[field]),
  );
  // Its node may have ended before it told who asked that it had accepted it: then nobody knows its id.
  const isThere = successor ? ofKey.includes(successor) : ofKey.some(({ id }) => id === undefined);
  if (!ask.key || !isThere) throw broken(ask, `is superseded (${reason}), and there was no such successor`);
}

function checkAppend(world: World, ask: Ask, row: LedgerRow): void {
  const count = tokensIn(machinesOf(world, ask.toNode), placeOf(world, ask)).filter(
    (token) => token === ask.token,
  ).length;
  if (ask.isResent) return;
  if (count > 1) throw broken(ask, `was appended ${count} times`);
  if (row.state === 'succeeded' && count === 0) throw broken(ask, 'is succeeded, and was not appended');
  if (NOT_MADE.has(row.state) && count > 0)
    throw broken(ask, `is ${row.state} (${row.reason}), and was appended`);
}

/** A file is written again where a crash came before the word of it. */
function checkWrite(
  { isResent, ...ask }: Ask,
  { state, reason }: LedgerRow,
  tokens: readonly string[],
): void {
  if (isResent) return;
  const isWritten = tokens.includes(ask.token);
  if (NOT_MADE.has(state) && isWritten) throw broken(ask, `is ${state} (${reason}), and was written`);
}

/** What an original node says counts: it took it before it answered. */
function checkOriginal({ original }: World, ask: Ask, { state }: LedgerRow): void {
  const isTaken = original?.taken.includes(ask.token) === true;
  if ((state === 'handed-over' || state === 'succeeded') && !isTaken)
    throw broken(ask, `is ${state}, and the original node never got it`);
}

/** What a node confirmed to an original one it did. */
function checkOriginalAsks(world: World, truth: Truth): void {
  for (const { token, toNode, isCommand, at } of world.original?.confirmed ?? []) {
    if (world.wasSetBack(toNode, at) || world.hasTwin(toNode)) continue;
    const isDone = isCommand
      ? truth.runsOf(token).length > 0
      : machinesOf(world, toNode).some(({ files }) =>
          files.read(`asked/${toNode}/by-${world.original!.name}`).includes(`${token} `),
        );
    if (!isDone)
      throw new BrokenPromise(`${token} of ${world.original!.name}: ${toNode} confirmed and did not do it`);
  }
}

/** The tokens that a file was replaced with, one after the other. */
function replacedAt(world: World, ask: Ask): string[] {
  return machinesOf(world, ask.toNode).flatMap(({ files }) =>
    files.replaced(placeOf(world, ask)).map((text) => text.split(' ', 1)[0]!),
  );
}

function checkCommand(
  world: World,
  ask: Ask,
  { row, run }: { row: LedgerRow; run: RunTruth | undefined },
): void {
  if (GIVEN_UP.has(row.state) && isReportGone(world, ask)) return;
  checkEnd(ask, row, run);
  if (ask.isResent || !['succeeded', 'failed', 'timed-out'].includes(row.state)) return;
  const path = `replies/${ask.toNode}/of-${ask.from}`;
  const replies = tokensIn(machinesOf(world, ask.from), path).filter((token) => token === ask.token).length;
  if (replies !== 1) throw broken(ask, `is ${row.state}, and its reply came ${replies} times`);
}

function checkEnd(ask: Ask, { state, reason }: LedgerRow, run: RunTruth | undefined): void {
  const says = `is ${state}${reason ? ` (${reason})` : ''}`;
  const end = run?.ends.at(-1)?.how;
  const ran = run === undefined ? 'never began' : `ended with ${end ?? 'nothing yet'}`;
  const isTrue = {
    succeeded: end === 0,
    failed: typeof end === 'number' && end !== 0,
    cancelled: typeof end !== 'number',
    'timed-out': end === 'killed',
    // A crash may come after it was noted that it begins, and before it does.
    interrupted: run === undefined || end !== undefined,
    rejected: run === undefined,
    expired: run === undefined,
    undelivered: run === undefined,
    superseded: run === undefined,
  }[state];
  if (isTrue === undefined) throw broken(ask, `${says}, which is no end`);
  if (!isTrue) throw broken(ask, `${says}, and ${ran}`);
}

function checkRelay(ask: Ask, row: LedgerRow, runs: readonly RunTruth[]): void {
  if (ask.isResent) return;
  if (runs.length > 1) throw broken(ask, `ran ${runs.length} times`);
  if (row.state === 'succeeded' || row.state === 'failed') checkEnd(ask, row, runs[0]);
}

/** A file holds what its sender had written there last, of all that succeeded. */
function checkLastWritten(world: World, { asks }: Workload): void {
  const places = new Map(asks.map(({ token }, place) => [token, place]));
  const writes = asks.filter(
    (ask) => ask.kind === 'write' && ask.id !== undefined && !isForgotten(world, ask),
  );
  for (const ofFile of Map.groupBy(writes, (ask) => `${ask.from} ${ask.toNode}`).values()) {
    const { disk } = world.machine(ofFile[0]!.from);
    const stateOf = ({ id }: Ask) => disk.prepare('SELECT state FROM ledger WHERE id = ?').get(id!)?.state;
    const last = ofFile.findLast((ask) => stateOf(ask) === 'succeeded');
    const holds = last && places.get(replacedAt(world, last).at(-1) ?? '');
    if (last && ofFile.every(({ isResent }) => !isResent) && (holds ?? -1) < places.get(last.token)!)
      throw broken(last, `is succeeded, and its file holds something older`);
  }
}
