import { isUuid } from '../../lib/uuid.ts';
import type { WireMessage } from '../wire-message.ts';
import { longId } from './brief.ts';
import { compress, decompress } from './compression.ts';
import { type Base, DICTIONARY, Dictionaries, dictionaryOf, parseBased } from './dictionaries.ts';
import { formatLanePlace, HEADER, type LanePlace, parseLanePlace } from './wire-headers.ts';

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

const NO_BYTES = new Uint8Array(0);
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

/** Messages that have neighbouring places in a lane, each as `<length of headers> <length of body> <id> <headers> <body>`. */
export function frameBundle(messages: readonly Bundled[]): Uint8Array {
  const frames = messages.flatMap(({ id, headers, payload }) => {
    const lines = Buffer.from(headerLines(headers));
    const head = Buffer.from(`00000000${id.replaceAll('-', '')}`, 'hex');
    head.writeUInt16BE(lines.length, 0);
    head.writeUInt16BE(payload.length, 2);
    return [head, lines, payload];
  });
  return Buffer.concat(frames);
}

/**
 * These as the payload of one, compressed as a whole: so what one of them has in common with those before costs next to nothing.
 * `isQuick`: with less effort.
 */
export function packBundle(messages: readonly Bundled[], { isQuick = false } = {}): Uint8Array {
  return compress(frameBundle(messages), 'z', { isQuick });
}

/** Takes bundles apart, and keeps what those behind them may be compressed with. */
export function unbundler(): (arrival: WireMessage) => readonly WireMessage[] {
  const dictionaries = new Dictionaries();
  return (arrival) => unbundled(arrival, dictionaries);
}

/**
 * The messages that came in one: a bundle has the header `B`, with the place of its first. Any other message is alone, and so is a
 * bundle that cannot be read, which is then refused like everything that has no place and no body. One that needs what is not in
 * `dictionaries` stands for a message with its place that says so.
 */
export function unbundled(arrival: WireMessage, dictionaries = new Dictionaries()): readonly WireMessage[] {
  const { place: placed = '', base } = parseBased(arrival.header(HEADER.bundle) ?? '') ?? {};
  const place = parseLanePlace(placed);
  if (!place) return [arrival];
  const messages = base ? readBased(arrival, { place, base }, dictionaries) : read(arrival.payload);
  if (messages === 'lacking') return [lacking(arrival, place)];
  if (!messages) return [arrival];
  const last = messages.length - 1;
  return messages.map(({ id, headers, payload }, index) => {
    const isNextBehind = index < last || place.isFollowed === true;
    const at = formatLanePlace({ ...place, seq: place.seq + index, isFollowed: isNextBehind });
    return member(arrival, { ...headers, ...NOTHING_BRIEF, [HEADER.id]: id, [HEADER.lane]: at }, payload);
  });
}

/** Reads what is compressed with what came before it, or is kept for what comes behind it. */
function readBased(
  { sender = '', subject, payload }: WireMessage,
  { place, base }: { readonly place: LanePlace; readonly base: Base | 'none' },
  dictionaries: Dictionaries,
): readonly Bundled[] | 'lacking' | undefined {
  const lane = `${sender} ${subject} ${place.epoch}`;
  const before = base === 'none' ? NO_BYTES : dictionaries.find(lane, place.seq, base);
  if (!before) return 'lacking';
  const keep = (bundle: Uint8Array) => dictionaries.add(lane, place.seq, bundle);
  return read(payload, dictionaryOf(before), keep) ?? (base === 'none' ? undefined : 'lacking');
}

/** Undefined where bytes cannot be unpacked, are too many, or no bundle. */
function read(payload: Uint8Array, dictionary?: Uint8Array, keep?: (bundle: Uint8Array) => void) {
  try {
    const bundle = Buffer.from(decompress(payload, 'z', MOST_BUNDLE_BYTES, dictionary));
    const messages = readFrames(bundle);
    if (messages) keep?.(bundle);
    return messages;
  } catch {
    return undefined;
  }
}

/** What stands for a bundle that cannot be read with what is here. */
function lacking(arrival: WireMessage, place: LanePlace): WireMessage {
  const lane = formatLanePlace({ ...place, isFollowed: false });
  return member(arrival, { [HEADER.lane]: lane, [HEADER.lacks]: DICTIONARY }, NO_BYTES);
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
function readFrames(bytes: Buffer): readonly Bundled[] | undefined {
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
