import { type FieldType, MESSAGE_FIELDS } from '../fields.ts';
import { GobWriter } from './gob-writer.ts';

/** The numbers that gob gives the types it knows by itself. */
export const BASIC = {
  bool: 1,
  int: 2,
  uint: 3,
  float: 4,
  bytes: 5,
  string: 6,
  complex: 7,
  interface: 8,
} as const;

/** A type that an encoder has defined: what its values are made of. */
export type GobType =
  | { readonly is: 'list'; readonly element: number }
  | { readonly is: 'map'; readonly key: number; readonly element: number }
  | { readonly is: 'struct'; readonly fields: readonly { readonly name: string; readonly type: number }[] }
  | { readonly is: 'opaque' };

/** The number that the reference gives its message type. */
export const MESSAGE_TYPE = 65;
const NODES_TYPE = 66;
const STRINGS_TYPE = 67;

const TYPE_OF_FIELD: Record<FieldType, number> = {
  string: BASIC.string,
  int: BASIC.int,
  bool: BASIC.bool,
  strings: STRINGS_TYPE,
  bytes: STRINGS_TYPE,
  message: MESSAGE_TYPE,
};

const messageStruct = MESSAGE_FIELDS.map(({ key, go, type }) => ({
  name: go,
  type: key === 'toNodes' ? NODES_TYPE : TYPE_OF_FIELD[type],
}));

/** The types that the reference defines before its messages. */
export const MESSAGE_TYPES: ReadonlyMap<number, GobType> = new Map<number, GobType>([
  [MESSAGE_TYPE, { is: 'struct', fields: messageStruct }],
  [NODES_TYPE, { is: 'list', element: BASIC.string }],
  [STRINGS_TYPE, { is: 'list', element: BASIC.string }],
]);

/**
 * The type definitions that the reference writes before every message: always these bytes, as it defines one
 * encoder per message and its types are numbered in the order they are first met.
 */
export const MESSAGE_TYPE_BYTES: Uint8Array = Buffer.concat([
  definition(MESSAGE_TYPE, (writer) => {
    writer.uint(3);
    writer.uint(1);
    nameAndType(writer, 'Message', MESSAGE_TYPE);
    writer.uint(1);
    writer.uint(messageStruct.length);
    for (const { name, type } of messageStruct) nameAndType(writer, name, type);
    writer.uint(0);
  }),
  definition(NODES_TYPE, (writer) => listDefinition(writer, '[]steward.Node', NODES_TYPE)),
  definition(STRINGS_TYPE, (writer) => listDefinition(writer, '[]string', STRINGS_TYPE)),
]);

function definition(id: number, write: (writer: GobWriter) => void): Uint8Array {
  const writer = new GobWriter();
  writer.int(-id);
  write(writer);
  writer.uint(0);
  return writer.framedAfter(new Uint8Array());
}

function listDefinition(writer: GobWriter, name: string, id: number): void {
  writer.uint(2);
  writer.uint(1);
  nameAndType(writer, name, id);
  writer.uint(1);
  writer.int(BASIC.string);
  writer.uint(0);
}

/** A struct of a name and a type number, which gob uses for struct fields and as the head of every definition. */
function nameAndType(writer: GobWriter, name: string, type: number): void {
  writer.uint(1);
  writer.text(name);
  writer.uint(1);
  writer.int(type);
  writer.uint(0);
}
