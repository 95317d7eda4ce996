import { type ByteSource, ClosedError } from './byte-source.ts';

/** An answer as it begins; the body can be read once. */
export interface HttpResponse {
  readonly status: number;
  readonly body: AsyncIterable<Buffer>;
}

/** What comes is no HTTP. */
export class NoHttpError extends Error {
  override name = 'NoHttpError';
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Reads the head of an HTTP/1.1 response, and returns its body as it comes. `onEnd` is called when the body was read to its
 * end, with whether the connection may be used again. Throws NoHttpError, ClosedError, or the error of the connection.
 */
export async function readResponse(
  source: ByteSource,
  onEnd: (canGoOn: boolean) => void,
): Promise<HttpResponse> {
  const head = await takeUntil(source, HEAD_END);
  const [statusLine = '', ...lines] = head.toString('latin1').split('\r\n');
  const found = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine);
  if (found === null) throw new NoHttpError(`it answered ${JSON.stringify(statusLine.slice(0, 40))}`);
  const status = Number(found[1]);
  if (status < 200) return await readResponse(source, onEnd);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status, body: bodyOf(source, { status, headers, onEnd }) };
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly onEnd: (canGoOn: boolean) => void;
}

async function* bodyOf(source: ByteSource, { status, headers, onEnd }: Head): AsyncGenerator<Buffer> {
  const length = headers.get('content-length');
  const isChunked = headers.get('transfer-encoding')?.toLowerCase() === 'chunked';
  const hasNone = status === 204 || status === 304;
  const hasEnd = isChunked || length !== undefined || hasNone;
  let isWhole = false;
  try {
    if (isChunked) yield* chunks(source);
    else if (hasEnd) yield* exactly(source, hasNone ? 0 : Number(length));
    else yield* untilClosed(source);
    isWhole = true;
  } finally {
    // A reader that stops early leaves a connection that nobody else can use.
    const isKept = headers.get('connection')?.toLowerCase() !== 'close';
    onEnd(isWhole && hasEnd && isKept && source.isEmpty);
  }
}

async function* untilClosed(source: ByteSource): AsyncGenerator<Buffer> {
  for (let piece = await source.take(); piece !== undefined; piece = await source.take()) yield piece;
}

async function* chunks(source: ByteSource): AsyncGenerator<Buffer> {
  for (;;) {
    const line = (await takeUntil(source, LINE_END)).toString('latin1');
    const size = /^([0-9a-f]{1,8})(;.*)?$/i.exec(line)?.[1];
    if (size === undefined)
      throw new NoHttpError(`a chunk of its answer begins with ${JSON.stringify(line)}`);
    const bytes = Number.parseInt(size, 16);
    yield* exactly(source, bytes);
    // Behind the last chunk there may be trailers, and an empty line ends them.
    let rest = await takeUntil(source, LINE_END);
    while (bytes === 0 && rest.length > 0) rest = await takeUntil(source, LINE_END);
    if (bytes === 0) return;
  }
}

async function* exactly(source: ByteSource, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  while (left > 0) {
    const piece = await source.take();
    if (piece === undefined) throw new ClosedError('the connection was closed in the middle of an answer');
    const wanted = piece.subarray(0, left);
    source.giveBack(piece.subarray(wanted.length));
    left -= wanted.length;
    yield wanted;
  }
}

/** What stands before a mark, which is taken too. */
async function takeUntil(source: ByteSource, mark: Buffer): Promise<Buffer> {
  let taken: Buffer = Buffer.alloc(0);
  for (;;) {
    const at = taken.indexOf(mark);
    if (at >= 0) {
      source.giveBack(taken.subarray(at + mark.length));
      return taken.subarray(0, at);
    }
    if (taken.length > MAX_HEAD_BYTES) throw new NoHttpError('its answer has a head without end');
    const piece = await source.take();
    if (piece === undefined && taken.length > 0 && !looksLikeHttp(taken))
      throw new NoHttpError('it closed the connection');
    if (piece === undefined) throw new ClosedError('the connection was closed before an answer');
    taken = taken.length === 0 ? piece : Buffer.concat([taken, piece]);
  }
}

function looksLikeHttp(bytes: Buffer): boolean {
  return /^(HTTP\/1|[0-9a-f]+\r?$)/i.test(bytes.toString('latin1', 0, 16));
}
