import type { StewardApi } from '../../src/client/steward-api.ts';
import type { Passkey } from '../../src/contract/sessions.ts';
import { asBase64, FakeAuthenticator } from './fake-authenticator.ts';

/** Makes a passkey of a fake authenticator at the console of a node, as its page does. */
export async function makePasskey(api: Pick<StewardApi, 'signInLink'>, name: string): Promise<Passkey> {
  const { url } = await api.signInLink({ role: 'act' });
  const { origin, hash, hostname: rpId } = new URL(url);
  const post = async (path: string, body: string, cookie = '') =>
    await fetch(`${origin}${path}`, { method: 'POST', body, headers: { Cookie: cookie } });
  const signedIn = await post('/session', hash.replace('#in=', ''));
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
  const asked = await post('/session/passkeys/challenge', '', cookie);
  const { challenge } = (await asked.json()) as { challenge: string };
  const made = new FakeAuthenticator().make(challenge, { origin, rpId });
  const body = JSON.stringify({ name, role: 'act', ...asBase64(made) });
  return (await (await post('/session/passkeys', body, cookie)).json()) as Passkey;
}
