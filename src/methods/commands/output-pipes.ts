import { execFile } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { descriptorName } from '../../lib/descriptor-name.ts';
import { pause } from '../../lib/pause.ts';
import { errorCode, systemFault } from '../../lib/system-fault.ts';
import { cleanSpool, makeSpoolFolder, spoolPath } from './spool.ts';

/** How many are made at once, which takes one program, and how many stay for later commands. */
const BATCH = 16;
const MAX_IDLE = 64;
/** A command that has ended by then is read in one go. */
const FIRST_READ_MS = 10;
const READ_BYTES = 64 * 1024;
/** A pipe in which nothing came for so long after its command's end holds nothing of it, ms. */
const QUIET_MS = 100;
/** Nothing waits for a process that prints on without such a pause: what the command wrote was read by then. */
const MAX_LOOKS = 5;
/** More than a pipe holds: what comes beyond that after a command's end is not the command's. */
const MAX_REST_BYTES = 1024 * 1024;

type Take = (piece: Uint8Array) => Promise<void>;

/** Where a pipe lies, and what `descriptorName` says of it once somebody has opened it; undefined where the system does not tell. */
interface NamedPipe {
  readonly path: string;
  name?: string | undefined;
}

/**
 * The pipes that the output of commands goes through. They are named pipes, as Node itself gives its children sockets,
 * in which `echo error > /dev/stderr` fails, and as making one takes a program. So a pipe that nobody holds any more
 * serves the next command.
 */
export class OutputPipes implements AsyncDisposable {
  readonly #folder: string;
  readonly #idle: NamedPipe[] = [];
  #making: Promise<void> | undefined;
  #isClean = false;
  #isClosed = false;

