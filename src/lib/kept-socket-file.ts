import { lstatSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { bindSocketFile, type SocketFile } from './socket-file.ts';

/** How often it is looked whether the file is still there, ms. */
const LOOK_MS = 5000;

type Log = { error(fields: object, text: string): void };

/**
 * Makes `server` listen on a socket file as `bindSocketFile` does, and again whenever that is removed or replaced, with or
 * without its folder: clients find the server by its file alone. What stands in the way is logged, once. Throws ListenError.
 */
export async function keepSocketFile(server: Server, path: string, logger?: Log): Promise<SocketFile> {
  const kept = new KeptSocketFile(server, path, logger);
  await kept.begin();
  return kept;
}

class KeptSocketFile implements SocketFile {
  readonly #server: Server;
  readonly #path: string;
  readonly #logger: Log | undefined;
  #file: SocketFile | undefined;
  #inode: bigint | undefined;
  /** Listens in place of the server, which can be bound once only, and hands connections to it. */
  #standIn: Server | undefined;
  #told = '';
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<void> | undefined;
  #isRemoved = false;

  constructor(server: Server, path: string, logger: Log | undefined) {
    this.#server = server;
    this.#path = path;
    this.#logger = logger;
  }

  async begin(): Promise<void> {
    await this.#bind(this.#server);
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  async remove(): Promise<void> {
    this.#isRemoved = true;
    clearInterval(this.#timer);
    await this.#making;
    await this.#file?.remove();
    this.#standIn?.close();
  }

  async #bind(server: Server): Promise<void> {
    this.#file = await bindSocketFile(server, this.#path);
    this.#inode = this.#inodeNow();
  }

  #look(): void {
    if (this.#inodeNow() === this.#inode) return;
    this.#making ??= this.#makeAgain().finally(() => {
      this.#making = undefined;
    });
  }

  async #makeAgain(): Promise<void> {
    const standIn = createServer({ allowHalfOpen: true }, (socket) => {
      this.#server.emit('connection', socket);
    });
    try {
      await this.#bind(standIn);
    } catch (error) {
      return this.#tell((error as Error).message, error);
    }
    standIn.on('error', (error) => this.#server.emit('error', error));
    this.#standIn?.close();
    this.#standIn = standIn;
    if (this.#isRemoved) return;
    this.#tell(`the socket ${this.#path} was removed while the node runs, and has been made again`);
    this.#told = '';
  }

  #tell(text: string, error?: unknown): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#logger?.error({ err: error }, text);
  }

  /** Undefined where nothing is there, or that cannot be told. */
  #inodeNow(): bigint | undefined {
    try {
      return lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino;
    } catch {
      return undefined;
    }
  }
}
