import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type Key = ReturnType<typeof nkeys.createUser>;

/** An operator with one account, as `nsc` would make them, for brokers whose users sign in with JWTs. */
export interface Operator {
  /** The lines of the broker's config. */
  readonly config: string;
  /** The text of a .creds file of a new user, with permissions where given, that ends at `expiresAt` (s since 1970). */
  creds(user?: { readonly pub?: object; readonly sub?: object; readonly expiresAt?: number }): string;
}

/** Makes the keys and JWTs of an operator and its account. */
export function makeOperator(): Operator {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const operatorJwt = sign(operator, {
    sub: operator.getPublicKey(),
    nats: { type: 'operator', version: 2 },
  });
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountJwt = sign(operator, {
    sub: account.getPublicKey(),
    nats: { type: 'account', version: 2, limits },
  });
  const preload = `resolver_preload { ${account.getPublicKey()}: ${accountJwt} }`;
  return {
    config: `operator: ${operatorJwt}\nresolver: MEMORY\n${preload}`,
    creds: ({ pub = {}, sub = {}, expiresAt } = {}) => {
      const user = nkeys.createUser();
      const jwt = sign(account, {
        sub: user.getPublicKey(),
        ...(expiresAt === undefined ? {} : { exp: expiresAt }),
        nats: { type: 'user', version: 2, pub, sub, ...unlimited },
      });
      const seed = new TextDecoder().decode(user.getSeed());
      return (
        `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\nKeep the seed secret.\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n\n*****\n`
      );
    },
  };
}

function sign(issuer: Key, claims: object): string {
  const full = {
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: 'of a test',
    ...claims,
  };
  const jti = createHash('sha256').update(JSON.stringify(full)).digest('hex').slice(0, 52).toUpperCase();
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...full })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
