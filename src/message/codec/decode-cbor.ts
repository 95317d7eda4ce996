import { type Token, Tokenizer, Type } from 'cborg';
import {
  type FieldType,
  MAX_LIST_ITEMS,
  MAX_MESSAGE_DEPTH,
  MESSAGE_FIELDS,
  type MessageField,
} from '../fields.ts';
import { type Message, newMessage } from '../message.ts';
import { MessageError } from '../message-error.ts';
import { longName, longTexts, MAX_NAME_BYTES, MAX_TEXT_BYTES } from './text-limits.ts';

/**
 * Reads a message from CBOR: an array with one item of the right type per field, and nothing after it.
 * Items of `data` are views of the payload, which are byte strings or texts where it `hasBytes`. Throws MessageError.
 */
export function decodeCbor(payload: Uint8Array, { hasBytes = false } = {}): Message {
  try {
    return new Decoding(payload, hasBytes).message();
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw new MessageError('malformed', 'the payload is not valid CBOR, or ends too early', { cause });
  }
}

const TYPE_NAMES: Record<FieldType, string> = {
  string: 'text',
  int: 'an integer',
  bool: 'true or false',
  strings: 'a list of texts or null',
  bytes: 'a list of texts or null',
  message: 'a message or null',
};

const SCALARS: ReadonlySet<FieldType> = new Set<FieldType>(['string', 'int', 'bool']);

class Decoding {
  readonly #payload: Buffer;
  readonly #tokens: SkippingTokenizer;
  readonly #hasBytes: boolean;
  #itemsLeft = MAX_LIST_ITEMS;
  #textLeft = MAX_TEXT_BYTES;

  constructor(payload: Uint8Array, hasBytes: boolean) {
    this.#hasBytes = hasBytes;
    this.#payload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#tokens = new SkippingTokenizer(payload, { allowIndefinite: false });
  }

  message(): Message {
    const message = this.#fields(this.#tokens.next(), 1);
    if (!this.#tokens.done())
      throw new MessageError('malformed', 'the CBOR payload has bytes after its message');
    return message;
  }

  #fields(head: Token, depth: number): Message {
    if (depth > MAX_MESSAGE_DEPTH) {
      throw new MessageError('malformed', `the message has more than ${MAX_MESSAGE_DEPTH} previous messages`);
    }
    if (head.type !== Type.array || head.value !== MESSAGE_FIELDS.length) {
      const wanted = `an array of ${MESSAGE_FIELDS.length} items`;
      throw new MessageError('malformed', `a CBOR message must be ${wanted}, but is ${describe(head)}`);
    }
    const message = newMessage({});
    const target = message as unknown as Record<string, unknown>;
    for (const field of MESSAGE_FIELDS) target[field.key] = this.#value(field, depth);
    return message;
  }

  #value(field: MessageField, depth: number): unknown {
    const start = this.#tokens.pos();
    if (this.#textLengthAt(start) > MAX_NAME_BYTES) throw longName(field.json);
    const token = this.#tokens.next();
    if (SCALARS.has(field.type)) return this.#scalar(field, token, start);
    if (token.type === Type.null) return null;
    if (token.type !== Type.array) throw wrongType(field, token);
    return field.type === 'message' ? this.#fields(token, depth + 1) : this.#list(field, token);
  }

  #scalar(field: MessageField, token: Token, start: number): unknown {
    const { type } = field;
    if (type === 'string' && token.type === Type.string) return this.#text(token, start);
    if (type === 'int' && isInteger(token)) return token.value;
    if (type === 'bool' && (token.type === Type.true || token.type === Type.false)) return token.value;
    throw wrongType(field, token);
  }

  #list(field: MessageField, head: Token): (string | Uint8Array)[] {
    this.#itemsLeft -= head.value;
    if (!(this.#itemsLeft >= 0)) {
      throw new MessageError('malformed', `the message has more than ${MAX_LIST_ITEMS} list items`);
    }
    const items: (string | Uint8Array)[] = [];
    for (let left: number = head.value; left > 0; left--)
      items.push((field.type === 'bytes' ? this.#bytes() : undefined) ?? this.#textOf(field));
    return items;
  }

  #textOf(field: MessageField): string {
    const start = this.#tokens.pos();
    this.#textLeft -= this.#textLengthAt(start);
    if (this.#textLeft < 0) throw longTexts();
    const token = this.#tokens.next();
    if (token.type !== Type.string) throw wrongType(field, token);
    return this.#text(token, start);
  }

  /** A text that begins with a byte order mark is read here, since the library leaves the mark out. */
  #text(token: Token, start: number): string {
    const from = start + headLength(this.#payload[start]!);
    return this.#payload[from] === 0xef
      ? this.#payload.toString('utf8', from, this.#tokens.pos())
      : token.value;
  }

  /** The bytes of a text or byte string, as they are: the library would make a string of them, of their size. Undefined where there is no whole one. */
  #bytes(): Uint8Array | undefined {
    const start = this.#tokens.pos();
    const isBytes = this.#hasBytes && this.#payload[start]! >> 5 === BYTES;
    const length = this.#textLengthAt(start, isBytes ? BYTES : TEXT);
    if (Number.isNaN(length)) return undefined;
    const from = start + headLength(this.#payload[start]!);
    this.#tokens.skipTo(from + length);
    const { buffer, byteOffset } = this.#payload;
    return new Uint8Array(buffer, byteOffset + from, length);
  }

  /** The length of the text that begins here, bytes, before the library makes a string of it; NaN where no whole one does. */
  #textLengthAt(start: number, type = TEXT): number {
    const first = this.#payload[start] ?? 0;
    const size = first & 31;
    const from = start + headLength(first);
    if (first >> 5 !== type || size > LONGEST_LENGTH || from > this.#payload.length) return Number.NaN;
    const length = size < 24 ? size : this.#lengthAt(start + 1, size);
    return from + length <= this.#payload.length ? length : Number.NaN;
  }

  #lengthAt(start: number, size: number): number {
    if (size === LONGEST_LENGTH) return Number(this.#payload.readBigUInt64BE(start));
    return this.#payload.readUIntBE(start, 2 ** (size - 24));
  }
}

/** The major types of byte strings and texts (RFC 8949, 3.1), and what says that eight bytes of length follow. */
const [BYTES, TEXT, LONGEST_LENGTH] = [2, 3, 27];

/** Reads tokens, and passes over what is read otherwise. */
class SkippingTokenizer extends Tokenizer {
  skipTo(position: number): void {
    this._pos = position;
  }
}

/** How many bytes stand before a text's own: one, and those of a length that does not fit into it. */
function headLength(first: number): number {
  const size = first & 31;
  return size < 24 ? 1 : 1 + 2 ** (size - 24);
}

function isInteger(token: Token): boolean {
  return (token.type === Type.uint || token.type === Type.negint) && Number.isSafeInteger(token.value);
}

function wrongType(field: MessageField, token: Token): MessageError {
  const text = `field ${field.json} of a CBOR message must be ${TYPE_NAMES[field.type]}, but has ${describe(token)}`;
  return new MessageError('malformed', text);
}

function describe(token: Token): string {
  return token.type === Type.array
    ? `an array of ${token.value} items`
    : `an item of CBOR type ${token.type.name}`;
}
