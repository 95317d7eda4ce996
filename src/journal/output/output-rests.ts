import { wait } from '../../lib/clock.ts';
import type { OutputFile } from '../../message/method-contract.ts';
import { type OutputStream, outputModeOf } from '../../message/output.ts';
import type { ReportEntry } from '../../message/report.ts';
import type { JournalDeps } from '../journal-deps.ts';
import { type JournalRow, markTold, type StoredRow, toReport, toRow } from '../journal-table.ts';
import { discardReply } from '../running/reply-pieces.ts';
import type { RunEnd } from '../running/run-ends.ts';
import { hasRoom, OutputReports, type OutputReportsDeps, PIECE_BYTES, type Told } from './output-reports.ts';
import type { Reporter } from './reporter.ts';

/** How often it is looked whether there is room for more, ms. */
const LOOK_MS = 200;
const STREAMS = ['stdout', 'stderr'] as const;
/** How much may lie in files to be told; what does not fit is queued at once. */
const MOST_BYTES = 256 * 1024 * 1024;

interface RestsDeps extends OutputReportsDeps, Pick<JournalDeps, 'leftOutput'> {
  readonly reporter: Pick<Reporter, 'add'>;
}

/** A run that has ended, and how far its output was told. */
interface Ended {
  readonly row: JournalRow;
  readonly startedAt: number;
  readonly told: Told;
}

/**
 * Tells what is left of an output whose command has ended, while that lies in files: a piece when there is room for it, so that
 * the ends of other requests do not wait behind it, and its own end behind it. What a crash or a stop cuts short goes on at the next start.
 */
export class OutputRests {
  readonly #deps: RestsDeps;
  /** What is being told, bytes, by request id. */
  readonly #left = new Map<string, number>();
  /** Requests whose files are still read, with the bytes that are left. */
  readonly left: ReadonlyMap<string, number> = this.#left;
  readonly #telling = new Set<Promise<void>>();

  constructor(deps: RestsDeps) {
    this.#deps = deps;
  }

  /** Whether so much may stay in its files; else it is queued at once. */
  mayLeave({ id, fromNode: toNode }: JournalRow, bytes: number): boolean {
    const { sending, leftOutput } = this.#deps;
    const isMuch = sending.leavesOutTold(toNode) && bytes > sending.livePieceBytes(toNode);
    const waiting = this.#left.values().reduce((sum, some) => sum + some, 0);
    if (!isMuch || !leftOutput?.(id) || waiting + bytes > MOST_BYTES) return false;
    this.#left.set(id, bytes);
    return true;
  }

  /** What is written with the end of a run of which something is left, and done then. */
  after(ended: Ended): Pick<RunEnd, 'alongside' | 'rest'> {
    return {
      alongside: [markTold(ended.row.row, ended.told)],
      rest: (end) => this.#tell(ended, end),
    };
  }

  /** The same for what an earlier life of the node left of a run that was under way; undefined where nothing of it was to be told. */
  afterInterrupted(stored: StoredRow): Pick<RunEnd, 'alongside' | 'rest'> | undefined {
    const isFollowed = stored.lane !== null && outputModeOf(stored.output) === 'live';
    return isFollowed && this.#deps.leftOutput?.(stored.id) ? this.after(toEnded(stored)) : undefined;
  }

  /** Goes on with what an earlier life of the node had not told; false where it was all told, or not by this. */
  goOn(stored: StoredRow): boolean {
    if (stored.stdout !== null || stored.stdout_sent === null || !this.afterInterrupted(stored)) return false;
    this.#tell(toEnded(stored), toReport(stored));
    return true;
  }

  /** Resolves when nothing is told any more, after the signal. */
  async idle(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #tell(ended: Ended, end: ReportEntry): void {
    const files = this.#deps.leftOutput!(end.id)!;
    const { stdout, stderr } = files;
    this.#left.set(end.id, stdout.bytes + stderr.bytes - ended.told.stdout - ended.told.stderr);
    const telling = this.#run(ended, files)
      .catch((error: Error) => {
        this.#deps.logger.warn({ err: error, id: end.id }, 'the output of a run could not be read');
      })
      .then(async () => {
        this.#telling.delete(telling);
        if (this.#deps.signal.aborted) return;
        await Promise.all([discardReply(stdout), discardReply(stderr)]);
        this.#left.delete(end.id);
        this.#deps.reporter.add(ended.row.fromNode, end, ended.row.row);
      });
    this.#telling.add(telling);
  }

  async #run(ended: Ended, files: Readonly<Record<OutputStream, OutputFile>>): Promise<void> {
    const reports = new OutputReports(ended, this.#deps);
    for (const stream of STREAMS) {
      const { bytes } = files[stream];
      let from = -1;
      // A file may be shorter than it was.
      while (reports.told[stream] > from && reports.told[stream] < bytes && (await this.#room(ended))) {
        from = reports.told[stream];
        const most = Math.min(PIECE_BYTES, this.#deps.sending.livePieceBytes(ended.row.fromNode));
        await reports.tellPart(stream, files[stream], from, Math.min(bytes, from + most));
      }
    }
  }

  /** Waits for room for a piece; false where the node stops before. */
  async #room({ row }: Ended): Promise<boolean> {
    const { sending, clock, signal } = this.#deps;
    while (!signal.aborted && !hasRoom(sending, row.fromNode)) await wait(clock, LOOK_MS, signal);
    return !signal.aborted;
  }
}

function toEnded(stored: StoredRow): Ended {
  const told = { stdout: stored.stdout_sent ?? 0, stderr: stored.stderr_sent ?? 0 };
  return { row: toRow(stored), startedAt: stored.started_at ?? stored.accepted_at, told };
}
