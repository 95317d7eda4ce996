import type { IncomingMessage } from 'node:http';
import { readSecret } from '../config/listener-tokens.ts';
import type { WebProxyConfig } from '../config/web-config.ts';
import type { Role } from '../contract/sessions.ts';
import { isSameSecret } from '../lib/is-same-secret.ts';
import { ListenError } from '../lib/listen-error.ts';

/** Whom a proxy says that a request comes from. */
export interface Visitor {
  readonly user: string;
  readonly role: Role;
}

const SECRET_HEADER = 'x-steward-proxy';
const MAX_NAME = 200;
const MIN_SECRET = 20;

/** Judges requests by what a trusted proxy says of them. */
export class ProxyVisitors {
  readonly #options: WebProxyConfig;
  readonly #secret: string;

  constructor(options: WebProxyConfig, secret: string) {
    this.#options = options;
    this.#secret = secret;
  }

  /** Reads the secret of the proxy. Throws ListenError. */
  static async open(options: WebProxyConfig): Promise<ProxyVisitors> {
    const { secretFile: file } = options;
    const secret = await readSecret(file, "the proxy's secret");
    if (secret.length >= MIN_SECRET && /^[\x21-\x7e]*$/.test(secret))
      return new ProxyVisitors(options, secret);
    const reason = `the proxy's secret in ${file} must have ${MIN_SECRET} visible ASCII characters at least: openssl rand -hex 24`;
    throw new ListenError('bad-token', reason);
  }

  get origin(): string {
    return this.#options.origin;
  }

  /**
   * Whether a request comes through the proxy: from its address, and with its secret, as every user of the machine can
   * connect from an address of the machine. Headers of all others are what anybody writes.
   */
  isThrough({ headersDistinct, socket }: IncomingMessage): boolean {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    const [secret, ...more] = headersDistinct[SECRET_HEADER] ?? [];
    if (secret === undefined || more.length > 0) return false;
    return this.#options.addresses.includes(address) && isSameSecret(secret, this.#secret);
  }

  /** Who asks, by a request through the proxy; undefined where it names nobody, or more than one. */
  visitorOf({ headersDistinct }: IncomingMessage): Visitor | undefined {
    const { userHeader, groupsHeader, actUsers, actGroups } = this.#options;
    // A header that is there twice came in part from the browser, past the proxy.
    const [user = '', ...others] = headersDistinct[userHeader] ?? [];
    const lines = groupsHeader === '' ? [] : (headersDistinct[groupsHeader] ?? []);
    if (others.length > 0 || lines.length > 1 || !isName(user)) return undefined;
    const groups = (lines[0] ?? '').split(',').map((group) => group.trim());
    const mayAct = actUsers.includes(user) || groups.some((group) => actGroups.includes(group));
    return { user, role: mayAct ? 'act' : 'look' };
  }
}

function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME && !/\p{C}/u.test(text);
}
