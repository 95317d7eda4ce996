import { spawnSync } from 'node:child_process';

/** A program that is needed, and the Debian package that brings it. */
export interface NeededProgram {
  readonly command: string;
  readonly debianPackage: string;
}

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/usr/local/bin`;
const INSTALLER = 'apt-get';

/**
 * Sees to it that programs are there: on Debian as root it installs the packages of those that are missing,
 * elsewhere it ends with a sentence that says what to install.
 */
export function installPrograms(programs: readonly NeededProgram[]): void {
  const left = installIfPossible(programs);
  if (left.length === 0) return;
  const names = left.map(({ command }) => command).join(', ');
  const packages = left.map(({ debianPackage }) => debianPackage).join(' ');
  console.error(`missing: ${names}. On Debian, as root: apt-get update && apt-get install -y ${packages}`);
  process.exit(1);
}

/** Installs the packages of programs that are missing, on Debian as root; returns those that are missing still. */
export function installIfPossible(programs: readonly NeededProgram[]): readonly NeededProgram[] {
  const missing = programs.filter(({ command }) => !isInstalled(command));
  if (missing.length === 0) return [];
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() === 0 && isInstalled(INSTALLER)) {
    console.log(`installing with ${INSTALLER}: ${packages.join(' ')}`);
    const env = { ...process.env, PATH, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
      spawnSync(INSTALLER, ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    }
  }
  return missing.filter(({ command }) => !isInstalled(command));
}

function isInstalled(command: string): boolean {
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { env: { PATH }, stdio: 'ignore' });
  return found.status === 0;
}
