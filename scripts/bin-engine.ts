import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BinError } from './bin-error.ts';
import { ENGINE_VERSION, type Target } from './bin-targets.ts';

/** How npm says that it got no answer from the registry. */
const UNREACHABLE =
  /\b(E?NOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|E40[137]|E50[234])\b|network/i;

const INSTALL_TIMEOUT_MS = 300_000;

/**
 * The engine of a target, as a file: from the cache folder, where it is installed by npm the first time. It is no
 * dependency of the package, since it has 100 MB. Throws BinError.
 */
export function engineOf(target: Target, cacheFolder: string): string {
  const folder = join(cacheFolder, `engine-${ENGINE_VERSION}-${target.name}`);
  const file = join(folder, 'node_modules', target.enginePackage, 'bin', executableOf(target));
  if (!existsSync(file)) install(target, folder);
  const found = integrityIn(folder, target);
  if (found !== target.integrity || !existsSync(file)) {
    rmSync(folder, { recursive: true, force: true });
    throw new BinError(
      'failed',
      `${target.enginePackage}@${ENGINE_VERSION} is not the package that scripts/bin-targets.ts expects ` +
        `(checksum ${found ?? 'missing'}): it was removed again and nothing was made with it`,
    );
  }
  return file;
}

function executableOf({ os }: Target): string {
  return os === 'win32' ? 'bun.exe' : 'bun';
}

function install({ enginePackage, os, cpu, libc }: Target, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const flags = [
    ...['--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--force'],
    ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'],
  ];
  const system = [`--os=${os}`, `--cpu=${cpu}`, ...(libc === undefined ? [] : [`--libc=${libc}`])];
  const spec = `${enginePackage}@${ENGINE_VERSION}`;
  const { status, stderr, error } = spawnSync('npm', ['install', ...flags, ...system, spec], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_TIMEOUT_MS,
    // npm run sets the package's own configuration, which is not meant for this folder; of a silent npm no reason would come.
    env: {
      ...process.env,
      npm_config_omit: '',
      npm_config_package_lock: 'true',
      npm_config_loglevel: 'error',
    },
  });
  if (status === 0) return;
  rmSync(folder, { recursive: true, force: true });
  const reason = reasonOf(stderr ?? '') || error?.message || `npm ended with ${status}`;
  const isUnavailable = UNREACHABLE.test(reason) || (error as NodeJS.ErrnoException)?.code === 'ETIMEDOUT';
  throw isUnavailable
    ? new BinError('unavailable', `${spec} cannot be had, as npm's registry does not answer: ${reason}`)
    : new BinError('failed', `${spec} could not be installed: ${reason}`);
}

function reasonOf(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line)?.[1] ?? []);
  return lines.slice(0, 3).join('; ');
}

function integrityIn(folder: string, { enginePackage }: Target): string | undefined {
  try {
    const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity?: string }>;
    };
    return lock.packages[`node_modules/${enginePackage}`]?.integrity;
  } catch {
    return undefined;
  }
}
