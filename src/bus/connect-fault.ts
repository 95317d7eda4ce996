import { AuthorizationError, TimeoutError, UserAuthenticationExpiredError } from '@nats-io/transport-node';
import { BusError } from './bus-error.ts';
import { type BusOptions, shownAddress } from './connect-options.ts';
import { type SignIn, signInOf } from './credentials.ts';

export type ConnectFaultKind =
  | 'sign-in'
  | 'certificate'
  | 'client-certificate'
  | 'no-tls'
  | 'unreachable'
  | 'setting'
  | 'other';

/** Why there is no connection to the broker: a sentence that names what is wrong and the way out. */
export interface ConnectFault {
  readonly kind: ConnectFaultKind;
  readonly text: string;
}

/** What a sentence needs to know of the node's settings. */
export interface FaultSettings {
  /** The broker's addresses, without passwords. */
  readonly address: string;
  readonly signIn: SignIn;
  /** '' = none, as for the next. */
  readonly rootCaPath: string;
  readonly tlsCertFile: string;
}

/** What sentences need of a node's options. */
export function faultSettings(options: BusOptions): FaultSettings {
  const { rootCaPath, tlsCertFile, brokerAddress } = options;
  return { address: shownAddress(brokerAddress), rootCaPath, tlsCertFile, signIn: signInOf(options) };
}

/** What the largest question between nodes needs, with its headers: 200 ids; bytes. */
const LEAST_PAYLOAD = 16 * 1024;

/** What is wrong with a broker that takes no larger messages than this, bytes, with the way out behind the last colon; undefined where that is enough. */
export function payloadFault(maxPayload: number): string | undefined {
  if (maxPayload >= LEAST_PAYLOAD) return undefined;
  const most = `the broker takes messages of ${maxPayload} bytes at most (max_payload), of which 2048 are for headers`;
  return `${most}, so that nodes cannot ask one another for the state of requests, and what is larger may never arrive: set max_payload there to 16KB at least, 1MB is its default`;
}

/** The fault of a broker that takes no headers. */
export function noHeaders(): Error {
  return Object.assign(new Error('the broker takes no headers'), { code: 'NO_HEADERS' });
}

type Sentence = (settings: FaultSettings, error: { message: string; code: string }) => string;
type Rule = readonly [codes: RegExp, kind: ConnectFaultKind, sentence: Sentence];

/** By the code of Node's error; the first that fits counts. */
const RULES: readonly Rule[] = [
  [
    /^NO_HEADERS$/,
    'setting',
    () =>
      'it takes no headers, without which nothing can be delivered: take no_header_support out of its configuration, or use nats-server 2.2 or newer',
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    'certificate',
    () => 'its certificate has expired: renew it there, or set the clock of this machine',
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    'certificate',
    () => 'its certificate is not valid yet: check the clocks of the broker and of this machine',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'certificate',
    () =>
      'its certificate is for another host: connect by a name or IP that it has (brokerAddress), or give it one with this name',
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|CERT_UNTRUSTED|CERT_SIGNATURE)/,
    'certificate',
    unknownAuthority,
  ],
  [
    /^(CERT_|INVALID_PURPOSE|HOSTNAME_)/,
    'certificate',
    (_, { code }) => `its certificate is not accepted (${code}): check it there`,
  ],
  [
    /ALERT_(CERTIFICATE|BAD_CERT|UNKNOWN_CA|UNSUPPORTED_CERT|ACCESS_DENIED)|ALERT_NO_CERT/,
    'client-certificate',
    clientCertificate,
  ],
  [
    /^(ERR_SSL_|EPROTO$|ERR_TLS_)/,
    'certificate',
    (_, { message }) => `TLS with it fails (${message}): check which versions of TLS it offers`,
  ],
  [
    /^(ENOTFOUND|EAI_)/,
    'unreachable',
    (_, { code }) =>
      `its name is not found (${code}): check brokerAddress, and the name service of this machine`,
  ],
  [
    /^(ECONNREFUSED|CONNECTION_REFUSED)$/,
    'unreachable',
    () => 'nothing listens there: check brokerAddress, and that the broker runs',
  ],
  [
    /^(ETIMEDOUT|TIMEOUT)$/,
    'unreachable',
    () => 'it does not answer in time: check the link and firewalls; natsConnOptTimeout sets the time',
  ],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN|EHOSTDOWN)$/,
    'unreachable',
    (_, { code }) => `there is no way to it (${code}): check the link and the routes of this machine`,
  ],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED|EBADF)$/,
    'unreachable',
    (_, { code }) =>
      `it ends the connection (${code}): check the broker's log, and that brokerAddress is its client port`,
  ],
];

/** Says why an attempt to connect failed, or a connection was ended. */
export function connectFault(error: unknown, settings: FaultSettings): ConnectFault {
  if (error instanceof BusError && error.code === 'bad-option') {
    return { kind: 'setting', text: `no connection to the broker at ${settings.address}: ${error.message}` };
  }
  const { kind, reason } = reasonOf(error, settings);
  return { kind, text: `no connection to the broker at ${settings.address}: ${reason}` };
}

