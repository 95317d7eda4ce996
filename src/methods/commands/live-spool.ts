import { pause } from '../../lib/pause.ts';
import type { LiveOutput } from '../../message/method-contract.ts';
import type { OutputPiece, OutputStream } from '../../message/output.ts';
import type { SpooledOutput } from './spooled-output.ts';

const EVERY_MS = 200;
const PIECE_BYTES = 64 * 1024;

/**
 * Tells what a command prints into its spool while it runs: what is new every 0.2 s, in pieces of 64 KB at most, or of what its link takes in a second. While
 * what was told waits to be sent, the rest stays in the spool; the command is never held up.
 */
export class LiveSpool implements Disposable {
  readonly #outputs: Readonly<Record<OutputStream, SpooledOutput>>;
  readonly #live: LiveOutput;
  readonly #over = new AbortController();
  readonly #told = { stdout: 0, stderr: 0 };
  readonly #telling: Promise<void>;

  constructor(outputs: Readonly<Record<OutputStream, SpooledOutput>>, live: LiveOutput) {
    this.#outputs = outputs;
    this.#live = live;
    this.#telling = this.#run();
    this.#telling.catch(() => {});
  }

  /**
   * To be called when the command has ended: tells what it printed as errors, but for the last `tailBytes` of that. Resolves with whether
   * what was not told is to stay in its files instead.
   */
  async finish(tailBytes: number): Promise<boolean> {
    this[Symbol.dispose]();
    await this.#telling;
    if (this.#live.leaves?.(this.#left)) return true;
    while (this.#outputs.stderr.bytes - this.#told.stderr > tailBytes)
      await this.#live.send([this.#next('stderr')]);
    return false;
  }

  /** Nothing more is told, also where the command did not come to its end. */
  [Symbol.dispose](): void {
    this.#over.abort('over');
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await pause(EVERY_MS, signal);
      while (!signal.aborted && this.#live.hasRoom(this.#left)) {
        const pieces = [this.#next('stdout'), this.#next('stderr')].filter(({ data }) => data.length > 0);
        if (pieces.length === 0) break;
        await this.#live.send(pieces);
      }
    }
  }

  /** What was printed and not told yet, bytes. */
  get #left(): number {
    const { stdout, stderr } = this.#outputs;
    return stdout.bytes + stderr.bytes - this.#told.stdout - this.#told.stderr;
  }

  #next(stream: OutputStream): OutputPiece {
    const offset = this.#told[stream];
    const most = Math.min(PIECE_BYTES, this.#live.pieceBytes?.() ?? PIECE_BYTES);
    const data = this.#outputs[stream].read(offset, most);
    this.#told[stream] += data.length;
    return { stream, offset, data };
  }
}
