import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse, refuseOrThrow } from '../api/refusal.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { Role } from '../contract/sessions.ts';
import { ByteBudget } from '../lib/byte-budget.ts';
import { readBody } from '../lib/read-body.ts';
import type { PasskeyCeremonies } from './passkey-ceremonies.ts';
import type { Passkeys } from './passkeys.ts';
import type { ProxyVisitors, Visitor } from './proxy-visitor.ts';
import type { BegunSession, Sessions } from './sessions.ts';

interface SignInDeps {
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
  readonly now: () => number;
  /** The node whose fleet it is: browsers keep a cookie of its name. */
  readonly nodeName: string;
  readonly proxy: ProxyVisitors | undefined;
  readonly isTls: boolean;
  readonly logger: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

/** A request whose body was read. */
interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly asker: Visitor | undefined;
}

const LIMITS = { maxBytes: 10_000, idleTimeoutMs: 10_000 };
/** Where a browser asks who it is, and signs in. */
const SESSION_PATH = '/session';

/** Signs browsers in with the code of a link, a passkey, or what a proxy says, and tells who asks. */
export class SignIn {
  readonly #deps: SignInDeps;
  readonly #cookie: string;
  readonly #budget = new ByteBudget(100 * LIMITS.maxBytes);
  #ceremonies: Promise<PasskeyCeremonies> | undefined;

  constructor(deps: SignInDeps) {
    this.#deps = deps;
    this.#cookie = `steward-${deps.nodeName.replace(/[^A-Za-z0-9_-]/g, '_')}`;
  }

  /** Whether a path is one of those that `handle` answers. */
  serves(path: string): boolean {
    return path === SESSION_PATH || path.startsWith(`${SESSION_PATH}/`);
  }

  /** Signs a browser in, or tells who it is. */
  async handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      const session = this.sessionOf(request);
      if (session === undefined) return refuse(response, SIGNED_OUT);
      return sendJson(response, { role: this.roleOf(request, session.role) });
    }
    const asker = this.#asker(request);
    if (asker === 'nobody') return refuse(response, NOBODY);
    const { body, release } = await readBody({ request, response }, LIMITS, this.#budget);
    release();
    if (body === 'gone') return;
    if ('status' in body) return refuse(response, body);
    const asked = { request, asker, body: Buffer.from(body.bytes).toString() };
    try {
      if (path === SESSION_PATH) this.#begin(this.#beginByLink(asked), asked, response);
      else await this.#byPasskey(path, asked, response);
    } catch (error) {
      refuseOrThrow(response, error);
    }
  }

  #beginByLink({ request, body: code, asker }: Asked): BegunSession {
    const { sessions } = this.#deps;
    const browser = browserOf(request);
    const begun = asker === undefined ? sessions.begin(code, browser) : sessions.beginFor(asker, browser);
    if (begun !== undefined) return begun;
    throw new OperationError('unauthorized', code === '' ? SIGNED_OUT.reason : USED);
  }

  async #byPasskey(path: string, asked: Asked, response: ServerResponse): Promise<void> {
    const { request, body, asker } = asked;
    if (asker !== undefined)
      throw new OperationError(
        'forbidden',
        'a proxy signs people in here: passkeys are for those who come without it',
      );
    this.#ceremonies ??= import('./passkey-ceremonies.ts').then(
      (loaded) => new loaded.PasskeyCeremonies(this.#deps),
    );
    const ceremonies = await this.#ceremonies;
    const origin = `${this.#deps.isTls ? 'https' : 'http'}://${request.headers.host}`;
    switch (path.slice(SESSION_PATH.length)) {
      case '/passkey/challenge':
        return sendJson(response, ceremonies.askToSignIn(origin));
      case '/passkey': {
        const { id, role } = await ceremonies.signIn(jsonOf(body), origin);
        const begun = this.#deps.sessions.beginFor({ role, passkey: id }, browserOf(request));
        return this.#begin(begun, asked, response);
      }
      case '/passkeys/challenge':
        return sendJson(response, ceremonies.askToMake(origin, this.#maker(request)));
      case '/passkeys':
        return sendJson(response, await ceremonies.make(jsonOf(body), origin, this.#maker(request)));
      default:
        throw new OperationError('not-found', `the console has no ${path.slice(0, 200)}`);
    }
  }

  /** The session that a passkey is made in: one that may act, as a passkey outlasts it. */
  #maker(request: IncomingMessage): string {
    const session = this.sessionOf(request);
    if (session === undefined) throw new OperationError('unauthorized', SIGNED_OUT.reason);
    if (session.role === 'act') return session.id;
    throw new OperationError(
      'forbidden',
      'a session that looks makes no passkeys: run steward web for one that may',
    );
  }

  #begin({ secret, role }: BegunSession, { asker }: Asked, response: ServerResponse): void {
    // Without Secure where it is served without TLS: Safari keeps no Secure cookie of localhost.
    const cookie = `${this.#cookieFor(asker)}=${secret}; Path=/; HttpOnly; SameSite=Strict${this.#isSecure(asker) ? '; Secure' : ''}`;
    response.setHeader('Set-Cookie', cookie);
    sendJson(response, { role });
  }

  /** The session of a request, which is its own user's alone where a proxy names one. */
  sessionOf(request: IncomingMessage) {
    const asker = this.#asker(request);
    if (asker === 'nobody') return undefined;
    const cookie = `${this.#cookieFor(asker)}=`;
    const secret = (request.headers.cookie ?? '')
      .split(/; */)
      .find((each) => each.startsWith(cookie))
      ?.slice(cookie.length);
    const session = secret === undefined ? undefined : this.#deps.sessions.find(secret);
    return session?.user === asker?.user ? session : undefined;
  }

  /** What the proxy says now counts, and not what it said at the beginning. */
  roleOf(request: IncomingMessage, role: Role): Role {
    const asker = this.#asker(request);
    return typeof asker === 'object' ? asker.role : role;
  }

  /** Whom a trusted proxy names; undefined where the request comes through none. */
  #asker(request: IncomingMessage): Visitor | 'nobody' | undefined {
    const { proxy } = this.#deps;
    if (!proxy?.isThrough(request)) return undefined;
    return proxy.visitorOf(request) ?? 'nobody';
  }

  #cookieFor(asker: Visitor | undefined): string {
    return this.#isSecure(asker) ? `__Host-${this.#cookie}` : this.#cookie;
  }

  /** Whether the browser came by https, here or to the proxy. */
  #isSecure(asker: Visitor | undefined): boolean {
    return this.#deps.isTls || asker !== undefined;
  }
}

/** Why a request without a session is refused. */
export const SIGNED_OUT = { status: 401, reason: 'nobody is signed in: run steward web for a link' };
const NOBODY = { status: 401, reason: 'the proxy names no user, or more than one' };
const USED = 'this link was used or is older than a minute: run steward web for another one';

function browserOf({ headers }: IncomingMessage): string {
  return headers['user-agent'] ?? '';
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new OperationError('bad-request', `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}