/** Whether a fault says nothing of how busy a broker is: nobody got to it, or it has refused the sign-in. */
export function saysNothingOfLoad(error: unknown): boolean {
  if (error instanceof AuthorizationError) return !/timeout/i.test(error.message);
  return /^(ENOTFOUND|EAI_|E\w*UNREACH|ECONNREFUSED|CONNECTION_REFUSED|(E?TIMED?OUT)|EADDRNOTAVAIL|E\w+DOWN)/.test(
    causeOf(error).code,
  );
}

/** Says that the broker forbade something, on which subject. */
export function permissionFault(operation: 'publish' | 'subscription', subject: string): string {
  const verb = operation === 'publish' ? 'publish to' : 'subscribe to';
  return `the broker does not allow this node to ${verb} ${subject}: check its permissions`;
}

function reasonOf(error: unknown, settings: FaultSettings): { kind: ConnectFaultKind; reason: string } {
  if (error instanceof UserAuthenticationExpiredError || error instanceof AuthorizationError) {
    return { kind: 'sign-in', reason: signInRefused(settings.signIn, error.message) };
  }
  const { code, message } = causeOf(error);
  if (/does not support 'tls'|'tls' is not available/.test(message)) {
    return {
      kind: 'no-tls',
      reason:
        'it does not speak TLS, which rootCAPath, tlsCertFile or tls:// asks for: switch TLS on there, or off here',
    };
  }
  if (code === 'EBADF' && usesTls(settings))
    return { kind: 'client-certificate', reason: hungUpAfterTls(settings) };
  const refused = /client certificate (?:required|not accepted \((\w+)\))/.exec(message);
  if (refused !== null) {
    const reason = clientCertificate(settings, { code: refused[1] ?? 'CERTIFICATE_REQUIRED' });
    return { kind: 'client-certificate', reason };
  }
  const rule = RULES.find(([codes]) => codes.test(code));
  if (rule) return { kind: rule[1], reason: rule[2](settings, { code, message }) };
  // The library's words for what no NATS broker says, and for an end before anything was said.
  if (/unexpected response from server/.test(message))
    return {
      kind: 'other',
      reason: 'what answers there is no NATS broker: check that brokerAddress is its client port',
    };
  const isSilent = message === '' || /provided an undefined error/.test(message);
  const reason = isSilent
    ? "it ended the connection without a word: check the broker's log, and that brokerAddress is its client port"
    : `${message}; see the broker's log`;
  return { kind: 'other', reason };
}

/** The innermost error that has a code, which says most; the library wraps what Node gave it. */
function causeOf(error: unknown): { code: string; message: string } {
  if (error instanceof TimeoutError) return { code: 'TIMEOUT', message: error.message };
  if (!(error instanceof Error)) return { code: '', message: '' };
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return { code, message: error.message };
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (error.cause instanceof Error) return causeOf(error.cause);
  return { code: error.message === 'connection refused' ? 'CONNECTION_REFUSED' : '', message: error.message };
}

function unknownAuthority({ rootCaPath }: FaultSettings): string {
  return rootCaPath
    ? `its certificate does not come from the authority in rootCAPath ${rootCaPath}: name the root certificate that it comes from`
    : 'its certificate comes from an authority that this machine does not know: name the root certificate with rootCAPath';
}

function clientCertificate({ tlsCertFile }: FaultSettings, { code }: { code: string }): string {
  if (!tlsCertFile)
    return 'it asks for a client certificate, and none is set: set tlsCertFile and tlsKeyFile';
  const why = /EXPIRED/.test(code)
    ? 'as expired'
    : `(${code
        .replace(/^ERR_SSL_\w*ALERT_/, '')
        .toLowerCase()
        .replaceAll('_', ' ')})`;
  return `it refuses the client certificate in tlsCertFile ${tlsCertFile} ${why}: use one of an authority that it trusts`;
}

function usesTls({ address, rootCaPath, tlsCertFile }: FaultSettings): boolean {
  return rootCaPath !== '' || tlsCertFile !== '' || address.includes('tls://');
}

/** Without the broker's alert, which the engine of the single-file program keeps to itself. */
function hungUpAfterTls(settings: FaultSettings): string {
  const what = clientCertificate(settings, { code: 'no reason given' }).replace(/^it/, 'one that');
  return `it ends the connection right after TLS was agreed on, like ${what}`;
}

function signInRefused({ way, who, expiresAt }: SignIn, message: string): string {
  if (way === 'none') {
    return `it asks for a sign-in (${message}), and none is set: set nkeySeedFile or credsFile, or user:password@ in brokerAddress`;
  }
  if (way === 'password')
    return `it refuses the user ${who} (${message}): check user and password in brokerAddress`;
  if (way === 'nkey')
    return `it refuses the nkey ${who} (${message}): check nkeySeedFile, and that this key is among its users`;
  const end = expiresAt === undefined ? '' : `, which end on ${new Date(expiresAt).toISOString()}`;
  return `it refuses the credentials of ${who}${end} (${message}): check credsFile, and that its account knows this user`;
}
