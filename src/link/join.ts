import { askBriefly } from '../message/codec/brief.ts';
import { bundledBytes, MOST_BUNDLE_BYTES, MOST_BUNDLED, packBundle } from '../message/codec/bundle.ts';
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

/** Where the way is not thin fewer messages than this are not worth the compression. */
export const LEAST_BUNDLED = 8;

/**
 * Joins messages that go together to a node that reads that: they have one subject, one place to answer to and one envelope, and
 * are compressed together. Each keeps all that is said of it.
 */
export function join(broker: { readonly maxPayload: number }): Wrapper {
  return (messages, next) => {
    if (!mayJoin(messages)) return next(messages);
    const sent: Sent[] = [];
    while (sent.length < messages.length) {
      const run = firstRun(messages.slice(sent.length), wholeLimit(broker.maxPayload));
      const gone = run.length < 2 ? next(run) : sendBundle(run, next);
      sent.push(...gone);
      if (gone.length < run.length || gone.some(({ bytes, wholeBytes }) => bytes < wholeBytes)) break;
    }
    return sent;
  };
}

function mayJoin([first, ...others]: readonly OutboundMessage[]): boolean {
  const least = first?.isLean ? 2 : LEAST_BUNDLED;
  return first?.mayBundle === true && 1 + others.length >= least;
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
  payload,
  headers,
  parts,
  format,
  needsLanes,
}: OutboundMessage): number {
  const isWhole = !needsLanes && parts.from === 0 && payload.length <= parts.wholeUpTo;
  // A row that an earlier version queued is compressed already.
  if (!mayBundle || !isWhole || format.cmp !== '') return Number.POSITIVE_INFINITY;
  return bundledBytes({ id, headers, payload });
}

function sendBundle(run: readonly OutboundMessage[], next: Next): readonly Sent[] {
  const [first, last] = [run[0]!, run.at(-1)!];
  const members = run.map(({ id = '', headers, payload }) => {
    const { [HEADER.id]: _, [HEADER.lane]: __, ...others } = headers;
    return { id, headers: others, payload };
  });
  const place = formatLanePlace({ ...first.place!, isFollowed: last.place!.isFollowed === true });
  const whole = unanswered(first.subject, packBundle(members, { isQuick: !first.isLean }), {
    serial: '',
    cmp: '',
  });
  const headers = { [HEADER.bundle]: place };
  const [sent] = next([{ ...whole, headers, reply: askBriefly(first.reply), isPiece: true }]);
  if (!sent) return [];
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
