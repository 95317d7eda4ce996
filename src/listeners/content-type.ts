import { isUtf8 } from 'node:buffer';
import { extname } from 'node:path';

const TEXT = 'text/plain; charset=utf-8';
const BINARY = 'application/octet-stream';

const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['.txt', TEXT],
  ['.log', TEXT],
  ['.md', TEXT],
  ['.conf', TEXT],
  ['.toml', TEXT],
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.csv', 'text/csv; charset=utf-8'],
  ['.xml', 'text/xml; charset=utf-8'],
  ['.yaml', 'text/yaml; charset=utf-8'],
  ['.yml', 'text/yaml; charset=utf-8'],
  ['.json', 'application/json'],
  ['.pdf', 'application/pdf'],
  ['.gz', 'application/gzip'],
  ['.zip', 'application/zip'],
  ['.tar', 'application/x-tar'],
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.gif', 'image/gif'],
  ['.svg', 'image/svg+xml'],
]);

/** How many bytes of a file tell whether it is text. */
export const SNIFFED_BYTES = 512;

/** The media type of a file, by its name or else by its first bytes. */
export function contentType(name: string, firstBytes: Uint8Array): string {
  return BY_EXTENSION.get(extname(name).toLowerCase()) ?? (isText(firstBytes) ? TEXT : BINARY);
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  // The last character may be cut off.
  return [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, Math.max(0, bytes.length - cut))));
}
