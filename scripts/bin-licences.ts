import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_VERSION } from './bin-targets.ts';

const ROOT = join(import.meta.dirname, '..');
const LINE = '-'.repeat(80);

interface Package {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/** The licences of all that is in the single file besides Steward: they ask to be handed on with it. */
export function licencesText(): string {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Package>>;
  };
  const parts = Object.entries(lock.packages)
    .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
    .map(([path, about]) => partOf(path, about));
  const engine = [
    `Bun ${ENGINE_VERSION}`,
    'MIT License. It contains JavaScriptCore (GNU Library General Public License 2) and further libraries, which the licence',
    'page of the Bun project lists with their terms.',
  ].join('\n');
  return `${['Single-file Steward contains the following.', engine, ...parts].join(`\n\n${LINE}\n\n`)}\n`;
}

function partOf(path: string, { version, license }: Package): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const text = licenceIn(join(ROOT, path));
  return `${name} ${version ?? ''}\n${license ?? 'licence: see its package'}${text === undefined ? '' : `\n\n${text.trim()}`}`;
}

function licenceIn(folder: string): string | undefined {
  const file = existsSync(folder) ? readdirSync(folder).find((name) => /^licen[cs]e/i.test(name)) : undefined;
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8');
}
