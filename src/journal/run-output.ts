import type { Message } from '../message/message.ts';
import type { LiveOutput, OutputFile, ReplyBody } from '../message/method-work.ts';
import { END_OUTPUT_BYTES, type OutputMode, type OutputStream, outputModeOf } from '../message/output.ts';
import type { RunMethod } from './journal-deps.ts';
import { bytesOf, lastOfReply } from './reply-pieces.ts';
import type { JournalRow, RowEnd } from './rows.ts';
import { type StoredRow, toRow } from './stored-row.ts';
import { Telling, type TellingDeps } from './telling.ts';

/** Reports that may wait to be delivered before no more output is read for them. */
const MAX_WAITING_REPORTS = 32;

interface Run {
  readonly row: JournalRow;
  readonly message: Message;
  readonly startedAt: number;
  readonly method: RunMethod;
}

/** What is told of a run's stdout with its end. */
type LastOutput = Pick<RowEnd, 'stdout' | 'stdoutFrom'>;

/**
 * What the sender of a request is told of its run's output besides the reply: its last part with the end or, where it asked
 * for that, all of it while it runs.
 */
export class RunOutput {
  readonly #fromNode: string;
  readonly #deps: TellingDeps;
  readonly #mode: OutputMode;
  readonly #telling: Telling;
  readonly #tail = new Tail();
  /** Whether the method hands over its output apart from its reply, which then is all of its stdout. */
  #isApart = false;

  constructor(run: Run, deps: TellingDeps) {
    this.#fromNode = run.row.fromNode;
    this.#deps = deps;
    this.#mode = modeOf(run);
    this.#telling = new Telling(run, deps);
  }

  /** Takes what a method tells of its output; undefined where it is not told of while the method runs. */
  get live(): LiveOutput | undefined {
    if (this.#mode !== 'live') return undefined;
    return {
      hasRoom: () => this.#deps.waitingReports(this.#fromNode) < MAX_WAITING_REPORTS,
      send: (pieces) => {
        this.#isApart = true;
        return this.#telling.tell(pieces);
      },
    };
  }

  /** Takes a reply that was sent while the method runs. */
  async replied(data: Uint8Array): Promise<void> {
    // A copy, as a small part of a large buffer would keep all of that in memory.
    if (this.#mode === 'end') this.#tail.add(Buffer.from(data.subarray(-END_OUTPUT_BYTES)), data.length);
    else if (this.#mode === 'live') await this.#telling.tellNext('stdout', data);
  }

  /** Takes the reply with which the method ended; gives what is told with the end. */
  async end(reply: ReplyBody | undefined): Promise<LastOutput> {
    try {
      if (this.#mode === 'end') return await this.#lastOfAll(reply);
      return this.#mode === 'live' && reply ? await this.#rest(reply) : {};
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the output of a run could not be read');
      return {};
    }
  }

  async #lastOfAll(reply: ReplyBody | undefined): Promise<LastOutput> {
    if (reply) this.#tail.add(await lastOfReply(reply, END_OUTPUT_BYTES), bytesOf(reply));
    return toEnd(this.#tail.bytes, this.#tail.offset);
  }

  /** Tells what is left, but for the last part, which comes with the end. */
  async #rest(reply: ReplyBody): Promise<LastOutput> {
    const before = this.#isApart ? 0 : this.#telling.told.stdout;
    const from = this.#telling.told.stdout - before;
    await this.#telling.tellPart('stdout', reply, from, bytesOf(reply) - END_OUTPUT_BYTES);
    const { stdout } = this.#telling.told;
    return toEnd(await lastOfReply(reply, bytesOf(reply) - (stdout - before)), stdout);
  }
}

/**
 * Tells what a request printed in an earlier life of the node, from where that stopped: as much as it wrote to its files
 * before it was cut short.
 */
export async function tellLeftOutput(
  stored: StoredRow,
  files: Readonly<Record<OutputStream, OutputFile>> | undefined,
  deps: TellingDeps,
): Promise<void> {
  if (!files || stored.lane === null || outputModeOf(stored.output) !== 'live') return;
  const told = { stdout: stored.stdout_sent ?? 0, stderr: stored.stderr_sent ?? 0 };
  const startedAt = stored.started_at ?? stored.accepted_at;
  const telling = new Telling({ row: toRow(stored), startedAt, told }, deps);
  try {
    for (const stream of ['stdout', 'stderr'] as const)
      await telling.tellPart(stream, files[stream], told[stream]);
  } catch (error) {
    deps.logger.warn({ err: error, id: stored.id }, 'the output of an interrupted run could not be read');
  }
}

/** What is told of: nothing where no ledger waits for it, or with the end of what goes on until it is told to stop. */
function modeOf({ row, message, method }: Run): OutputMode {
  if (row.lane === null || message.isReply) return 'none';
  const mode = outputModeOf(row.output);
  return mode === 'end' && method.isOpenEnded ? 'none' : mode;
}

function toEnd(stdout: Uint8Array, stdoutFrom: number): LastOutput {
  return stdout.length === 0 ? {} : { stdout, ...(stdoutFrom > 0 && { stdoutFrom }) };
}

/** The last bytes of what it was given, END_OUTPUT_BYTES at most. */
class Tail {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #total = 0;

  get bytes(): Uint8Array {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    return all.length > END_OUTPUT_BYTES ? all.subarray(-END_OUTPUT_BYTES) : all;
  }

  /** Where these bytes begin. */
  get offset(): number {
    return this.#total - Math.min(this.#held, END_OUTPUT_BYTES);
  }

  /** Takes bytes, which may be only the last of `total` ones. */
  add(last: Uint8Array, total: number): void {
    if (total > last.length) this.#forget();
    this.#total += total;
    this.#held += last.length;
    this.#pieces.push(last);
    while (this.#held - this.#pieces[0]!.length >= END_OUTPUT_BYTES)
      this.#held -= this.#pieces.shift()!.length;
  }

  #forget(): void {
    this.#pieces = [];
    this.#held = 0;
  }
}
