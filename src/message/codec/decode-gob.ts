import { type FieldType, MAX_LIST_ITEMS, MAX_MESSAGE_DEPTH, MESSAGE_FIELDS } from '../fields.ts';
import { type Message, newMessage } from '../message.ts';
import { MessageError } from '../message-error.ts';
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
        if (reader.end !== end) throw reader.fault('has bytes after its message');
        const message = this.#struct(id, 1);
        if (reader.position !== end) throw reader.fault('has bytes after its message');
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
      const name = this.#reader.text(MAX_NAME_BYTES);
      if (name === undefined) throw longName(slot.key ?? '');
      return name;
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
      throw new MessageError('malformed', `the message has more than ${MAX_LIST_ITEMS} list items`);
    }
    const items: (string | Uint8Array)[] = [];
    for (let left = count; left > 0; left--) items.push(asBytes ? this.#reader.bytes() : this.#text());
    return items;
  }

  #text(): string {
    const text = this.#reader.text(this.#textLeft);
    if (text === undefined) throw longTexts();
    this.#textLeft -= this.#reader.textBytes;
    return text;
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

const MAX_TYPES = 256;
const MAX_STRUCT_FIELDS = 1024;
const MAX_SKIP_DEPTH = 64;

/** Reads the definition of a type that an encoder writes before the first value of the type. */
function readDefinition(reader: GobReader, id: number, types: Map<number, GobType>): void {
  if (types.has(id) || types.size >= MAX_TYPES) throw reader.fault('defines a type twice, or too many types');
  readStruct(reader, (kind) => types.set(id, readTypeKind(reader, kind)));
}

/** Steps over a value of any type, as a field that we do not know may have. */
function skipValue(reader: GobReader, id: number, types: Map<number, GobType>, depth = 0): void {
  if (depth > MAX_SKIP_DEPTH) throw reader.fault('is nested too deeply');
  if (id === BASIC.bytes || id === BASIC.string) reader.skipBytes();
  else if (id === BASIC.interface) skipInterface(reader, types);
  else if (id === BASIC.complex) skipNumbers(reader, 2);
  else if (id >= BASIC.bool && id <= BASIC.float) skipNumbers(reader, 1);
  else skipDefined(reader, id, types, depth + 1);
}

function skipDefined(reader: GobReader, id: number, types: Map<number, GobType>, depth: number): void {
  const type = types.get(id);
  if (type === undefined) throw reader.fault(`uses a type (${id}) that it does not define`);
  if (type.is === 'opaque') reader.skipBytes();
  else if (type.is === 'struct') {
    readStruct(reader, (field) => {
      const known = type.fields[field];
      if (known === undefined) throw reader.fault('has a field outside of its type');
      skipValue(reader, known.type, types, depth);
    });
  } else {
    for (let left = reader.count(); left > 0; left--) {
      if (type.is === 'map') skipValue(reader, type.key, types, depth);
      skipValue(reader, type.element, types, depth);
    }
  }
}

function skipNumbers(reader: GobReader, count: number): void {
  for (let left = count; left > 0; left--) reader.skipNumber();
}

/** Calls `read` with the number of each field that a struct has, up to the struct's end mark. */
function readStruct(reader: GobReader, read: (field: number) => void): void {
  let field = -1;
  for (let delta = reader.uint(); delta !== 0; delta = reader.uint()) {
    field += delta;
    read(field);
  }
}

/** An interface names its type (nothing more follows where it is nil), may define it, and says how long it is. */
function skipInterface(reader: GobReader, types: Map<number, GobType>): void {
  const nameLength = reader.count();
  reader.skip(nameLength);
  if (nameLength === 0) return;
  for (let id = reader.int(); id < 0; id = reader.int()) {
    readDefinition(reader, -id, types);
    reader.uint();
  }
  reader.skipBytes();
}

/** What a type definition holds under one of its seven fields: array, slice, struct, map, and three opaque kinds. */
function readTypeKind(reader: GobReader, kind: number): GobType {
  if (kind === 2) return readStructType(reader);
  let element = 0;
  let key = 0;
  readStruct(reader, (field) => {
    if (field === 0) readNameAndId(reader);
    else if (kind === 3 && field === 1) key = reader.int();
    else if (kind === 0 && field === 2) reader.int();
    else element = reader.int();
  });
  if (kind === 0 || kind === 1) return { is: 'list', element };
  if (kind === 3) return { is: 'map', key, element };
  if (kind < 7) return { is: 'opaque' };
  throw reader.fault('defines a type in a way we do not know');
}

function readStructType(reader: GobReader): GobType {
  const fields: { name: string; type: number }[] = [];
  readStruct(reader, (part) => {
    if (part === 0) {
      readNameAndId(reader);
      return;
    }
    const count = reader.count();
    if (part > 1 || count > MAX_STRUCT_FIELDS) throw reader.fault('defines a struct of too many fields');
    while (fields.length < count) fields.push(readNameAndId(reader));
  });
  return { is: 'struct', fields };
}

function readNameAndId(reader: GobReader): { name: string; type: number } {
  const named = { name: '', type: 0 };
  readStruct(reader, (field) => {
    if (field === 0) named.name = reader.text(reader.end)!;
    else if (field === 1) named.type = reader.int();
    else throw reader.fault('has a type definition with more parts than we know');
  });
  return named;
}
