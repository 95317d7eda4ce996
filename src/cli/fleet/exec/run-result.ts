import type { Presence } from '../../../contract/nodes.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import {
  outcomeOfTarget,
  type Target,
  type TargetCounts,
  type TargetOutcome,
  type TargetTracker,
} from '../../../waves/target-tracker.ts';
import { EXIT } from '../../line/command.ts';
import type { RunEnd } from './view.ts';

/** A run as `--json` prints it. */
export interface RunResult {
  readonly batch: string;
  readonly label: string;
  readonly total: number;
  readonly counts: TargetCounts;
  /** Whether it was left before its end. */
  readonly isInterrupted: boolean;
  /** Why not all had their turn, where that is so. */
  readonly stopped: string | null;
  readonly nodes: readonly TargetResult[];
}

/** What became of one node. Output that is no text is base64. */
export interface TargetResult {
  readonly node: string;
  readonly outcome: TargetOutcome;
  readonly presence: Presence;
  readonly lastSeenAt: number | null;
  readonly request: RequestSummary | null;
  readonly reason: string | null;
  readonly stdout?: string | { readonly base64: string };
  readonly stderr?: string | { readonly base64: string };
}

/** What became of a target, without its output. */
function targetResult(target: Target): TargetResult {
  const { node, presence, lastSeenAt, request, refusal } = target;
  return {
    node,
    outcome: outcomeOfTarget(target),
    presence,
    lastSeenAt,
    request: request ?? null,
    reason: refusal ?? request?.reason ?? null,
  };
}

/** What became of a run, with what `outputOf` knows of each node. */
export function runResult(
  { batch, label }: { readonly batch: string; readonly label: string },
  {
    tracker,
    end,
    outputOf,
  }: {
    readonly tracker: TargetTracker;
    readonly end: RunEnd;
    outputOf(node: string): Pick<TargetResult, 'stdout' | 'stderr'>;
  },
): RunResult {
  return {
    batch,
    label,
    total: tracker.size,
    counts: tracker.counts(),
    isInterrupted: end.isInterrupted,
    stopped: end.stopped ?? null,
    nodes: tracker.targets.map((target) => ({ ...targetResult(target), ...outputOf(target.node) })),
  };
}

/** Bytes as JSON has them: text where they are some. */
export function bytesAsJson(bytes: Uint8Array): string | { base64: string } {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = data.toString();
  // What is text but for control characters, such as NUL, would be six times as long in JSON.
  const isShort = !data.includes(0) || JSON.stringify(text).length < (data.length * 4) / 3 + 20;
  return isShort && Buffer.from(text).equals(data) ? text : { base64: data.toString('base64') };
}

/** The exit code for what became of the targets; `isLater` where running is all that was asked, `isCut` where output was lost. */
export function runExitCode(
  counts: TargetCounts,
  { isLater, isCut = false }: { readonly isLater: boolean; readonly isCut?: boolean },
): number {
  if (counts.failed + counts['timed-out'] + counts.cancelled > 0) return EXIT.failed;
  const unknown = counts.unreached + counts['not-sent'] + counts['handed-over'];
  const open = counts.waiting + unknown + (isLater ? 0 : counts.running);
  return open > 0 || isCut ? EXIT.noAnswer : EXIT.ok;
}
