import { readFileSync } from 'node:fs';
import { ownFile } from '../../lib/own-file.ts';
import type { CommandCall } from '../line/command.ts';

/** The version of this program, from its package.json. */
export function readVersion(): string {
  return (JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }).version;
}

export async function printVersion({ stdout }: CommandCall): Promise<number> {
  stdout.write(`steward ${readVersion()}\n`);
  return 0;
}
