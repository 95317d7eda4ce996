import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const pack = promisify(gzip);

const SLICE_ITEMS = 1000;
/** A text that fits into one packet gains nothing by being smaller, bytes. */
const WORTH_PACKING = 1400;
/** How long a client may leave an answer unread, ms. */
const UNREAD_TIMEOUT_MS = 30_000;

/** Sends a value as JSON; long lists in slices, so that neither the node nor its memory is held up by them. */
export async function sendJson(response: ServerResponse, status: number, value: unknown): Promise<void> {
  const pieces = jsonPieces(value);
  const first = pieces.next().value ?? '';
  const second = pieces.next();
  if (second.done) return await sendText(response, status, `${first}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json' });
  await whileRead(response, async () => {
    await write(response, first + second.value);
    for (const piece of pieces) {
      await nextTurn();
      await write(response, piece);
    }
    response.end('\n');
  });
}

/** Sends a JSON text, packed where the client can read that and it is worth it. */
async function sendText(response: ServerResponse, status: number, text: string): Promise<void> {
  const type = 'application/json';
  const canBePacked = /\bgzip\b/.test(String(response.req.headers['accept-encoding'] ?? ''));
  if (!canBePacked || text.length < WORTH_PACKING) return sendBytes(response, status, { type, body: text });
  response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Vary', 'Accept-Encoding');
  return sendBytes(response, status, { type, body: await pack(text) });
}

export async function sendBytes(
  response: ServerResponse,
  status: number,
  { type, body }: { type: string; body: Uint8Array | string },
): Promise<void> {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  await whileRead(response, async () => void response.end(body));
}

/** Does `send` and waits until the client has it; a client that leaves it lying is cut off. */
async function whileRead(response: ServerResponse, send: () => Promise<void>): Promise<void> {
  const timer = setTimeout(() => response.destroy(), UNREAD_TIMEOUT_MS);
  const onDrain = () => timer.refresh();
  response.on('drain', onDrain);
  try {
    await send();
    if (!response.destroyed) await finished(response);
  } catch {
    // The client is gone: nobody is left to be told.
    response.destroy();
  } finally {
    clearTimeout(timer);
    response.off('drain', onDrain);
  }
}

async function write(response: ServerResponse, piece: string): Promise<void> {
  if (response.destroyed) throw new Error('the client is gone');
  if (response.write(piece)) return;
  const gone = new AbortController();
  const onClose = () => gone.abort();
  response.once('close', onClose);
  try {
    await once(response, 'drain', { signal: gone.signal });
  } finally {
    response.off('close', onClose);
  }
}

/** The JSON of a value in pieces: a list, or an object that holds long lists, a thousand items at a time. */
function* jsonPieces(value: unknown): Generator<string, void> {
  if (Array.isArray(value)) yield* listPieces(value);
  else if (holdsLongList(value)) yield* objectPieces(value);
  else yield JSON.stringify(value);
}

function holdsLongList(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((each) => Array.isArray(each) && each.length > SLICE_ITEMS);
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  if (list.length <= SLICE_ITEMS) return yield JSON.stringify(list);
  for (let at = 0; at < list.length; at += SLICE_ITEMS) {
    const slice = JSON.stringify(list.slice(at, at + SLICE_ITEMS)).slice(1, -1);
    yield `${at === 0 ? '[' : ','}${slice}`;
  }
  yield ']';
}

function* objectPieces(object: Record<string, unknown>): Generator<string> {
  let before = '{';
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    before = ',';
    yield* jsonPieces(value);
  }
  yield '}';
}
