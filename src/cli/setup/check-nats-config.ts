import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { succeeds } from '../../lib/succeeds.ts';
import { UsageError } from '../line/command.ts';

/** Where Debian keeps nats-server, which is not on every user's path. */
const MORE_PLACES = ':/usr/sbin:/usr/local/bin';
const CHECK_TIMEOUT_MS = 20_000;

interface Checked {
  readonly text: string;
  /** The same without certificates, for a machine on which they are not. */
  readonly withoutTls: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string } | undefined;
}

/** Has an installed nats-server check a configuration; a sentence on how. Throws UsageError with what it says against it. */
export async function checkNatsConfig(
  { text, withoutTls, tls }: Checked,
  { env, command = 'nats-server' }: { env: Environment; command?: string },
): Promise<string> {
  const hasFiles = await areThere(tls === undefined ? [] : Object.values(tls));
  const folder = await mkdtemp(join(tmpdir(), 'steward-config-'));
  try {
    const file = join(folder, 'nats.conf');
    await writeFile(file, hasFiles ? text : withoutTls, { mode: 0o600 });
    const ran = await runCheck([command, file], env);
    if (ran === 'missing') return 'Not checked: nats-server is not installed on this machine.';
    if (ran !== 'valid')
      throw new UsageError(
        `nats-server does not take the configuration: ${ran.replaceAll(`${file}:`, 'line ')}`,
      );
    return hasFiles
      ? 'Checked with nats-server -t: it is valid.'
      : 'Checked with nats-server -t: it is valid, but for its certificates, which are not on this machine.';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runCheck(
  [command, file]: [string, string],
  env: Environment,
): Promise<'valid' | 'missing' | (string & {})> {
  const options = { env: { ...env, PATH: `${env.PATH ?? ''}${MORE_PLACES}` }, timeout: CHECK_TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile(command, ['-t', '-c', file], options, (error, stdout, stderr) => {
      if (error === null) return resolve('valid');
      if (error.code === 'ENOENT') return resolve('missing');
      const said = `${stderr}${stdout}`.trim().split('\n').at(-1) ?? '';
      resolve(said === '' ? error.message : said.replace(/^nats-server: /, ''));
    });
  });
}

async function areThere(files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(files.map((file) => succeeds(access(file))));
  return found.every((isThere) => isThere);
}
