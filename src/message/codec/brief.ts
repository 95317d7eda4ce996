import { crc32 } from 'node:zlib';
import { isUuid } from '../../lib/uuid.ts';
import type { WireMessage } from '../wire-message.ts';
import { CBOR_BYTES } from './body-format.ts';
import { HEADER } from './wire-headers.ts';

/** The word for reading messages whose usual headers are one. */
export const BRIEF = 'brief';

type Headers = Readonly<Record<string, string>>;

/** Behind the reply subject of an attempt: its answers may be brief. A node that does not know this answers at length. */
const ASKS_BRIEFLY = '-b';
/** Behind an answer that was given before. */
const AGAIN = 'again';
/** How a body is written, as letters for `serial` and `cmp`: a node refuses letters that it does not know. */
const FORM = /^([cb]?)([zg]?)$/;
const SERIAL_LETTERS: Readonly<Record<string, string>> = { cbor: 'c', [CBOR_BYTES]: 'b' };

/** The usual headers of a message as one: `<id> <place> <form>`; as they are where that does not say the same. */
export function briefHeaders(headers: Headers): Headers {
  const { [HEADER.id]: id, [HEADER.lane]: lane, [HEADER.serial]: serial = '', ...rest } = headers;
  const { [HEADER.compression]: cmp = '', ...others } = rest;
  const form = `${SERIAL_LETTERS[serial] ?? serial}${cmp}`;
  if (id === undefined || lane === undefined || !isUuid(id) || !FORM.test(form)) return headers;
  const shortId = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
  return { [HEADER.brief]: `${shortId} ${lane}${form && ` ${form}`}`, ...others };
}

/** A message with the headers that a brief one stands for; any other as it is. */
export function unfoldMessage(message: WireMessage): WireMessage {
  const [shortId, lane, form = ''] = message.header(HEADER.brief)?.split(' ') ?? [];
  if (!shortId || !lane) return message;
  const [, serial, cmp] = FORM.exec(form) ?? [];
  return withHeaders(message, {
    [HEADER.id]: longId(Buffer.from(shortId, 'base64url').toString('hex')),
    [HEADER.lane]: lane,
    // A form that is not known is refused by its name.
    [HEADER.serial]: serial === 'b' ? CBOR_BYTES : serial ? 'cbor' : '',
    [HEADER.compression]: cmp ?? form,
  });
}

/** The reply subject of messages whose answers may be brief. */
export function askBriefly(reply: string): string {
  return `${reply}${ASKS_BRIEFLY}`;
}

/** The headers of an answer as one, `<status> <range> <digest of the words>`, where its asker takes that; undefined where it does not. */
export function briefAnswer(reply: string, headers: Headers): Record<string, string> | undefined {
  const { [HEADER.status]: status, [HEADER.range]: range, [HEADER.knows]: knows, ...rest } = headers;
  if (!reply.endsWith(ASKS_BRIEFLY) || range === undefined || knows === undefined) return undefined;
  // The reply subject tells which messages it is about.
  const { [HEADER.id]: _, ...others } = rest;
  return { [HEADER.brief]: `${status} ${range} ${wordsSum(knows)}`, ...others };
}

/** A brief answer as it is given once more: for how long it was on its way says nothing then. A node that does not know this takes it for the first. */
export function answeredAgain(brief: Headers): Record<string, string> {
  return { ...brief, [HEADER.brief]: `${brief[HEADER.brief]} ${AGAIN}` };
}

/** An answer with the headers that a brief one stands for; `words` are those that its node is known to have named. */
export function unfoldAnswer(answer: WireMessage, words: string | undefined): WireMessage {
  const [status, range, digest, again] = answer.header(HEADER.brief)?.split(' ') ?? [];
  if (!status || !range) return answer;
  const isKnown = words !== undefined && wordsSum(words) === digest;
  return withHeaders(answer, {
    [HEADER.status]: status,
    [HEADER.range]: range,
    [HEADER.knows]: isKnown ? words : '',
    [HEADER.again]: again === AGAIN ? AGAIN : '',
  });
}

function withHeaders(message: WireMessage, headers: Headers): WireMessage {
  const { subject, sender, reply, payload, noResponders } = message;
  return {
    ...{ subject, sender, reply, payload, noResponders },
    header: (name) => (name in headers ? headers[name] || undefined : message.header(name)),
  };
}

/** Words in short, for a node that knows them. */
export function wordsSum(words: string): string {
  return crc32(words).toString(36);
}

/** The id with these bytes, in hex. */
export function longId(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
