import { isUuid } from '../../lib/uuid.ts';
import type { WireMessage } from '../wire-message.ts';
import { longId } from './brief.ts';
import { compress, decompress } from './compression.ts';
import { formatLanePlace, HEADER, parseLanePlace } from './wire-headers.ts';

/** The word for reading several messages of a lane from one. */
export const BUNDLE = 'bundle';

/** What a bundle holds at most: messages, and bytes of them. */
export const [MOST_BUNDLED, MOST_BUNDLE_BYTES] = [256, 64 * 1024];

/** A message of a bundle: its id, its other headers but for its place, and its body. */
export interface Bundled {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** The place of a message is that of the bundle and of nothing else. */
const NOTHING_BRIEF = { [HEADER.brief]: '' };
/** Before each message: how long its headers and its body are, and its id. */
const [SIZES_BYTES, ID_BYTES] = [4, 16];
const HEAD_BYTES = SIZES_BYTES + ID_BYTES;

/** How many bytes of a bundle a message takes; without end where it can be in none. */
export function bundledBytes({ id, headers, payload }: Bundled): number {
  const isFit = isUuid(id) && Object.values(headers).every((value) => !value.includes('\n'));
  return isFit
    ? HEAD_BYTES + Buffer.byteLength(headerLines(headers)) + payload.length
    : Number.POSITIVE_INFINITY;
}

/**
 * Messages that have neighbouring places in a lane as the payload of one, each as `<length of headers> <length of body> <id>
 * <headers> <body>`, compressed as a whole: so what one of them has in common with those before costs next to nothing. `isQuick`: with less effort.
 */
export function packBundle(messages: readonly Bundled[], { isQuick = false } = {}): Uint8Array {
  const frames = messages.flatMap(({ id, headers, payload }) => {
    const lines = Buffer.from(headerLines(headers));
    const head = Buffer.from(`00000000${id.replaceAll('-', '')}`, 'hex');
    head.writeUInt16BE(lines.length, 0);
    head.writeUInt16BE(payload.length, 2);
    return [head, lines, payload];
  });
  return compress(Buffer.concat(frames), 'z', { isQuick });
}

/**
 * The messages that came in one: a bundle has the header `B`, with the place of its first. Any other message is alone, and so is a
 * bundle that cannot be read, which is then refused like everything that has no place and no body.
 */
export function unbundled(arrival: WireMessage): readonly WireMessage[] {
  const header = arrival.header(HEADER.bundle);
  if (header === undefined) return [arrival];
  const place = parseLanePlace(header);
  const messages = place && unpackBundle(arrival.payload);
  if (!messages) return [arrival];
  const last = messages.length - 1;
  return messages.map(({ id, headers, payload }, index) => {
    const isNextBehind = index < last || place.isFollowed === true;
    const lane = formatLanePlace({ ...place, seq: place.seq + index, isFollowed: isNextBehind });
    return member(arrival, { ...headers, ...NOTHING_BRIEF, [HEADER.id]: id, [HEADER.lane]: lane }, payload);
  });
}

function member(
  { subject, sender, reply }: WireMessage,
  headers: Readonly<Record<string, string>>,
  payload: Uint8Array,
): WireMessage {
  const values = new Map(Object.entries(headers));
  return {
    subject,
    sender,
    reply,
    payload,
    noResponders: false,
    header: (name) => values.get(name) || undefined,
  };
}

/** Undefined where bytes are no bundle, or one of more than is taken. */
function unpackBundle(payload: Uint8Array): readonly Bundled[] | undefined {
  try {
    const bytes = Buffer.from(decompress(payload, 'z', MOST_BUNDLE_BYTES));
    const messages: Bundled[] = [];
    const ids = new Set<string>();
    for (let at = 0; at < bytes.length; ) {
      const id = longId(bytes.toString('hex', at + SIZES_BYTES, at + HEAD_BYTES));
      const body = at + HEAD_BYTES + bytes.readUInt16BE(at);
      const end = body + bytes.readUInt16BE(at + 2);
      // Many times the same one would be a few bytes to send, and a second's work to take.
      if (end > bytes.length || messages.length === MOST_BUNDLED || ids.has(id)) return undefined;
      ids.add(id);
      const headers = readLines(bytes.toString('utf8', at + HEAD_BYTES, body));
      messages.push({ id, headers, payload: bytes.subarray(body, end) });
      at = end;
    }
    return messages.length > 0 ? messages : undefined;
  } catch {
    return undefined;
  }
}

function headerLines(headers: Bundled['headers']): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('');
}

function readLines(text: string): Record<string, string> {
  const lines = text.split(/[\r\n]/).slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
