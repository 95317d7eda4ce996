import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { descriptorName } from '../lib/descriptor-name.ts';
import { pause } from '../lib/pause.ts';
import { systemFault } from '../lib/system-fault.ts';
import { openPipeReader, type PipeReader } from './pipe-reader.ts';

/** A pipe in which nothing came for so long after its command's end holds nothing of it, ms. */
const QUIET_MS = 100;
/** More than a pipe holds: what comes beyond that after a command's end is not the command's. */
const MAX_REST_BYTES = 1024 * 1024;

/**
 * Opens a pipe for the output of a command. `path` is where it is made, for a moment.
 *
 * A named pipe, as Node itself gives its children sockets, in which `echo error > /dev/stderr` fails. Stdout and
 * stderr share it, so that all comes in the order in which it was written.
 */
export async function openOutputPipe(path: string): Promise<OutputPipe> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch (error) {
    throw new Error(`the program mkfifo could not make a pipe for the output: ${systemFault(error)}`, {
      cause: error,
    });
  }
  // The reader first and without waiting, for each end waits for the other.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writer = openSync(path, constants.O_WRONLY);
    // The name changes with this, so it comes before anybody asks for it.
    unlinkSync(path);
    return new OutputPipe(reader, writer);
  } catch (error) {
    closeSync(reader);
    throw error;
  }
}

/** The two ends of a pipe: a command gets one of them, the other is read as fast as its content is taken. */
export class OutputPipe implements Disposable {
  /** The end that the command writes to. */
  readonly writer: number;
  /** The pipe, as `descriptorName` has it; undefined where the system does not tell. */
  readonly names: ReadonlySet<string> | undefined;
  readonly #reader: PipeReader;
  #isWriterOpen = true;
  #reading: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isTaking = false;
  #pieces = 0;
  #restBytes = Number.POSITIVE_INFINITY;

  constructor(reader: number, writer: number) {
    this.writer = writer;
    const name = descriptorName(writer);
    this.names = name === undefined ? undefined : new Set([name]);
    this.#reader = openPipeReader(reader);
  }

  /** Closes this process' hold on the writer, once the command has it, and hands over what comes, piece by piece. */
  read(take: (piece: Uint8Array) => Promise<void>): void {
    this.#closeWriter();
    this.#reading = this.#read(take).finally(() => {
      this.#isClosed = true;
    });
    this.#reading.catch(() => {});
  }

  /**
   * To be called when the command has ended: resolves when all that it wrote is taken. Who still holds the pipe then
   * (a process that left the command's group) finds it closed. Rejects with what `take` threw.
   */
  async finish(): Promise<void> {
    this.#restBytes = MAX_REST_BYTES;
    for (let seen = -1; !this.#isClosed && (this.#isTaking || seen !== this.#pieces); ) {
      seen = this.#pieces;
      const quiet = new AbortController();
      await Promise.race([this.#reading, pause(QUIET_MS, quiet.signal)]);
      quiet.abort('over');
    }
    this.#reader[Symbol.dispose]();
    await this.#reading;
  }

  [Symbol.dispose](): void {
    this.#closeWriter();
    this.#reader[Symbol.dispose]();
  }

  async #read(take: (piece: Uint8Array) => Promise<void>): Promise<void> {
    try {
      for await (const piece of this.#reader) {
        this.#isTaking = true;
        await take(piece);
        this.#isTaking = false;
        this.#pieces += 1;
        this.#restBytes -= piece.length;
        if (this.#restBytes < 0) return;
      }
    } catch (error) {
      // The iteration takes our own closing for an error.
      if (!this.#reader.isClosed || this.#isTaking) throw error;
    }
  }

  #closeWriter(): void {
    if (this.#isWriterOpen) closeSync(this.writer);
    this.#isWriterOpen = false;
  }
}
