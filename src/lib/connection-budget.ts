import type { Server, Socket } from 'node:net';
import { networkOf } from './network-of.ts';
import { openFileLimit } from './open-file-limit.ts';

/** Open files that stay for all else: database, logs, the broker's connection, commands and their output. */
const KEPT_FILES = 64;
const FEWEST = 8;
/** At one server, however many files may be open: servers refuse the thousandth whoever it is. */
const MOST_OF_SERVER = 900;
/** What of all connections stays for unix sockets, which only the node's own user opens: commands come through a flood. */
const KEPT_FOR_SOCKETS = 1 / 4;
/** Where the system does not say how many files may be open. */
const USUAL_FILES = 1024;
/** How often shed connections are logged at most, ms. */
const QUIET_MS = 60_000;

/** How many connections there may be. */
interface Limits {
  /** Over all servers together. */
  readonly total: number;
  readonly perServer: number;
  /** From one network. */
  readonly perPeer: number;
}

interface Connection {
  readonly socket: Socket;
  readonly server: Server;
  /** Its network; '' = over a unix socket. */
  readonly peer: string;
}

type Log = { warn?(fields: object, text: string): void; error(fields: object, text: string): void };

/** Shares of the open files that a process may have: half of them for connections, half of that for one server, and for one peer. */
export function connectionLimits(openFiles: number = USUAL_FILES): Limits {
  const total = Math.max(FEWEST, Math.floor((openFiles - KEPT_FILES) / 2));
  const share = Math.max(FEWEST / 2, Math.min(MOST_OF_SERVER, Math.floor(total / 2)));
  return { total, perServer: share, perPeer: share };
}

/**
 * The connections of all servers of a process, which share its open files: without files left, a node can neither run
 * a command nor write a log. Where one comes too many, one of the network that has the most gives way: one that is ending anyway, the
 * one that has waited longest and sent nothing yet, or got no answer, or else the newest. So who opens thousands keeps nobody else out.
 */
export class ConnectionBudget {
  readonly #limits: Limits;
  /** In the order in which they came. */
  readonly #open = new Map<Socket, Connection>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Whether no connection is to be kept for a next request: there are too many. */
  get isCrowded(): boolean {
    return this.#open.size > this.#limits.perServer / 2;
  }

  /** Counts the connections of a server from now on. To be called before other listeners for them are added. */
  watch(server: Server, logger?: Log): void {
    server.prependListener('connection', (socket: Socket) => {
      const address = socket.remoteAddress ?? '';
      const one = { socket, server, peer: address === '' ? '' : networkOf(address) };
      this.#open.set(socket, one);
      socket.once('close', () => this.#open.delete(socket));
      const crowd = this.#crowdOf(one);
      if (crowd === undefined) return;
      this.#tell(logger);
      const victim = victimOf(crowd, one);
      this.#open.delete(victim);
      victim.destroy();
    });
  }

  /** Those of which there is one too many, now that this one came; undefined where there is room. */
  #crowdOf({ server, peer }: Connection): readonly Connection[] | undefined {
    const { total, perServer, perPeer } = this.#limits;
    const isLocal = peer === '';
    const all = [...this.#open.values()];
    const ofPeer = isLocal ? [] : all.filter((other) => other.peer === peer);
    if (ofPeer.length > perPeer) return ofPeer;
    const ofServer = all.filter((other) => other.server === server);
    if (ofServer.length > perServer) return ofServer;
    const shared = isLocal ? all : all.filter((other) => other.peer !== '');
    const most = isLocal ? total : total - Math.floor(total * KEPT_FOR_SOCKETS);
    return shared.length > most ? shared : undefined;
  }

  #tell(logger: Log | undefined): void {
    const now = performance.now();
    if (now - this.#toldAt < QUIET_MS) return;
    this.#toldAt = now;
    const { total, perServer, perPeer } = this.#limits;
    const text = `more clients are connected than fit into the open files of this process (${total}, ${perServer} at one listener, ${perPeer} from one network): those that sent nothing, and of whom there are most, are cut off; raise its limit of open files (ulimit -n) if they are wanted`;
    if (logger?.warn) logger.warn({}, text);
    else logger?.error({}, text);
  }
}

/** Who of a crowd gives way to one that came: of the network that has the most of it who is ending, else who sent nothing, else who got no answer yet, and else the new one itself. */
function victimOf(crowd: readonly Connection[], one: Connection): Socket {
  const groups = [...Map.groupBy(crowd, ({ peer }) => peer).values()];
  const largest = groups.reduce((most, group) => (group.length > most.length ? group : most));
  const own = groups.find((group) => group.includes(one))!;
  const others = (group: readonly Connection[]) => group.filter((other) => other !== one);
  const first = (group: readonly Connection[]) =>
    group.find(({ server }) => server === one.server) ?? group[0];
  // A request that never becomes whole is never answered.
  const idle = (group: readonly Connection[]) =>
    first(others(group).filter(({ socket }) => socket.destroyed || socket.writableFinished)) ??
    first(others(group).filter(({ socket }) => socket.bytesRead === 0)) ??
    first(others(group).filter(({ socket }) => socket.bytesWritten === 0));
  if (largest.length > own.length) return (idle(largest) ?? largest.at(-1)!).socket;
  const asLarge = groups.filter(({ length }) => length === own.length).flat();
  return (idle(own) ?? idle(asLarge) ?? one).socket;
}

/** The budget of this process: its open files are one resource, whoever uses them. */
export const processConnections = new ConnectionBudget(connectionLimits(openFileLimit()));
