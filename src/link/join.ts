import { askBriefly } from '../message/codec/brief.ts';
import { bundledBytes, frameBundle, MOST_BUNDLE_BYTES, MOST_BUNDLED } from '../message/codec/bundle.ts';
import { compress } from '../message/codec/compression.ts';
import { dictionaryOf, formatBase, type SentDictionaries } from '../message/codec/dictionaries.ts';
import { formatLanePlace, HEADER } from '../message/codec/wire-headers.ts';
import { wholeLimit } from './split.ts';
import {
  ENVELOPE_BYTES,
  type Next,
  type OutboundMessage,
  type Sent,
  unanswered,
  type Wrapper,
} from './way-out.ts';

/** How much larger than a part a bundle may have become that was thought to become smaller. */
const LARGER = 5 / 4;

/** Where the way is not thin fewer messages than this are not worth the compression. */
export const LEAST_BUNDLED = 8;

/**
 * Joins messages that go together to a node that reads that: they have one subject, one place to answer to and one envelope, and
 * are compressed together. Each keeps all that is said of it. Where `dictionaries` may be used one alone goes so, too.
 */
export function join(broker: { readonly maxPayload: number }, dictionaries: SentDictionaries): Wrapper {
  return (messages, next) => {
    if (!mayJoin(messages)) return next(messages);
    const sent: Sent[] = [];
    const limit = wholeLimit(broker.maxPayload);
    while (sent.length < messages.length) {
      const run = firstRun(messages.slice(sent.length), limit);
      const gone = sendRun(run, { dictionaries, limit, next });
      sent.push(...gone);
      if (gone.length === 0 || gone.some(({ bytes, wholeBytes }) => bytes < wholeBytes)) break;
    }
    return sent;
  };
}

function mayJoin([first, ...others]: readonly OutboundMessage[]): boolean {
  const least = first?.dictionary ? 1 : first?.isLean ? 2 : LEAST_BUNDLED;
  return first?.mayBundle === true && 1 + others.length >= least;
}

/** Sends messages as one, or fewer of them, or the first as it is where it is too large for that. */
function sendRun(
  run: readonly OutboundMessage[],
  way: { readonly dictionaries: SentDictionaries; readonly limit: number; readonly next: Next },
): readonly Sent[] {
  const { dictionary, parts } = run[0]!;
  const isAlone = run.length === 1;
  if (isAlone && (!dictionary || bytesIn(run[0]!) > MOST_BUNDLE_BYTES)) return way.next(run);
  const bundle = bundleOf(run, way.dictionaries);
  const most = Math.min(parts.wholeUpTo * LARGER, way.limit);
  if (!dictionary || bundle.payload.length <= most) return sendBundle(run, bundle, way.next);
  // Less became of it than was thought.
  return isAlone ? way.next(run) : sendRun(run.slice(0, Math.ceil(run.length / 2)), way);
}

/** The first messages, as many as fit into one bundle; one at least. */
function firstRun(messages: readonly OutboundMessage[], mostBytes: number): readonly OutboundMessage[] {
  let bytes = 0;
  const end = messages.findIndex((message, index) => {
    bytes += bytesIn(message);
    return index === MOST_BUNDLED || bytes > Math.min(mostBytes, MOST_BUNDLE_BYTES);
  });
  return end === -1 ? messages : messages.slice(0, Math.max(1, end));
}

/** What a message takes of a bundle, bytes; without end where it goes in parts, or stands for itself. */
function bytesIn({
  id = '',
  mayBundle,
  dictionary,
  payload,
  headers,
  parts,
  format,
  needsLanes,
}: OutboundMessage): number {
  const isSmall = dictionary !== undefined || payload.length <= parts.wholeUpTo;
  const isWhole = !needsLanes && parts.from === 0 && isSmall;
  // A row that an earlier version queued is compressed already.
  if (!mayBundle || !isWhole || format.cmp !== '') return Number.POSITIVE_INFINITY;
  return bundledBytes({ id, headers, payload });
}

interface Bundle {
  readonly payload: Uint8Array;
  readonly header: string;
  /** Notes that it went. */
  sent(): void;
}

function bundleOf(run: readonly OutboundMessage[], dictionaries: SentDictionaries): Bundle {
  const [first, last] = [run[0]!, run.at(-1)!];
  const members = run.map(({ id = '', headers, payload }) => {
    const { [HEADER.id]: _, [HEADER.lane]: __, ...others } = headers;
    return { id, headers: others, payload };
  });
  const place = formatLanePlace({ ...first.place!, isFollowed: last.place!.isFollowed === true });
  const frames = frameBundle(members);
  const { epoch, seq } = first.place!;
  const lane = `${first.subject} ${epoch}`;
  const found = first.dictionary && dictionaries.baseFor(lane, seq, first.dictionary === 'lacked');
  if (!found) {
    const payload = compress(frames, 'z', { isQuick: !first.isLean });
    return { payload, header: place, sent: () => {} };
  }
  return {
    payload: compress(frames, 'z', { dictionary: dictionaryOf(found.before) }),
    header: `${place}${formatBase(found.base)}`,
    sent: () => dictionaries.add(lane, seq, frames),
  };
}

function sendBundle(
  run: readonly OutboundMessage[],
  { payload, header, sent: noteSent }: Bundle,
  next: Next,
) {
  const { subject, reply } = run[0]!;
  const whole = unanswered(subject, payload, { serial: '', cmp: '' });
  const headers = { [HEADER.bundle]: header };
  const [sent] = next([{ ...whole, headers, reply: askBriefly(reply), isPiece: true }]);
  if (!sent) return [];
  noteSent();
  // Each took its share, and none of them nothing.
  const size = run.reduce((sum, { payload }) => sum + payload.length, 0);
  return run.map(({ payload, isLean }) => {
    const share = Math.max(1, Math.round((sent.bytes * payload.length) / size));
    // By how small its bundle is a way that is not thin would seem so.
    const bytes = isLean ? share : payload.length;
    const envelopeBytes = ENVELOPE_BYTES / run.length;
    return { bytes, wholeBytes: bytes, envelopeBytes, savedBytes: bytes - share };
  });
}
