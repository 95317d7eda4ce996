import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { succeeds } from '../../lib/succeeds.ts';
import { writeAtomically } from '../../lib/write-atomically.ts';
import type { Template } from '../state/state.ts';

const ENDINGS = new Set(['.json', '.yaml', '.yml']);
const MAX_BYTES = 1024 * 1024;

/** A folder of message files. */
export interface Templates {
  /** Those that the folder has, by name; none where there is no such folder. */
  list(): Promise<readonly Template[]>;
  /** Saves messages under a name and returns the file's path; undefined where there is one of that name already. */
  save(
    name: string,
    messages: readonly object[],
    options: { readonly isReplacing: boolean },
  ): Promise<string | undefined>;
}

/** The templates in a folder; it is made when the first one is saved. */
export function openTemplates(folder: string): Templates {
  return {
    async list() {
      const names = await readdir(folder).catch(() => []);
      const files = names.filter((name) => ENDINGS.has(extname(name).toLowerCase())).sort();
      return Promise.all(files.map((file) => readTemplate(join(folder, file))));
    },
    async save(name, messages, { isReplacing }) {
      await makeFolders(folder);
      const path = join(folder, `${name}.json`);
      if (!isReplacing && (await exists(path))) return undefined;
      await writeAtomically(path, `${JSON.stringify(messages, null, 2)}\n`);
      return path;
    },
  };
}

async function readTemplate(path: string): Promise<Template> {
  const name = basename(path, extname(path));
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error('it is larger than 1 MB, send it with steward send');
    const { parse } = await import('yaml');
    // JSON is YAML too, but for its tabs.
    const text = await readFile(path, 'utf8');
    const value: unknown = path.endsWith('.json') ? JSON.parse(text) : parse(text);
    const messages = Array.isArray(value) ? value : [value];
    if (messages.length === 0 || !messages.every(isMessage)) throw new Error('it holds no message');
    return { name, messages, fault: null };
  } catch (error) {
    return { name, messages: null, fault: (error as Error).message.split('\n')[0] ?? 'it cannot be read' };
  }
}

function isMessage(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function exists(path: string): Promise<boolean> {
  return succeeds(stat(path));
}
