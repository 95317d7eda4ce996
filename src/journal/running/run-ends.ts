import type { Message } from '../../message/message.ts';
import type { ReplyBody } from '../../message/method-contract.ts';
import type { ReportEntry } from '../../message/report.ts';
import { parseSubject } from '../../message/subject.ts';
import type { Statement } from '../../store/store.ts';
import type { Asked, JournalDeps } from '../journal-deps.ts';
import { type JournalRow, markEnded, type RowEnd } from '../journal-table.ts';
import type { Reporter } from '../output/reporter.ts';
import { CANCELLED } from './refusal.ts';
import type { ReplySender } from './reply-sender.ts';
import type { RunMessages } from './run-messages.ts';

/** How a request ends. */
export interface RunEnd {
  readonly row: JournalRow;
  readonly message: Message | undefined;
  readonly startedAt: number | undefined;
  readonly end: RowEnd;
  readonly reply?: ReplyBody;
  readonly alongside?: readonly Statement[];
  /** Whether its sender was told anything of the run before: then the end must come behind that, as a report. */
  readonly isTold?: boolean;
  /** Whether requests of the same sender wait behind it. */
  readonly mayWait?: boolean;
  /** What of the reply it was told. */
  readonly told?: Asked['told'];
  /** Tells what is left of its output, and its end behind that, once the end is on disk. */
  readonly rest?: ((end: ReportEntry) => void) | undefined;
}

interface RunEndsDeps extends Pick<JournalDeps, 'clock' | 'errorReporter' | 'logger' | 'methods'> {
  readonly reporter: Reporter;
  readonly replies: Pick<ReplySender, 'end'>;
  readonly messages: Pick<RunMessages, 'take'>;
}

/** What the reply to a request is made of; the results of a schedule go behind what somebody waits for. */
export function askedOf({ id, priority, schedule }: JournalRow, message: Message): Asked {
  return { id, message, priority: priority ?? (schedule ? 'bulk' : undefined) };
}

/** Writes down how requests end, together with their replies, and has their senders told. */
export class RunEnds {
  readonly #deps: RunEndsDeps;

  constructor(deps: RunEndsDeps) {
    this.#deps = deps;
  }

  /** Resolves when the end is on disk. */
  async write({
    row,
    message,
    startedAt,
    reply,
    alongside = [],
    isTold = false,
    mayWait = false,
    told,
    rest,
    ...ended
  }: RunEnd): Promise<void> {
    const { replies, reporter } = this.#deps;
    if (startedAt === undefined && row.wasRunning) this.#undo(row, message);
    const isReported = row.lane === null;
    const end = { ...ended.end, endedAt: this.#deps.clock.wallNow() };
    const statements = [markEnded(row.row, end, isReported), ...alongside];
    const asked = message && { ...askedOf(row, message), told, mayWait };
    if (isReported) return void (await replies.end(asked, reply, { statements }));
    const started = startedAt === undefined ? {} : { startedAt };
    const report = { id: row.id, ...end, acceptedAt: row.acceptedAt, ...started };
    if (rest) {
      await replies.end(asked, reply, { statements });
      return rest(report);
    }
    const entry = { row: row.row, end: report, mayRide: !isTold };
    await reporter.sendWith(row.fromNode, entry, (ending) =>
      replies.end(asked, reply, { statements, end: ending }),
    );
  }

  /** Of what an earlier life began, and is not begun again, nothing is left elsewhere. */
  #undo(row: JournalRow, known: Message | undefined): void {
    const { methods, messages } = this.#deps;
    const method = methods.get(parseSubject(row.subject)?.method ?? '');
    const message = known ?? messages.take(row);
    if (method?.mode === 'run' && message) method.undo?.({ id: row.id, message });
  }

  /** Ends a request whose turn had not come. */
  async cancelled(row: JournalRow): Promise<void> {
    const end: RowEnd = { state: 'cancelled', reason: CANCELLED };
    await this.write({ row, message: undefined, startedAt: undefined, end });
  }

  /** Reports that a request runs. */
  reportStart(row: JournalRow, startedAt: number, reason?: string): void {
    if (row.lane === null) return;
    const { id, acceptedAt, fromNode } = row;
    const entry = { id, state: 'running', acceptedAt, startedAt, ...(reason && { reason }) } as const;
    this.#deps.reporter.add(fromNode, entry);
  }

  /** Reports that a request stays in the journal as it is until the next start, as a fault that does not pass stops it. */
  setAside(row: Pick<JournalRow, 'id' | 'subject'>, error: unknown): void {
    const text = `error: ${row.subject}: the request ${row.id} was set aside until the next start of this node: ${(error as Error).message}`;
    this.#deps.logger.warn({ err: error, id: row.id }, 'a request was set aside');
    this.#deps.errorReporter.report(text);
  }

  /** Resolves with what some work for a request comes to; undefined where that sets it aside. */
  async orSetAside<T>(row: JournalRow, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.setAside(row, error);
      return undefined;
    }
  }
}
