import { readFile } from 'node:fs/promises';
import { ownFile } from '../lib/own-file.ts';
import { passOver } from '../lib/system-fault.ts';

/** A file of the page, as it was built: its type, and its bytes for each encoding. */
export interface PageFile {
  readonly type: string;
  /** Whether its name changes with its content, so that browsers may keep it. */
  readonly isImmutable: boolean;
  readonly bodies: Readonly<Record<'identity' | 'gzip' | 'br', Buffer>>;
}

/** The page as `scripts/build-web.ts` writes it: each file by its path, with base64 bodies. */
export type BuiltPage = Readonly<
  Record<
    string,
    Pick<PageFile, 'type' | 'isImmutable'> & {
      readonly bodies: Readonly<Record<'identity' | 'gzip' | 'br', string>>;
    }
  >
>;

/** Where the page lies once it is built. */
export const PAGE_FILE = 'dist/web.json';

/** The files of the page by their paths, read once; undefined where they were not built yet. */
export class PageFiles {
  readonly #url: URL;
  #files: ReadonlyMap<string, PageFile> | undefined;

  constructor(url: URL = ownFile('dist/web.json')) {
    this.#url = url;
  }

  async find(path: string): Promise<PageFile | 'no-such-file' | 'not-built'> {
    this.#files ??= await this.#read();
    return this.#files === undefined ? 'not-built' : (this.#files.get(path) ?? 'no-such-file');
  }

  async #read(): Promise<ReadonlyMap<string, PageFile> | undefined> {
    const text = await readFile(this.#url, 'utf8').catch(passOver('ENOENT'));
    if (text === undefined) return undefined;
    const built = JSON.parse(text) as BuiltPage;
    return new Map(
      Object.entries(built).map(([path, { bodies, ...file }]) => {
        const decoded = Object.entries(bodies).map(([name, body]) => [name, Buffer.from(body, 'base64')]);
        return [path, { ...file, bodies: Object.fromEntries(decoded) as PageFile['bodies'] }];
      }),
    );
  }
}
