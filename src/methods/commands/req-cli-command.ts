import { LastBytes } from '../../lib/last-bytes.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import type { RunMethod } from '../method.ts';
import { LiveSpool } from './live-spool.ts';
import {
  type CommandDeps,
  type CommandOptions,
  createCommandMethod,
  type OutputUse,
  resultOf,
} from './run-program.ts';
import type { Spool } from './spool.ts';
import { SpooledOutput } from './spooled-output.ts';

const STDERR_TAIL_BYTES = 4096;

/** Below this size nobody looks whether there is room for an output. */
const SMALL_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * REQCliCommand (CommandACK): runs a program and replies with what it printed.
 *
 * Arguments: the program, then its arguments; no shell but the one that is named. `{{STEWARD_DATA}}` and
 * `{{STEWARD_DATA_FILE}}` in them bring in the message's data (see `fillCommand`), which makes it useful as a
 * reply method too. The program gets the node's environment, STEWARD_REQUEST_ID, STEWARD_RUN_ID, and an empty stdin.
 *
 * It has ended when the program has, and nobody of its process group holds its output any more: in
 * `sleep 5 & tree ./` the sleep is waited for, while `nohup daemon >/dev/null 2>&1 &` returns at once and the daemon
 * lives on. (Only Linux shows who holds what; elsewhere the whole group is waited for.) A process that leaves the group
 * (setsid) is not waited for, and finds its output closed. After methodTimeout seconds (-1: no limit) the whole group is ended: TERM, and KILL 2 s
 * later. So is a command whose output goes beyond 64 MB when the disk is nearly full: less than 5 % of it free, but
 * 100 MB at least and 1 GB at most.
 *
 * Reply: stdout, byte for byte, also of a command that failed or was ended; a file when it is above 512 KB.
 * Where the sender wants to see the output while the command runs, what is new is told every 0.2 s (see LiveSpool).
 * Exit code, signal and the end of stderr are in the result. What goes wrong, a program that does not exist
 * included, is the state `failed` with a reason, and an error report in the reference's words.
 */
export function createReqCliCommand(options: CommandOptions, deps: CommandDeps): RunMethod {
  const own = { ...deps, ...options };
  return createCommandMethod({
    name: 'REQCliCommand',
    summary: 'Runs a program and replies with what it printed.',
    nothing: { reply: new Uint8Array(0) },
    open: (call, spool) => new CommandOutput(call, spool, own),
    own,
  });
}

/** What a command prints: its stdout for the reply, the end of its stderr, and all of both in files where the sender follows them. */
class CommandOutput implements OutputUse {
  readonly #call: RunCall;
  readonly #own: Pick<CommandDeps, 'diskRoom'>;
  readonly #stdout: SpooledOutput;
  readonly #telling: LiveSpool | undefined;
  readonly #stderr: SpooledOutput | undefined;
  readonly #errors = new LastBytes(STDERR_TAIL_BYTES);

  constructor(call: RunCall, spool: Spool, own: Pick<CommandDeps, 'diskRoom'>) {
    this.#call = call;
    this.#own = own;
    this.#stdout = new SpooledOutput(spool);
    if (!call.live) return;
    const stderr = new SpooledOutput(spool, 'err').keepInFile();
    this.#telling = new LiveSpool({ stdout: this.#stdout.keepInFile(), stderr }, call.live);
    this.#stderr = stderr;
  }

  get takers() {
    return { stdout: this.#stdout.add, stderr: this.#addError, findShortage: this.#findShortage };
  }

  async result(end: Parameters<OutputUse['result']>[0]): Promise<RunResult> {
    const isLeft = await this.#telling?.finish(STDERR_TAIL_BYTES);
    if (isLeft) this.#stderr!.leave();
    const { total, bytes: tail } = this.#errors;
    const facts = {
      ...(total > 0 && { stderrTail: tail }),
      ...(total > STDERR_TAIL_BYTES && { stderrBytes: total }),
      outputBytes: this.#stdout.bytes,
      ...(isLeft ? { reply: this.#stdout.leave() } : this.#stdout.reply()),
    };
    return resultOf(this.#call, end, { facts, tail });
  }

  [Symbol.dispose](): void {
    this.#telling?.[Symbol.dispose]();
  }

  readonly #findShortage = async (): Promise<string | undefined> => {
    const bytes = this.#stdout.bytes + (this.#stderr?.bytes ?? 0);
    return bytes > SMALL_OUTPUT_BYTES ? await this.#own.diskRoom.shortage() : undefined;
  };

  readonly #addError = async (piece: Uint8Array): Promise<void> => {
    await this.#stderr?.add(piece);
    this.#errors.add(piece);
  };
}
