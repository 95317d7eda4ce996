import type { Passkey, Role } from '../../contract/sessions.ts';
import { TEXTS } from '../texts.ts';
import { send, WebError } from './web-api.ts';

/** Has the browser make a passkey, which the node then keeps. Throws WebError. */
export async function makePasskey(name: string, role: Role): Promise<Passkey> {
  const options = await post<Readonly<Record<string, unknown>>>('/session/passkeys/challenge', {});
  const { user, excludeCredentials: known, ...rest } = options as unknown as CreationOptions;
  const publicKey = {
    ...rest,
    challenge: bytesOf(rest.challenge),
    // What the browser shows when it asks which one to use.
    user: { id: bytesOf(user.id), name: `${name}, ${rest.rp.name}`, displayName: name },
    excludeCredentials: known.map((each) => ({ ...each, id: bytesOf(each.id) })),
  };
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  const { clientDataJSON, attestationObject } = made.response as AuthenticatorAttestationResponse;
  return await post<Passkey>('/session/passkeys', {
    ...{ name, role, clientData: textOf(clientDataJSON), attestation: textOf(attestationObject) },
  });
}

/** Signs in with a passkey of this browser or of a key that is plugged in. Throws WebError. */
export async function signInByPasskey(): Promise<Role> {
  const options = await post<RequestOptions>('/session/passkey/challenge', {});
  const publicKey = { ...options, challenge: bytesOf(options.challenge) };
  const used = await asked(() => navigator.credentials.get({ publicKey }));
  const { clientDataJSON, authenticatorData, signature } = used.response as AuthenticatorAssertionResponse;
  const { role } = await post<{ role: Role }>('/session/passkey', {
    ...{ id: textOf(used.rawId), clientData: textOf(clientDataJSON) },
    ...{ authenticator: textOf(authenticatorData), signature: textOf(signature) },
  });
  return role;
}

/** What the node asks for, with base64url for bytes. */
type CreationOptions = Omit<
  PublicKeyCredentialCreationOptions,
  'challenge' | 'user' | 'excludeCredentials'
> & {
  readonly challenge: string;
  readonly user: { readonly id: string };
  readonly excludeCredentials: readonly { readonly type: 'public-key'; readonly id: string }[];
};
type RequestOptions = Omit<PublicKeyCredentialRequestOptions, 'challenge'> & { readonly challenge: string };

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    return (await ask()) as PublicKeyCredential;
  } catch (error) {
    const { name, message } = error as Error;
    throw new WebError(0, TEXTS.passkeyFaults[name as keyof typeof TEXTS.passkeyFaults] ?? message);
  }
}

async function post<T>(path: string, body: object): Promise<T> {
  return (await (await send(path, { method: 'POST', body: JSON.stringify(body) })).json()) as T;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function textOf(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
