import { readFileSync } from 'node:fs';
import type { CommandCall } from './command.ts';

/** The version of this program, from its package.json. */
export function readVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Prints the version. */
export async function printVersion({ stdout }: CommandCall): Promise<number> {
  stdout.write(`steward ${readVersion()}\n`);
  return 0;
}
