import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import type { ReplyBody } from '../../message/method-contract.ts';
import type { OutputPiece, OutputStream } from '../../message/output.ts';
import type { JournalDeps, JournalSending } from '../journal-deps.ts';
import { type JournalRow, markTold } from '../journal-table.ts';
import { bytesOf, replyPieces } from '../running/reply-pieces.ts';

/** The size of the pieces in which an output is sent that lies there as a whole, bytes. */
export const PIECE_BYTES = 256 * 1024;

/** Reports that may wait to be delivered before no more output is read for them; over a thin link no less than a whole piece from the second number on. */
const [MAX_WAITING_REPORTS, MAX_SMALL_THIN] = [32, 2];

/** The least output of a report over a thin link, bytes: what it has besides counts where the link is very thin. */
export const LEAST_REPORT_BYTES = 3840;

export interface OutputReportsDeps
  extends Pick<JournalDeps, 'clock' | 'sending' | 'errorReporter' | 'logger'> {
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
}

/** How far each stream was told, bytes. */
export interface Told {
  readonly stdout: number;
  readonly stderr: number;
}

/**
 * Tells the sender of a request what its run prints. Pieces are queued like any message, so that they arrive in order; how
 * far they go is written down in the same transaction.
 */
export class OutputReports {
  readonly #run: { readonly row: JournalRow; readonly startedAt: number };
  readonly #deps: OutputReportsDeps;
  #told: Told;

  constructor(run: { row: JournalRow; startedAt: number; told?: Told }, deps: OutputReportsDeps) {
    this.#run = run;
    this.#told = run.told ?? { stdout: 0, stderr: 0 };
    this.#deps = deps;
  }

  /** How much of each stream was told. */
  get told(): Told {
    return this.#told;
  }

  /** Resolves when the pieces are durably queued. */
  async tell(output: readonly OutputPiece[]): Promise<void> {
    const { row, startedAt } = this.#run;
    const { id, acceptedAt, fromNode } = row;
    const entry = { id, state: 'running', acceptedAt, startedAt, output } as const;
    const ends = output.map(({ stream, offset, data }) => [stream, offset + data.length] as const);
    this.#told = { ...this.#told, ...Object.fromEntries(ends) };
    const alongside = [markTold(row.row, this.#told)];
    try {
      await retryUntilStopped(() => this.#deps.sending.report(fromNode, [entry], alongside), this.#deps);
    } catch (error) {
      // Its run goes on, and so does the report of it from here on.
      const text = `error: a part of the output of request ${id} could not be told to ${fromNode}: ${(error as Error).message}`;
      this.#deps.errorReporter.report(text);
    }
  }

  /** Tells what comes next in a stream. */
  async tellNext(stream: OutputStream, data: Uint8Array): Promise<void> {
    if (data.length > 0) await this.tell([{ stream, offset: this.#told[stream], data }]);
  }

  /** Tells a part of something that lies there as a whole. */
  async tellPart(stream: OutputStream, body: ReplyBody, from: number, to = bytesOf(body)): Promise<void> {
    if (from >= to) return;
    for await (const data of replyPieces(body, PIECE_BYTES, { from, to })) await this.tellNext(stream, data);
  }
}

/**
 * Whether so much more output may be queued for a node. Over a thin link ends wait behind what is not sent yet: nothing is queued behind that,
 * unless it is so thin that each report is small.
 */
export function hasRoom(
  sending: Pick<JournalSending, 'leavesOutTold' | 'waitingReports' | 'unsentReports' | 'livePieceBytes'>,
  toNode: string,
  bytes = Number.POSITIVE_INFINITY,
): boolean {
  const waiting = sending.waitingReports(toNode);
  if (!sending.leavesOutTold(toNode)) return waiting < MAX_WAITING_REPORTS;
  const piece = sending.livePieceBytes(toNode);
  if (piece <= LEAST_REPORT_BYTES) return waiting < MAX_SMALL_THIN;
  return (waiting < MAX_SMALL_THIN || bytes >= piece) && sending.unsentReports(toNode) === 0;
}
