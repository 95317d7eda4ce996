import type { Server, Socket } from 'node:net';
import { openFileLimit } from './open-file-limit.ts';

/** Open files that stay for all else: database, logs, the broker's connection, commands and their output. */
const KEPT_FILES = 64;
const FEWEST = 8;
/** Where the system does not say how many files may be open. */
const USUAL_FILES = 1024;
/** How often shed connections are logged at most, ms. */
const QUIET_MS = 60_000;

/** How many connections there may be. */
interface Limits {
  /** Over all servers together. */
  readonly total: number;
  readonly perServer: number;
  /** From one address. */
  readonly perPeer: number;
}

interface Connection {
  readonly server: Server;
  readonly peer: string;
}

type Log = { warn?(fields: object, text: string): void; error(fields: object, text: string): void };

/** Shares of the open files that a process may have: half of them for connections, half of that for one server, and for one peer. */
export function connectionLimits(openFiles: number = USUAL_FILES): Limits {
  const total = Math.max(FEWEST, Math.floor((openFiles - KEPT_FILES) / 2));
  const share = Math.max(FEWEST / 2, Math.floor(total / 2));
  return { total, perServer: share, perPeer: share };
}

/**
 * The connections of all servers of a process, which share its open files: without files left, a node can neither run
 * a command nor write a log. Where one comes too many, the one that has waited longest and sent nothing yet gives way; where
 * there is none, the new one does.
 */
export class ConnectionBudget {
  readonly #limits: Limits;
  /** In the order in which they came. */
  readonly #open = new Map<Socket, Connection>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts the connections of a server from now on. To be called before other listeners for them are added. */
  watch(server: Server, logger?: Log): void {
    server.prependListener('connection', (socket: Socket) => {
      this.#open.set(socket, { server, peer: socket.remoteAddress ?? '' });
      socket.once('close', () => this.#open.delete(socket));
      if (!this.#isFull(socket)) return;
      this.#tell(logger);
      const victim = this.#victimFor(socket);
      this.#open.delete(victim);
      victim.destroy();
    });
  }

  #isFull(socket: Socket): boolean {
    const { total, perServer, perPeer } = this.#limits;
    const { server, peer } = this.#open.get(socket)!;
    if (this.#open.size > total) return true;
    let ofServer = 0;
    let ofPeer = 0;
    for (const other of this.#open.values()) {
      if (other.server === server) ofServer++;
      if (peer !== '' && other.peer === peer) ofPeer++;
    }
    return ofServer > perServer || ofPeer > perPeer;
  }

  /** Of the same peer or server first: what one of them does too much is not at the cost of others. */
  #victimFor(socket: Socket): Socket {
    const { server, peer } = this.#open.get(socket)!;
    const idle = [...this.#open].filter(([other]) => other !== socket && other.bytesRead === 0);
    const alike = idle.find(([, other]) => other.server === server && other.peer === peer);
    const ofServer = idle.find(([, other]) => other.server === server);
    return (alike ?? ofServer ?? idle[0])?.[0] ?? socket;
  }

  #tell(logger: Log | undefined): void {
    const now = performance.now();
    if (now - this.#toldAt < QUIET_MS) return;
    this.#toldAt = now;
    const { total, perServer, perPeer } = this.#limits;
    const text = `more clients are connected than fit into the open files of this process (${total}, ${perServer} at one listener, ${perPeer} from one address): those that sent nothing are cut off; raise its limit of open files (ulimit -n) if they are wanted`;
    if (logger?.warn) logger.warn({}, text);
    else logger?.error({}, text);
  }
}

/** The budget of this process: its open files are one resource, whoever uses them. */
export const processConnections = new ConnectionBudget(connectionLimits(openFileLimit()));
