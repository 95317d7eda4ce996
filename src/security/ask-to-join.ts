import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { covers } from './broker-identity.ts';
import { GuestConnection } from './guest-connection.ts';
import { type JoinAnswer, readAnswer, writeRequest } from './join-messages.ts';
import { joinAnswerSubject, joinSubject } from './permissions.ts';
import { SecurityError } from './security-error.ts';
import { type JoinToken, tokenKeyOf } from './token.ts';

/** What the central node answered, and the authority by which the broker is checked from now on. */
export interface Joined {
  readonly answer: JoinAnswer;
  /** PEM. */
  readonly authority: string;
}

export interface AskToJoinOptions {
  readonly address: HostAndPort;
  readonly token: JoinToken;
  /** The seed of the node's own key. */
  readonly nodeSeed: string;
  readonly name: string;
  /** How long to wait for the central node, ms. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 20_000;
const ASK_AGAIN_MS = 2000;

/**
 * Asks a fleet's central node to let this node in. Only a broker that the token vouches for is spoken to, and only an
 * answer that its authority has signed counts. Throws SecurityError.
 */
export async function askToJoin(options: AskToJoinOptions): Promise<Joined> {
  const { address, token, nodeSeed, name, patienceMs = PATIENCE_MS } = options;
  let authority: X509Certificate | undefined;
  const check = (socket: TLSSocket) => {
    authority = checkBroker(socket, token, address);
  };
  using connection = await open(address, { token, check });
  const request = writeRequest({ tokenSeed: token.seed, nodeSeed, name });
  const key = tokenKeyOf(token);
  const { promise, resolve } = Promise.withResolvers<JoinAnswer>();
  connection.subscribe(joinAnswerSubject(key), ({ payload }) => {
    const answer = readAnswer(payload, request, authority!.publicKey);
    if (answer !== undefined) resolve(answer);
  });
  const ask = () => connection.publish(joinSubject(key), request);
  ask();
  const asking = setInterval(ask, ASK_AGAIN_MS);
  try {
    return { answer: await connection.race(promise, patienceMs), authority: authority!.toString() };
  } catch (error) {
    const isSilent = error instanceof SecurityError && error.message.endsWith('it does not answer');
    throw isSilent ? silentCentral(address) : explained(error, token);
  } finally {
    clearInterval(asking);
  }
}

async function open(
  address: HostAndPort,
  { token, check }: { token: JoinToken; check(socket: TLSSocket): void },
): Promise<GuestConnection> {
  try {
    return await GuestConnection.open(address, { seed: token.seed, check });
  } catch (error) {
    throw explained(error, token);
  }
}

/** Why the broker does not take the token, as far as the token tells: it may also forget it while somebody asks. */
function explained(error: unknown, token: JoinToken): unknown {
  if (!(error instanceof SecurityError) || error.code !== 'bad-token') return error;
  const end = new Date(token.expiresAt * 1000);
  const reason =
    end.getTime() <= Date.now()
      ? `its time was over at ${end.toISOString()}`
      : 'it was withdrawn, or its time is over by the clock of the central node';
  const way = 'steward invite on the central node makes another';
  return new SecurityError('bad-token', `${error.message}: ${reason}; ${way}`);
}

/** The authority that the token names, if the broker's certificate comes from it. Throws SecurityError. */
function checkBroker(socket: TLSSocket, token: JoinToken, address: HostAndPort): X509Certificate {
  const certificate = socket.getPeerX509Certificate();
  const authority = certificate?.issuerCertificate;
  const isNamed =
    authority !== undefined &&
    createHash('sha256').update(authority.raw).digest().equals(Buffer.from(token.authority));
  const isIssued = isNamed && authority.ca && certificate!.checkIssued(authority);
  if (!isIssued || !certificate!.verify(authority.publicKey))
    throw new SecurityError(
      'foreign-broker',
      `the broker at ${address.host}:${address.port} is not the one that this token is for: the token is of another fleet, or somebody is in between`,
    );
  if (certificate!.validToDate.getTime() <= Date.now() || certificate!.validFromDate.getTime() > Date.now())
    throw new SecurityError(
      'foreign-broker',
      `the certificate of the broker at ${address.host}:${address.port} is valid from ${certificate!.validFrom} to ${certificate!.validTo}: check this machine's clock`,
    );
  if (!covers(certificate!, address.host))
    throw new SecurityError(
      'foreign-broker',
      `the broker's certificate does not name ${address.host}: join by another address, or start the central node with steward up --address ${address.host}`,
    );
  return authority;
}

function silentCentral({ host, port }: HostAndPort): SecurityError {
  return new SecurityError(
    'unreachable',
    `the broker at ${host}:${port} let this machine in as a guest, but the central node does not answer: see whether it runs, and try again`,
  );
}
