import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { OperationError } from '../contract/operation-error.ts';
import type { Passkey, Role } from '../contract/sessions.ts';
import { CHALLENGE_MS, Challenges } from './challenges.ts';
import type { Passkeys } from './passkeys.ts';
import { ALGORITHMS, readMadePasskey, type Site, verifyAssertion, WebAuthnError } from './webauthn.ts';

const SIGN_IN = 'sign in';

/** What is said to those who sign in with what is not kept: also to those whose passkey was removed. */
const UNKNOWN = 'this passkey is not known here (any more): run steward web for a link';

interface CeremonyDeps {
  readonly passkeys: Passkeys;
  readonly now: () => number;
  /** The node whose fleet it is. */
  readonly nodeName: string;
  readonly logger: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

/**
 * Makes passkeys and signs in with them: two steps each, a challenge and what the browser answers. `origin` is that of the page
 * that asks. All throw OperationError.
 */
export class PasskeyCeremonies {
  readonly #challenges: Challenges;
  readonly #deps: CeremonyDeps;

  constructor(deps: CeremonyDeps) {
    this.#challenges = new Challenges(deps.now);
    this.#deps = deps;
  }

  /** What a browser is to make a passkey of: PublicKeyCredentialCreationOptions, with base64url for bytes. */
  askToMake(origin: string, session: string) {
    const site = siteOf(origin);
    return {
      challenge: this.#challenges.make(session),
      rp: { id: site.rpId, name: `Steward ${this.#deps.nodeName}` },
      // One of its own for each: an authenticator keeps one passkey of a site for a user.
      user: { id: randomBytes(16).toString('base64url') },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: this.#deps.passkeys
        .at(site.rpId)
        .map(({ credential: id }) => ({ type: 'public-key', id })),
      timeout: CHALLENGE_MS,
    };
  }

  /** Keeps the passkey that a browser made in a session. */
  async make(body: unknown, origin: string, session: string): Promise<Passkey> {
    const site = siteOf(origin);
    const given = new Answer(body);
    const made = refusing('bad-request', () => {
      const read = readMadePasskey(
        { clientData: given.bytes('clientData'), attestation: given.bytes('attestation') },
        site,
      );
      if (!this.#challenges.use(read.challenge, session)) throw new WebAuthnError(TOO_LATE);
      return read;
    });
    const { counter, publicKey } = made;
    const passkey = await this.#deps.passkeys.add({
      ...{ name: given.text('name'), role: given.role(), site: site.rpId },
      ...{ credential: made.credential.toString('base64url'), publicKey, counter },
    });
    this.#deps.logger.info(
      { passkey: passkey.name, role: passkey.role },
      'a passkey for the console was made',
    );
    return passkey;
  }

  /** What a browser is to sign in with: PublicKeyCredentialRequestOptions, with base64url for bytes. */
  askToSignIn(origin: string) {
    const { rpId } = siteOf(origin);
    if (this.#deps.passkeys.at(rpId).length === 0) {
      const reason = `no passkey is kept for ${rpId}: run steward web for a link, and make one in Settings`;
      throw new OperationError('unauthorized', reason);
    }
    return {
      ...{ challenge: this.#challenges.make(SIGN_IN), rpId },
      ...{ userVerification: 'required', timeout: CHALLENGE_MS },
    };
  }

  /** The passkey that somebody signs in with. */
  async signIn(body: unknown, origin: string): Promise<Passkey> {
    const site = siteOf(origin);
    const given = new Answer(body);
    const credential = given.text('id');
    const kept = this.#deps.passkeys.at(site.rpId).find((each) => each.credential === credential);
    if (kept === undefined) throw new OperationError('unauthorized', UNKNOWN);
    const assertion = {
      clientData: given.bytes('clientData'),
      authenticator: given.bytes('authenticator'),
      signature: given.bytes('signature'),
    };
    try {
      const counter = refusing('unauthorized', () => {
        const publicKey = Buffer.from(kept.publicKey);
        const verified = verifyAssertion(assertion, { ...kept, publicKey }, site);
        if (!this.#challenges.use(verified.challenge, SIGN_IN)) throw new WebAuthnError(TOO_LATE);
        return verified.counter;
      });
      await this.#deps.passkeys.used(kept.id, counter);
      return kept;
    } catch (error) {
      this.#deps.logger.warn({ err: error, passkey: kept.name }, 'a sign-in with a passkey was refused');
      throw error;
    }
  }
}

const TOO_LATE = 'answers a challenge that was used or is older than a minute: try again';

/** The site of a request; passkeys are bound to names, and addresses are none. Throws OperationError. */
function siteOf(origin: string): Site {
  const { hostname, port } = new URL(origin);
  if (isIP(hostname.replace(/[[\]]/g, '')) === 0) return { origin, rpId: hostname };
  const way =
    hostname === '127.0.0.1' || hostname === '[::1]'
      ? `open http://localhost:${port}/`
      : 'open it by its name';
  throw new OperationError('bad-request', `passkeys are for names of hosts, not for ${hostname}: ${way}`);
}

/** What a browser sent, field by field. */
class Answer {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(body: unknown) {
    this.#fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  }

  text(field: string): string {
    const value = this.#fields[field];
    if (typeof value === 'string') return value;
    throw new OperationError('bad-request', `${field} is needed, as a text`, { field });
  }

  bytes(field: string): Uint8Array {
    return Buffer.from(this.text(field), 'base64url');
  }

  role(): Role {
    const role = this.text('role');
    if (role === 'act' || role === 'look') return role;
    throw new OperationError('bad-request', `role is act or look, not ${JSON.stringify(role.slice(0, 40))}`, {
      field: 'role',
    });
  }
}

function refusing<T>(code: 'bad-request' | 'unauthorized', work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WebAuthnError)) throw error;
    throw new OperationError(code, `the passkey's answer ${error.message}`, { cause: error });
  }
}
