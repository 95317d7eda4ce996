import type { Dirent, Stats } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { type HttpService, refusePlainly, startHttpService } from '../lib/http-service.ts';
import { NotExposedError, namesOf, openExposed } from '../lib/open-exposed.ts';
import { errorCode } from '../lib/system-fault.ts';
import type { Logger } from '../observe/logger.ts';
import { type ByteRange, byteRange } from './byte-range.ts';
import { contentType, SNIFFED_BYTES } from './content-type.ts';

export interface DataFolderServerOptions {
  readonly address: HostAndPort;
  /** What clients must show where the address is not a loopback address, or there too; '' = none. */
  readonly token: string;
  readonly tokenOnLoopback?: boolean;
  readonly folder: string;
}

/** Files come from other machines: what is in them must not run as a page of this server. */
const PAGE_RULES = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** How long a client may leave what it asked for unread. */
const IDLE_TIMEOUT_MS = 60_000;

/** How long downloads may go on when the node stops. */
const STOP_TIMEOUT_MS = 500;

const NOTHING_THERE = { status: 404, reason: 'there is nothing here' };

/**
 * Shows the data folder over HTTP, to read: files (GET, HEAD, one range, If-None-Match) and lists of folders.
 *
 * Names with a leading dot, links that lead out of the folder, and what is neither file nor folder are not found.
 * Throws ListenError when the port cannot be had.
 */
export async function startDataFolderServer(
  options: DataFolderServerOptions,
  deps: { logger: Logger },
): Promise<HttpService> {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const headers = { Allow: 'GET, HEAD' };
      return refusePlainly(response, { status: 405, reason: 'files can be read, and nothing else', headers });
    }
    try {
      await show({ request, response }, options.folder);
    } catch (error) {
      if (!(error instanceof NotExposedError)) throw error;
      refusePlainly(response, NOTHING_THERE);
    }
  };
  return startHttpService(
    { ...options, option: '-exposeDataFolder', stopTimeoutMs: STOP_TIMEOUT_MS },
    { handle, logger: deps.logger },
  );
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function show(exchange: Exchange, folder: string): Promise<void> {
  const { request, response } = exchange;
  const path = (request.url ?? '').split('?', 1)[0]!;
  const names = namesOf(path);
  await using handle = await openExposed(folder, names);
  const stats = await handle.stat();
  response.setHeader('Content-Security-Policy', PAGE_RULES);
  if (stats.isDirectory()) return await showFolder(exchange, path, `/proc/self/fd/${handle.fd}`);
  if (path.endsWith('/')) return refusePlainly(response, NOTHING_THERE);
  await showFile(exchange, { handle, stats, name: names.at(-1)! });
}

async function showFolder({ request, response }: Exchange, path: string, folder: string): Promise<void> {
  if (!path.endsWith('/')) {
    // Relative, so that the way stays right behind a proxy; a path of two slashes would be another host.
    response.writeHead(301, { Location: `./${path.split('/').at(-1)}/`, 'Content-Length': 0 });
    response.end();
    return;
  }
  const entries = await readdir(folder, { withFileTypes: true });
  const page = Buffer.from(folderPage(decodeURIComponent(path), entries));
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length });
  response.end(request.method === 'HEAD' ? undefined : page);
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly stats: Stats;
  readonly name: string;
}

async function showFile({ request, response }: Exchange, { handle, stats, name }: OpenFile): Promise<void> {
  const etag = `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}"`;
  const { range: wanted, 'if-none-match': known, 'if-range': unless } = request.headers;
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', stats.mtime.toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
  if (known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)) {
    response.writeHead(304).end();
    return;
  }
  const isSame = unless === undefined || unless === etag;
  const range = isSame ? byteRange(wanted, stats.size) : undefined;
  if (range === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${stats.size}` };
    return refusePlainly(response, { status: 416, reason: 'the file is not that long', headers });
  }
  const part = range ?? { first: 0, last: stats.size - 1 };
  const first = Buffer.alloc(Math.min(SNIFFED_BYTES, stats.size));
  await handle.read(first, 0, first.length, 0);
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': contentType(name, first),
    'Content-Length': part.last - part.first + 1,
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${range.first}-${range.last}/${stats.size}` }),
  });
  if (request.method === 'HEAD' || part.last < part.first) response.end();
  else await send(handle, part, response);
}

/** Sends a part of the file; a client that leaves, and a file that shrinks meanwhile, end the connection. */
async function send(handle: FileHandle, { first, last }: ByteRange, response: ServerResponse): Promise<void> {
  response.setTimeout(IDLE_TIMEOUT_MS, () => response.destroy());
  const content = handle.createReadStream({ start: first, end: last, autoClose: false });
  try {
    await pipeline(content, response, { end: false });
    if (content.bytesRead === last - first + 1) response.end();
    else response.destroy();
  } catch (error) {
    response.destroy();
    if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A page that lists a folder: its folders first, then its files; names with a leading dot are left out. */
function folderPage(path: string, entries: readonly Dirent[]): string {
  const shown = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ name: entry.isDirectory() ? `${entry.name}/` : entry.name, rank: rankOf(entry) }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  // "./" keeps a name with a colon from being taken for another scheme.
  const links = shown.map(({ name }) => `<a href="./${linkOf(name)}">${escaped(name)}</a>`);
  const up = path === '/' ? [] : ['<a href="../">../</a>'];
  const title = escaped(path);
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<pre>
${[...up, ...links].join('\n')}
</pre>
`;
}

function rankOf(entry: Dirent): number {
  return entry.isDirectory() ? 0 : 1;
}

function linkOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
