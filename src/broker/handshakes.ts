import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { BrokerError } from './broker-error.ts';
import type { BrokerTls } from './broker-options.ts';

/** How a handshake ended: a socket, and what is wrong with its client's certificate ('' = nothing, or none was asked). */
export interface Handshake {
  readonly socket: TLSSocket;
  readonly certificateFault: string;
}

/** Puts TLS on connections that have begun without, as the protocol wants it: after INFO. */
export class Handshakes {
  readonly #server: Server;
  readonly #asksForCertificate: boolean;
  readonly #waiting = new Map<string, (handshake: Handshake) => void>();

  /** Throws BrokerError where certificate and key are not of one another, or are none. */
  constructor(
    { certificate, key, clientCa, about = 'what is given' }: BrokerTls,
    { timeoutMs }: { timeoutMs: number },
  ) {
    this.#asksForCertificate = clientCa !== undefined;
    try {
      // A certificate that is not accepted is told to the client in words, once it can read them.
      const request = { requestCert: this.#asksForCertificate, rejectUnauthorized: false };
      this.#server = createServer({
        cert: certificate,
        key,
        ca: clientCa,
        handshakeTimeout: timeoutMs,
        ...request,
      });
    } catch (cause) {
      const reason = `${about} are no certificate and its key, in PEM: ${(cause as Error).message}`;
      throw new BrokerError('bad-option', reason, { cause });
    }
    this.#server.on('secureConnection', this.#done);
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Begins a handshake; `done` is not called where it fails: the connection then ends. */
  begin(socket: Socket, done: (handshake: Handshake) => void): void {
    const key = peerOf(socket);
    this.#waiting.set(key, done);
    socket.once('close', () => this.#waiting.delete(key));
    this.#server.emit('connection', socket);
  }

  readonly #done = (socket: TLSSocket): void => {
    const done = this.#waiting.get(peerOf(socket));
    if (done === undefined) return void socket.destroy();
    this.#waiting.delete(peerOf(socket));
    done({ socket, certificateFault: this.#asksForCertificate ? certificateFault(socket) : '' });
  };
}

function certificateFault(socket: TLSSocket): string {
  if (socket.authorized) return '';
  if (Object.keys(socket.getPeerCertificate()).length === 0) return 'client certificate required';
  return `client certificate not accepted (${socket.authorizationError ?? 'unknown'})`;
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
