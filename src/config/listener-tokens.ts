import { ListenError } from '../lib/listen-error.ts';
import { readNeededFile } from '../lib/plain-file.ts';
import type { Config } from './config.ts';
import { tokenFault } from './listener-config.ts';

/** The token that clients must show: from its file where there is one; '' = none. Throws ListenError. */
export async function tokenOf({ listenerToken, listenerTokenFile: file }: Config): Promise<string> {
  return file === '' ? listenerToken : await readToken(file, 'listener token');
}

/** The token of those who may look; '' = none. Throws ListenError. */
export async function lookTokenOf({ lookTokenFile: file }: Config, listenerToken: string): Promise<string> {
  const token = file === '' ? '' : await readToken(file, 'look token');
  if (token !== '' && token === listenerToken)
    throw new ListenError(
      'bad-token',
      `the look token in ${file} is the listener token: it must be another one`,
    );
  return token;
}

/** The text of a file of a secret, without what is around it. Throws ListenError. */
export async function readSecret(file: string, name: string): Promise<string> {
  return (await readNeededFile(file, { as: ListenError, code: 'bad-token', name: `${name} ${file}` })).trim();
}

async function readToken(file: string, name: string): Promise<string> {
  const token = await readSecret(file, `the ${name}`);
  const fault = token === '' ? 'must not be empty' : tokenFault(token);
  if (fault !== undefined) throw new ListenError('bad-token', `the ${name} in ${file} ${fault}`);
  return token;
}
