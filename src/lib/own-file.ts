import { extname } from 'node:path';

/** Where the runtime of the single-file program shows what is packed into it. */
const PACKED = /^file:\/\/\/(?:\$bunfs|B:\/~BUN|B:\/%7EBUN)\/root\//;

const packedRoot = PACKED.exec(import.meta.url)?.[0];

/** Whether this is the program that is one file (`npm run build:bin`), rather than Node.js that runs modules. */
export const isSingleFile: boolean = packedRoot !== undefined;

/**
 * The address of a module of this program that a thread or a process of its own runs, such as `store/worker`: its path
 * below src, without extension. It must be among ENTRY_POINTS of scripts/bin-build.ts.
 */
export function entryPoint(name: string): URL {
  if (packedRoot !== undefined) return new URL(`${packedRoot}${name}.js`);
  return new URL(`../${name}${extname(import.meta.url)}`, import.meta.url);
}

/**
 * The address of a file that comes with this program: its path below the package's folder, such as `package.json`. In the
 * single-file program they lie side by side, without their folders.
 */
export function ownFile(name: string): URL {
  return packedRoot === undefined
    ? new URL(`../../${name}`, import.meta.url)
    : new URL(`${packedRoot}${name.slice(name.lastIndexOf('/') + 1)}`);
}