  /** `folder`: where they lie; it is made where it is missing, and what an earlier life of the node left there goes. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A pipe that nobody uses; undefined where one is still to be made. */
  takeIdle(): OutputPipe | undefined {
    for (let pipe = this.#idle.at(-1); pipe; pipe = this.#idle.at(-1)) {
      const reader = openReader(pipe.path);
      this.#idle.pop();
      if (reader === undefined) continue;
      pipe.name ??= descriptorName(reader);
      return new OutputPipe(pipe, reader, this.#giveBack);
    }
    return undefined;
  }

  /** A pipe that nobody uses. Throws where none can be made. */
  async take(): Promise<OutputPipe> {
    for (;;) {
      const idle = this.takeIdle();
      if (idle) return idle;
      this.#making ??= this.#make().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
  }

  /** Removes those that are idle; the others go when their commands end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#making?.catch(() => {});
    await Promise.all(this.#idle.splice(0).map(({ path }) => rm(path, { force: true })));
  }

  async #make(): Promise<void> {
    if (!this.#isClean) await cleanSpool(this.#folder);
    this.#isClean = true;
    makeSpoolFolder(this.#folder);
    const paths = Array.from({ length: BATCH }, () => spoolPath(this.#folder, 'fifo'));
    try {
      // By its own option, -m, it needs /proc.
      await promisify(execFile)('mkfifo', paths);
      for (const path of paths) chmodSync(path, 0o600);
    } catch (error) {
      const text = `the program mkfifo could not make a pipe for the output: ${mkfifoFault(error)}`;
      throw new Error(text, { cause: error });
    }
    this.#idle.push(...paths.map((path) => ({ path })));
  }

  readonly #giveBack = (pipe: NamedPipe, isFree: boolean): void => {
    if (isFree && !this.#isClosed && this.#idle.length < MAX_IDLE) this.#idle.push(pipe);
    else rmSync(pipe.path, { force: true });
  };
}

/** Without waiting for a writer; undefined where somebody has removed the pipe. */
function openReader(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A pipe that one command writes to, at `path`. It is read as fast as its content is taken. */
export class OutputPipe implements Disposable {
  readonly path: string;
  readonly name: string | undefined;
  readonly #pipe: NamedPipe;
  readonly #descriptor: number;
  readonly #giveBack: (pipe: NamedPipe, isFree: boolean) => void;
  #take: Take = async () => {};
  #timer: NodeJS.Timeout | undefined;
  #reader: PipeReader | undefined;
  #reading: Promise<void> | undefined;
  /** Whether nobody holds the writing end any more, and all was read. */
  #isAtEnd = false;
  #isClosed = false;
  /** Why a piece could not be taken, where that is so. */
  fault: unknown;
  #isTaking = false;
  #pieces = 0;
  #restBytes = Number.POSITIVE_INFINITY;

  constructor(pipe: NamedPipe, descriptor: number, giveBack: (pipe: NamedPipe, isFree: boolean) => void) {
    this.path = pipe.path;
    this.name = pipe.name;
    this.#pipe = pipe;
    this.#descriptor = descriptor;
    this.#giveBack = giveBack;
  }

  /** To be called when the command has the writing end: hands over what comes, piece by piece. */
  read(take: Take): void {
    this.#take = take;
    this.#timer = setTimeout(() => {
      this.#reader = openPipeReader(this.#descriptor);
      this.#reading = this.#follow(this.#reader);
      this.#reading.catch(() => {});
    }, FIRST_READ_MS);
  }

  /**
   * To be called when the command has ended: resolves when all that it wrote is taken. Whoever still holds the pipe then
   * (a process that left the command's group) finds it closed. Rejects with what `take` threw.
   */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    this.#restBytes = MAX_REST_BYTES;
    if (!this.#reader) {
      while (this.#restBytes > 0) {
        const piece = readNow(this.#descriptor);
        this.#isAtEnd = piece?.length === 0;
        if (!piece?.length) return;
        await this.#hand(piece);
      }
      return;
    }
    let [seen, looks] = [-1, 0];
    while (!this.#isAtEnd && (this.#isTaking || (seen !== this.#pieces && looks < MAX_LOOKS))) {
      seen = this.#pieces;
      if (!this.#isTaking) looks += 1;
      const quiet = new AbortController();
      await Promise.race([this.#reading, pause(QUIET_MS, quiet.signal)]);
      quiet.abort('over');
    }
    this.#reader[Symbol.dispose]();
    await this.#reading;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#reader) this.#reader[Symbol.dispose]();
    else closeSync(this.#descriptor);
    this.#giveBack(this.#pipe, this.#isAtEnd);
  }

  async #follow(reader: PipeReader): Promise<void> {
    try {
      for await (const piece of reader) {
        await this.#hand(piece);
        if (this.#restBytes < 0) return;
      }
      this.#isAtEnd ||= !reader.isClosedHere;
    } catch (error) {
      // The iteration takes our own closing for an error.
      if (!reader.isClosedHere || this.#isTaking) throw error;
    }
  }

  async #hand(piece: Uint8Array): Promise<void> {
    this.#isTaking = true;
    try {
      await this.#take(piece);
    } catch (error) {
      this.fault = error;
      throw error;
    }
    this.#isTaking = false;
    this.#pieces += 1;
    this.#restBytes -= piece.length;
  }
}

const block = Buffer.allocUnsafeSlow(READ_BYTES);

/** What is in a pipe; empty at its end, undefined where somebody may still write. */
function readNow(descriptor: number): Uint8Array | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return Buffer.from(block.subarray(0, readSync(descriptor, block)));
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The last thing that the program said, where it said something: the call itself names all pipes. */
function mkfifoFault(error: unknown): string {
  const said = String((error as { stderr?: unknown }).stderr ?? '').trim();
  return said.slice(said.lastIndexOf('\n') + 1) || systemFault(error);
}

/** The end of a pipe that is read as fast as its pieces are taken. Disposing closes it, which ends the iteration. */
interface PipeReader extends Disposable, AsyncIterable<Uint8Array> {
  /** Whether it was disposed of, rather than read to its end. */
  readonly isClosedHere: boolean;
}

/** What the engine of the single-file program offers to read a pipe; a socket there reads sockets alone. */
interface BunEngine {
  file(descriptor: number): { stream(): ReadableStream<Uint8Array> };
}

/** Takes over the reading end of a pipe, a descriptor that was opened with O_NONBLOCK. */
function openPipeReader(descriptor: number): PipeReader {
  const { Bun: bun } = globalThis as { Bun?: BunEngine };
  return bun === undefined ? new SocketReader(descriptor) : new StreamReader(descriptor, bun);
}

class SocketReader implements PipeReader {
  readonly #socket: Socket;
  isClosedHere = false;

  constructor(descriptor: number) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: false });
    this.#socket.on('error', () => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return (this.#socket as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  [Symbol.dispose](): void {
    this.isClosedHere ||= !this.#socket.destroyed;
    this.#socket.destroy();
  }
}

class StreamReader implements PipeReader {
  readonly #descriptor: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  isClosedHere = false;

  constructor(descriptor: number, bun: BunEngine) {
    this.#descriptor = descriptor;
    this.#reader = bun.file(descriptor).stream().getReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      yield value;
    }
  }

  [Symbol.dispose](): void {
    if (this.isClosedHere) return;
    this.isClosedHere = true;
    // The stream has a descriptor of its own, which goes with the cancellation.
    this.#reader.cancel().catch(() => {});
    closeSync(this.#descriptor);
  }
}
