/** What is wrong, by the codes of Node's sockets, TLS and fetch. */
const SENTENCES: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) => `${host} refused the connection: nothing listens there`,
  ECONNRESET: (host) => `${host} broke the connection off`,
  UND_ERR_SOCKET: (host) => `${host} closed the connection before the answer was complete`,
  UND_ERR_CONNECT_TIMEOUT: (host) => `${host} did not take the connection in time`,
  ETIMEDOUT: (host) => `${host} did not take the connection in time`,
  UND_ERR_HEADERS_TIMEOUT: (host) => `${host} did not answer for five minutes`,
  UND_ERR_BODY_TIMEOUT: (host) => `${host} sent nothing more for five minutes`,
  UND_ERR_HEADERS_OVERFLOW: (host) => `${host} answered with more headers than are taken`,
  ENOTFOUND: (host) => `there is no host ${host}: its name can't be resolved`,
  EAI_AGAIN: (host) => `the name ${host} could not be resolved: no name server answered`,
  EHOSTUNREACH: (host) => `there is no way to ${host}`,
  ENETUNREACH: (host) => `there is no way to the network of ${host}`,
  CERT_HAS_EXPIRED: (host) => `the TLS certificate of ${host} has expired`,
  CERT_NOT_YET_VALID: (host) =>
    `the TLS certificate of ${host} is not valid yet (is this node's clock right?)`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) =>
    `the TLS certificate of ${host} is self-signed, and not trusted here`,
  SELF_SIGNED_CERT_IN_CHAIN: (host) =>
    `the TLS certificate of ${host} is of an authority that is not trusted here`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) =>
    `the TLS certificate of ${host} is of an authority that is not known here`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (host) =>
    `the TLS certificate of ${host} is of an authority that is not known here`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `the TLS certificate of ${host} is for another name`,
  ERR_SSL_WRONG_VERSION_NUMBER: (host) => `${host} does not speak TLS on that port`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: (host) => `${host} does not speak TLS on that port`,
};

/** Why a fetch failed, as a sentence that names the host; `error` is what fetch, or the reading of its body, threw. */
export function describeFetchFault(url: URL, error: unknown): string {
  const cause = rootCause(error);
  const { code, message, name } = cause as { code?: unknown; message?: unknown; name?: unknown };
  const sentence = typeof code === 'string' ? SENTENCES[code]?.(url.host) : undefined;
  if (sentence) return sentence;
  if (message === 'bad port') return `port ${url.port} belongs to another protocol and is not fetched from`;
  if (name === 'HTTPParserError') return `${url.host} did not answer in HTTP (${String(message)})`;
  const detail = typeof code === 'string' ? `${code}: ${String(message)}` : String(message ?? cause);
  return `${url.host} could not be fetched from: ${detail}`;
}

/** The innermost cause: of several attempts to connect (IPv6, IPv4) the last. */
function rootCause(error: unknown): object {
  let cause = error;
  for (let depth = 0; depth < 5; depth++) {
    const inner = cause instanceof AggregateError ? cause.errors.at(-1) : (cause as Error | undefined)?.cause;
    if (typeof inner !== 'object' || inner === null) break;
    cause = inner;
  }
  return typeof cause === 'object' && cause !== null ? cause : { message: String(cause) };
}
