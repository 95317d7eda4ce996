/**
 * NATS headers of Steward's own. A reference node ignores all but `serial` and `cmp`, which are its.
 */
export const HEADER = {
  /** UUIDv7 of the message, the same on every attempt; an answer names the message it answers. */
  id: 'Nats-Msg-Id',
  /** `<epoch>/<seq>/<floor>`: the sender's outbox life, the place in the lane, the lowest place still open. */
  lane: 'Steward-Lane',
  /** Unix ms after which the message must not be executed any more. */
  notAfter: 'Steward-Not-After',
  /** How many ms are left until then, counted from when this attempt was sent: it holds where clocks differ. */
  left: 'Steward-Left',
  /** When the request is to run again and again, as JSON; such a message always travels in pieces. */
  schedule: 'Steward-Schedule',
  /** What the sender wants of the run's output, where that is not `end`: `live` or `none`. */
  output: 'Steward-Output',
  /** What its sender wants it, and the reply to it, to go before; the word is `priority`. */
  priority: 'Steward-Priority',
  /** Its key: older requests of the same sender and key that have not begun give way to it; the word is `supersedes`. */
  supersedes: 'Steward-Supersedes',
  /** In a reply: how its request ended, as JSON; the word is `end-in-reply`. */
  end: 'Steward-End',
  /** In a reply: `<from>+<count>/<sum>`, what its asker was told while the request ran, and which stands before its data; the word is `told-output`. */
  told: 'Steward-Told',
  /** `<i>/<n>`, counted from 1: this payload is a piece of a larger one. */
  part: 'Steward-Part',
  /** In a reply or a file: the id of the request that it is to. */
  re: 'Steward-Re',
  serial: 'serial',
  compression: 'cmp',
  /** In an answer: what became of the message, one of ANSWER_STATUSES. */
  status: 'Steward-Status',
  /** In an answer: `<first>-<last>`, the places in the lane that it speaks for. */
  range: 'Steward-Range',
  /** In a `gap` answer: the place that the receiver expects. */
  expects: 'Steward-Expects',
  /** In an answer: the words for what the answering node understands beyond the first form of the wire. */
  knows: 'Steward-Knows',
  /** In an answer of a node whose link has a budget: what its asker may send now, as in link-word.ts; the word is `link`. In a message: that this is to be said. */
  linkLeft: 'L',
  /** In an answer: why, in a sentence. */
  reason: 'Steward-Reason',
  /** In a `duplicate` answer: the id of the message that holds this place, where it is another one. */
  seenId: 'Steward-Seen-Id',
  /** Of a brief answer: it was given before, and may have come then. Only in its brief form. */
  again: 'Steward-Again',
  /** Of a bundle that needs what is not here to be read. Only within a node. */
  lacks: 'Steward-Lacks',
  /** In a hello: version, system, uptime and labels of the node, as JSON. */
  hello: 'Steward-Hello',
  /** `<transfer>/<offset>/<round>`: this payload is a piece of a file that is copied, no message; also in its answer. */
  copy: 'Steward-Copy',
  /** `<from>+<count>/<sum>`: in place of the bytes of such a piece, a stretch that its target has already; the word is `blocks`. */
  copyHave: 'Steward-Copy-Have',
  /** With a question for a piece, and in its answer: sums of blocks that the target has already. */
  copySums: 'Steward-Copy-Sums',
  /** Stands for the usual headers, between nodes that name the word `brief` (`brief.ts`). */
  brief: 'S',
  /** `<epoch>/<seq>/<floor>`: the payload is several messages of a lane, of which this is the place of the first (`bundle.ts`); the word is `bundle`. Behind it what it is compressed with; the word is DICTIONARY. */
  bundle: 'B',
} as const;

/** `part` says that a piece has arrived and the rest is awaited. */
export const ANSWER_STATUSES = [
  'accepted',
  'duplicate',
  'gap',
  'rejected',
  'expired',
  'busy',
  'part',
] as const;

export type AnswerStatus = (typeof ANSWER_STATUSES)[number];

/** A place in a lane. */
export interface LanePlace {
  readonly epoch: string;
  readonly seq: number;
  readonly floor: number;
  /** Whether another message follows right behind, so that the answer may wait for it. */
  readonly isFollowed?: boolean;
}

/** The mark of a message that is followed by another one, for nodes that know the word `lean`. */
const FOLLOWED = '+';

/** Writes a Steward-Lane header. */
export function formatLanePlace({ epoch, seq, floor, isFollowed }: LanePlace): string {
  return `${epoch}/${seq}/${floor}${isFollowed ? `/${FOLLOWED}` : ''}`;
}

/** Whether a Steward-Lane header says that another message is right behind. */
export function isFollowed(header: string | undefined): boolean {
  return header?.endsWith(`/${FOLLOWED}`) === true;
}

/** Reads a Steward-Lane header; undefined where it is malformed. */
export function parseLanePlace(header: string): LanePlace | undefined {
  const [epoch, seqText, floorText, mark, ...rest] = header.split('/');
  const seq = parsePlace(seqText);
  const floor = parsePlace(floorText);
  const isValid =
    rest.length === 0 &&
    (mark ?? FOLLOWED) === FOLLOWED &&
    epoch &&
    seq &&
    floor &&
    floor <= seq &&
    epoch.length <= 64;
  if (!isValid || epoch.startsWith('-')) return undefined;
  return { epoch, seq, floor, ...(mark && { isFollowed: true }) };
}

/** Reads `a/b` or `a-b`: two counting numbers, the first not above the second. */
export function parsePair(header: string, separator: '/' | '-'): [number, number] | undefined {
  const at = header.indexOf(separator);
  const first = parsePlace(header.slice(0, at));
  const second = parsePlace(header.slice(at + 1));
  return at > 0 && first && second && first <= second ? [first, second] : undefined;
}

/** The Steward-Not-After of a message that its sender called off, unix ms: it is over by any clock. */
export const CALLED_OFF_AT = 1;

/** Reads a Steward-Not-After header: unix ms; undefined where it is malformed. */
export function parseNotAfter(header: string): number | undefined {
  return /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** A number from 1 on that fits into 32 bits; 0 for anything else. */
function parsePlace(text = ''): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return value < 2 ** 32 ? value : 0;
}

/** Header values are one line of printable text; anything else is replaced, and a long text is cut. */
export function headerText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 1000);
}
