import type { ByteBudget } from '../../lib/byte-budget.ts';
import { LastBytes } from '../../lib/last-bytes.ts';
import type { Message } from '../../message/message.ts';
import type { LiveOutput, ReplyBody } from '../../message/method-contract.ts';
import { END_OUTPUT_BYTES, type OutputMode, outputModeOf } from '../../message/output.ts';
import type { RunMethod } from '../../methods/method.ts';
import type { Asked } from '../journal-deps.ts';
import type { JournalRow, RowEnd } from '../journal-table.ts';
import { bytesOf, lastOfReply } from '../running/reply-pieces.ts';
import type { RunEnd } from '../running/run-ends.ts';
import { hasRoom, OutputReports, type OutputReportsDeps } from './output-reports.ts';
import type { OutputRests } from './output-rests.ts';

export interface RunOutputDeps extends OutputReportsDeps {
  readonly rests: OutputRests;
}

/** The memory for the ends of what runs reply while they go on, and what is kept of such an end where there is no more; bytes. */
export const [TAILS_BYTES, SHORT_TAIL_BYTES] = [8 * 1024 * 1024, 4096];

interface Run {
  readonly row: JournalRow;
  readonly message: Message;
  readonly startedAt: number;
  readonly method: RunMethod;
}

/** What travels of a run's stdout with its end. */
type LastOutput = Pick<RowEnd, 'stdout' | 'stdoutFrom'>;

/**
 * What the sender of a request gets of its run's output besides the reply: its last part with the end or, where it asked
 * for that, all of it while it runs.
 */
export class RunOutput {
  readonly #fromNode: string;
  readonly #run: Run;
  readonly #deps: RunOutputDeps & { readonly tails: ByteBudget };
  readonly #isReplied: boolean;
  readonly #mode: OutputMode;
  /** Made with the first piece that is told. */
  #reports: OutputReports | undefined;
  /** The end of what was replied while the method runs. */
  #tail: LastBytes | undefined;
  #tailBytes = 0;
  /** Whether the method hands over its output apart from its reply, which then is all of its stdout. */
  #isApart = false;
  /** Where in stdout the reply begins with which the method ended. */
  #replyFrom = 0;
  /** Whether what was not told lies in files, to be told behind the end; how far the reply is told by then. */
  #isLeft = false;
  #left: { readonly to: number; isTold(): boolean } | undefined;

  constructor(run: Run, deps: RunOutputDeps & { readonly tails: ByteBudget }) {
    this.#run = run;
    this.#fromNode = run.row.fromNode;
    this.#deps = deps;
    this.#isReplied = run.message.replyMethod !== 'REQNone';
    this.#mode = modeOf(run);
  }

  /** Takes what a method tells of its output; undefined where nobody follows it while the method runs. */
  get live(): LiveOutput | undefined {
    if (this.#mode !== 'live') return undefined;
    const run = this.#run;
    return {
      hasRoom: (bytes) => hasRoom(this.#deps.sending, this.#fromNode, bytes),
      leaves: (bytes) => {
        this.#isLeft = this.#deps.rests.mayLeave(run.row, bytes);
        return this.#isLeft;
      },
      pieceBytes: () => this.#deps.sending.livePieceBytes(this.#fromNode),
      send: (pieces) => {
        this.#isApart = true;
        return this.#reporting.tell(pieces);
      },
    };
  }

  /** Whether any of the output was told: what is told with the end must come behind that. */
  get isTold(): boolean {
    if (!this.#reports) return false;
    const { stdout, stderr } = this.#reports.told;
    return stdout + stderr > 0;
  }

  /** What the sender knows of the reply with which the method ended. */
  get told(): Asked['told'] {
    if (this.#left) return { toNode: this.#fromNode, from: 0, ...this.#left };
    const to = this.#reports?.told.stdout ?? 0;
    return this.#mode === 'live' && to > this.#replyFrom
      ? { toNode: this.#fromNode, from: this.#replyFrom, to }
      : undefined;
  }

  /** What is written with the end where something is left to tell, and done then. */
  get rest(): Pick<RunEnd, 'alongside' | 'rest'> {
    return this.#left ? this.#deps.rests.after({ ...this.#run, told: this.#reporting.told }) : {};
  }

  /** Takes a reply that was sent while the method runs. */
  async replied(data: Uint8Array): Promise<void> {
    if (this.#mode === 'end') {
      this.#tail ??= this.#beginTail();
      this.#tail.add(data);
    } else if (this.#mode === 'live') await this.#reporting.tellNext('stdout', data);
  }

  /** Takes the reply with which the method ended; returns what is told with the end. */
  async end(reply: ReplyBody | undefined): Promise<LastOutput> {
    const { row } = this.#run;
    this.#deps.tails.release(this.#tailBytes);
    if (this.#isLeft) {
      this.#left = { to: reply ? bytesOf(reply) : 0, isTold: () => !this.#deps.rests.left.has(row.id) };
      return {};
    }
    try {
      if (this.#mode === 'end') return await this.#lastOfAll(reply);
      return this.#mode === 'live' && reply ? await this.#rest(reply) : {};
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the output of a run could not be read');
      return {};
    }
  }

  async #lastOfAll(reply: ReplyBody | undefined): Promise<LastOutput> {
    const last = reply ? await lastOfReply(reply, END_OUTPUT_BYTES) : new Uint8Array(0);
    const bytes = reply ? bytesOf(reply) : 0;
    if (!this.#tail) return toEnd(last, bytes - last.length);
    const all = new LastBytes(END_OUTPUT_BYTES);
    all.add(this.#tail.bytes, this.#tail.total);
    all.add(last, bytes);
    return toEnd(all.bytes, all.offset);
  }

  #beginTail(): LastBytes {
    this.#tailBytes = this.#deps.tails.hold(END_OUTPUT_BYTES) ? END_OUTPUT_BYTES : 0;
    return new LastBytes(this.#tailBytes || SHORT_TAIL_BYTES);
  }

  get #reporting(): OutputReports {
    this.#reports ??= new OutputReports(this.#run, this.#deps);
    return this.#reports;
  }

  /** Whether what was told need not come in the reply. */
  get #isLeftOut(): boolean {
    return this.#isReplied && this.#deps.sending.leavesOutTold(this.#fromNode);
  }

  /** Tells what is left, but for the last part, which comes with the end unless the reply leaves out all that was told. */
  async #rest(reply: ReplyBody): Promise<LastOutput> {
    const reports = this.#reporting;
    const before = this.#isApart ? 0 : reports.told.stdout;
    this.#replyFrom = before;
    const from = reports.told.stdout - before;
    const lastBytes = this.#isLeftOut ? 0 : END_OUTPUT_BYTES;
    await reports.tellPart('stdout', reply, from, bytesOf(reply) - lastBytes);
    const { stdout } = reports.told;
    return toEnd(await lastOfReply(reply, bytesOf(reply) - (stdout - before)), stdout);
  }
}

/** What is sent: nothing where no ledger waits for it, or with the end of what goes on until it is stopped. */
function modeOf({ row, message, method }: Run): OutputMode {
  if (row.lane === null || message.isReply) return 'none';
  const mode = outputModeOf(row.output);
  return mode === 'end' && method.isOpenEnded ? 'none' : mode;
}

function toEnd(stdout: Uint8Array, stdoutFrom: number): LastOutput {
  return stdout.length === 0 ? {} : { stdout, ...(stdoutFrom > 0 && { stdoutFrom }) };
}
