import type { GobReader } from './gob-reader.ts';
import { BASIC, type GobType } from './gob-types.ts';

const MAX_TYPES = 256;
const MAX_STRUCT_FIELDS = 1024;
const MAX_SKIP_DEPTH = 64;

/** Reads the definition of a type that an encoder writes before the first value of the type. */
export function readDefinition(reader: GobReader, id: number, types: Map<number, GobType>): void {
  if (types.has(id) || types.size >= MAX_TYPES) throw reader.fault('defines a type twice, or too many types');
  readStruct(reader, (kind) => types.set(id, readTypeKind(reader, kind)));
}

/** Steps over a value of any type, as a field that we do not know may have. */
export function skipValue(reader: GobReader, id: number, types: Map<number, GobType>, depth = 0): void {
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
export function readStruct(reader: GobReader, read: (field: number) => void): void {
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
    if (field === 0) named.name = reader.text();
    else if (field === 1) named.type = reader.int();
    else throw reader.fault('has a type definition with more parts than we know');
  });
  return named;
}
