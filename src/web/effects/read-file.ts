import type { NodeFile } from '../../contract/files.ts';
import type { WebApi } from './web-api.ts';

/** Reads a file of a node part by part, as far as the list had it: what is appended meanwhile is left out. Throws WebError. */
export async function readFile(
  node: string,
  { path, bytes }: NodeFile,
  api: Pick<WebApi, 'nodeFile'>,
): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let from = 0; from < bytes; ) {
    const part = await api.nodeFile(node, { path, from });
    if (part.length === 0) break;
    parts.push(part.subarray(0, bytes - from) as Uint8Array<ArrayBuffer>);
    from += part.length;
  }
  return new Blob(parts);
}
