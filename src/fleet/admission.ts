import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Bus } from '../bus/bus.ts';
import type { Config, NodeOptions } from '../config/config.ts';
import { processConnections } from '../lib/connection-budget.ts';
import { keepSocketFile } from '../lib/kept-socket-file.ts';
import { makeUserKey } from '../lib/nkey.ts';
import { writeAtomically } from '../lib/write-atomically.ts';
import { nodeNameFault } from '../message/names.ts';
import { openLogger } from '../observe/logger.ts';
import { Admission } from '../security/admission.ts';
import {
  ADMISSION_SOCKET,
  type AdmissionOrder,
  type AdmissionReplies,
} from '../security/admission-orders.ts';
import { readBrokerIdentity } from '../security/broker-identity.ts';
import { type FleetUser, newNameFault } from '../security/fleet-users.ts';
import { publicKeyOfFile } from '../security/key-files.ts';
import type { Relay } from '../security/permissions.ts';
import { SecurityError } from '../security/security-error.ts';
import { encodeToken } from '../security/token.ts';

/** Who may connect to the embedded broker, and the way for others to come to. */
export interface NodeAdmission {
  /** Those who may connect now. */
  readonly users: readonly FleetUser[];
  /** Those who were let in. */
  readonly names: readonly string[];
  /** Who may relay to whom, as the operator said at the last start. */
  readonly relays: readonly Relay[];
  /** Begins to let others in, once there are a broker and a connection to it. Throws ListenError. */
  serve(parts: { readonly broker: BrokerUsers; readonly bus: Bus }): Promise<void>;
}

interface BrokerUsers {
  setUsers(users: readonly FleetUser[]): Promise<void>;
}

/** Opens what the node keeps in its admissionFolder; undefined where none is set. Throws SecurityError. */
export async function openAdmission(
  config: Config,
  { isTerminal }: NodeOptions,
  stack: AsyncDisposableStack,
): Promise<NodeAdmission | undefined> {
  const folder = config.embeddedBroker?.admissionFolder ?? '';
  if (folder === '') return undefined;
  const logger = await openLogger({ level: config.logLevel, isTerminal, nodeName: config.nodeName });
  const { authority, key } = await readBrokerIdentity(folder);
  const centralKey = await publicKeyOfFile(config.nkeySeedFile);
  let users: readonly FleetUser[] = [];
  let serving: { readonly broker: BrokerUsers; readonly bus: Bus } | undefined;
  const admission = stack.use(
    await Admission.open(
      {
        ...{ folder, central: config.nodeName, centralKey, key },
        isClosed: config.trust.mode === 'closed',
        originals: new Set(config.trust.originals),
        replyCommands: config.trust.replyCommands,
      },
      {
        writeFile: writeAtomically,
        applyUsers: async (wanted) => {
          users = wanted;
          await serving?.broker.setUsers(wanted);
        },
        publish: (subject, text) => serving?.bus.publish(subject, text) ?? false,
        now: Date.now,
        nameFault: nodeNameFault,
        logger,
      },
    ),
  );
  return {
    get users() {
      return users;
    },
    get names() {
      return [...admission.state.nodes.keys()];
    },
    get relays() {
      return admission.state.relays;
    },
    serve: async (parts) => {
      serving = parts;
      const requests = parts.bus.subscribe(admission.subject, ({ subject, payload }) => {
        void admission.receive(subject, payload);
      });
      stack.defer(() => requests[Symbol.dispose]());
      const path = join(config.socketFolder, ADMISSION_SOCKET);
      const hash = createHash('sha256').update(authority.raw).digest();
      stack.use(await startAdmissionControl(path, { admission, authority: hash, now: Date.now }));
    },
  };
}

const MAX_LINE = 1024 * 1024;
const PATIENCE_MS = 10_000;

interface ControlDeps {
  readonly admission: Admission;
  /** SHA-256 of the certificate of the broker's authority. */
  readonly authority: Uint8Array;
  readonly now: () => number;
}

/** Takes orders about who may join, on a socket that only this node's user can connect to. Throws ListenError. */
async function startAdmissionControl(path: string, deps: ControlDeps): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    answerOne(socket, deps);
  });
  processConnections.watch(server);
  const file = await keepSocketFile(server, path);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, file.remove()]);
    },
  };
}

/** Takes one line and answers it. */
function answerOne(socket: Socket, deps: ControlDeps): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    text += piece;
    if (text.length > MAX_LINE) return void socket.destroy();
    if (!text.includes('\n')) return;
    socket.removeAllListeners('data');
    void obey(text, deps)
      .catch((error: Error) => ({ fault: error.message }))
      .then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function obey(
  text: string,
  { admission, authority, now }: ControlDeps,
): Promise<AdmissionReplies[AdmissionOrder['do']]> {
  const order = JSON.parse(text) as AdmissionOrder;
  switch (order.do) {
    case 'invite': {
      const { name, ttlSeconds, isReplacing } = order;
      const fault = name === '' ? undefined : (nodeNameFault(name) ?? newNameFault(name));
      if (fault !== undefined)
        throw new SecurityError('bad-name', `${JSON.stringify(name)} is no name for a node: it ${fault}`);
      const { seed, publicKey } = makeUserKey();
      const expiresAt = Math.floor(now() / 1000) + ttlSeconds;
      await admission.invite({ key: publicKey, expiresAt: expiresAt * 1000, name, isReplacing });
      return { token: encodeToken({ seed, authority, expiresAt, name }), expiresAt: expiresAt * 1000 };
    }
    case 'forget':
      return { wasThere: await admission.forget(order.name) };
    case 'withdraw':
      return { withdrawn: await admission.withdraw(order.name) };
    case 'relays':
      await admission.setRelays(order.relays);
      return { relays: order.relays.length };
    case 'list': {
      const { nodes, tokens } = admission.state;
      const open = [...tokens.values()].filter(({ usedBy, expiresAt }) => !usedBy && expiresAt > now());
      return { nodes: [...nodes.values()], tokens: open.map(({ name, expiresAt }) => ({ name, expiresAt })) };
    }
  }
}
