import { type FieldType, MAX_LIST_ITEMS, MAX_MESSAGE_DEPTH, MESSAGE_FIELDS } from '../fields.ts';
import { type Message, newMessage } from '../message.ts';
import { MessageError } from '../message-error.ts';
import { readDefinition, skipValue } from './gob-definitions.ts';
import { GobReader } from './gob-reader.ts';
import { BASIC, type GobType, MESSAGE_TYPE, MESSAGE_TYPE_BYTES, MESSAGE_TYPES } from './gob-types.ts';
import { longName, longTexts, MAX_NAME_BYTES, MAX_TEXT_BYTES } from './text-limits.ts';

/**
 * Reads a message from gob, with the type definitions that the reference writes or with any others, as an encoder
 * numbers and orders them freely. Fields are matched by their names; those that we do not know are stepped over.
 * Items of `data` are views of the payload. Throws MessageError.
 */
export function decodeGob(payload: Uint8Array): Message {
  const reader = new GobReader(payload);
  if (reader.skipPrefix(MESSAGE_TYPE_BYTES)) return new Decoding(reader, REFERENCE_LAYOUTS).message();
  return new Decoding(reader, { types: new Map(), structs: new Map() }).message();
}

/** What is known of the types in a payload: their definitions, and how the structs among them map to a message. */
interface Layouts {
  readonly types: Map<number, GobType>;
  readonly structs: Map<number, readonly Slot[]>;
}

/** One field of a struct in a payload: the message's field that it fills, if any, and its type. */
interface Slot {
  readonly key: string | undefined;
  readonly type: FieldType;
  readonly gobType: number;
}

class Decoding {
  readonly #reader: GobReader;
  #layouts: Layouts;
  #itemsLeft = MAX_LIST_ITEMS;
  #textLeft = MAX_TEXT_BYTES;

  constructor(reader: GobReader, layouts: Layouts) {
    this.#reader = reader;
    this.#layouts = layouts;
  }

  message(): Message {
    const reader = this.#reader;
    for (;;) {
      const length = reader.count();
      const end = reader.position + length;
      const id = reader.int();
      if (id >= 0) {
        if (reader.left !== end - reader.position) throw reader.fault('has bytes after its message');
        const message = this.#struct(id, 1);
        if (reader.left !== 0) throw reader.fault('has bytes after its message');
        return message;
      }
      this.#ownLayouts();
      readDefinition(reader, -id, this.#layouts.types);
      if (reader.position !== end) throw reader.fault('has a type definition of another length than it says');
    }
  }

  #struct(id: number, depth: number): Message {
    const reader = this.#reader;
    if (depth > MAX_MESSAGE_DEPTH) throw reader.fault(`has more than ${MAX_MESSAGE_DEPTH} previous messages`);
    const slots = this.#layouts.structs.get(id) ?? this.#slots(id);
    const message = newMessage({});
    const target = message as unknown as Record<string, unknown>;
    let field = -1;
    for (let delta = reader.uint(); delta !== 0; delta = reader.uint()) {
      field += delta;
      const slot = slots[field];
      if (slot === undefined) throw reader.fault('has a field outside of its type');
      if (slot.key === undefined) skipValue(reader, slot.gobType, this.#layouts.types);
      else target[slot.key] = this.#value(slot, depth);
    }
    return message;
  }

  #value(slot: Slot, depth: number): unknown {
    if (slot.type === 'string') {
      if (this.#reader.lengthAhead() > MAX_NAME_BYTES) throw longName(slot.key ?? '');
      return this.#reader.text();
    }
    if (slot.type === 'int') return this.#reader.int();
    if (slot.type === 'bool') return this.#reader.uint() !== 0;
    if (slot.type === 'message') return this.#struct(slot.gobType, depth + 1);
    return this.#list(slot.type === 'bytes');
  }

  #list(asBytes: boolean): (string | Uint8Array)[] {
    const count = this.#reader.count();
    this.#itemsLeft -= count;
    if (this.#itemsLeft < 0) {
      throw new MessageError('too-large', `the message has more than ${MAX_LIST_ITEMS} list items`);
    }
    const items: (string | Uint8Array)[] = [];
    for (let left = count; left > 0; left--) items.push(asBytes ? this.#reader.bytes() : this.#text());
    return items;
  }

  #text(): string {
    this.#textLeft -= this.#reader.lengthAhead();
    if (this.#textLeft < 0) throw longTexts();
    return this.#reader.text();
  }

  /** The reference's layouts serve every payload, so one that defines more types goes on with a copy. */
  #ownLayouts(): void {
    if (this.#layouts !== REFERENCE_LAYOUTS) return;
    this.#layouts = { types: new Map(this.#layouts.types), structs: new Map(this.#layouts.structs) };
  }

  #slots(id: number): readonly Slot[] {
    const slots = slotsOf(id, this.#layouts.types);
    if (slots === undefined) throw this.#reader.fault('holds something other than a message');
    this.#layouts.structs.set(id, slots);
    return slots;
  }
}

const FIELD_BY_GO_NAME = new Map(MESSAGE_FIELDS.map((field) => [field.go, field]));

/** How a struct fills a message; undefined where the type is no struct, or has our names with other types. */
function slotsOf(id: number, types: ReadonlyMap<number, GobType>): readonly Slot[] | undefined {
  const type = types.get(id);
  if (type?.is !== 'struct') return undefined;
  const slots: Slot[] = [];
  for (const { name, type: gobType } of type.fields) {
    const field = FIELD_BY_GO_NAME.get(name);
    if (field !== undefined && !fits(field.type, gobType, types)) return undefined;
    slots.push({ key: field?.key, type: field?.type ?? 'int', gobType });
  }
  return slots.some(({ key }) => key !== undefined) ? slots : undefined;
}

function fits(field: FieldType, gobType: number, types: ReadonlyMap<number, GobType>): boolean {
  if (field === 'string' || field === 'int' || field === 'bool') return gobType === BASIC[field];
  const type = types.get(gobType);
  if (field === 'message') return type?.is === 'struct';
  return type?.is === 'list' && type.element === BASIC.string;
}

const REFERENCE_LAYOUTS: Layouts = {
  types: new Map(MESSAGE_TYPES),
  structs: new Map([[MESSAGE_TYPE, slotsOf(MESSAGE_TYPE, MESSAGE_TYPES)!]]),
};
