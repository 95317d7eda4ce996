import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { processConnections } from '../lib/connection-budget.ts';
import { keepSocketFile } from '../lib/kept-socket-file.ts';
import { makeUserKey } from '../lib/nkey.ts';
import { nodeNameFault } from '../message/names.ts';
import type { Admission } from '../security/admission.ts';
import type { AdmissionOrder, AdmissionReplies } from '../security/admission-orders.ts';
import { newNameFault } from '../security/fleet-users.ts';
import { SecurityError } from '../security/security-error.ts';
import { encodeToken } from '../security/token.ts';

const MAX_LINE = 1024 * 1024;
const PATIENCE_MS = 10_000;

export interface ControlDeps {
  readonly admission: Admission;
  /** SHA-256 of the certificate of the broker's authority. */
  readonly authority: Uint8Array;
  readonly now: () => number;
}

/** Takes orders about who may join, on a socket that only this node's user can connect to. Throws ListenError. */
export async function startAdmissionControl(path: string, deps: ControlDeps): Promise<AsyncDisposable> {
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
