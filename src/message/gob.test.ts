import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import { decodeGob } from './codec/decode-gob.ts';
import { encodeCbor } from './codec/encode-cbor.ts';
import { encodeGob } from './codec/encode-gob.ts';
import { MESSAGE_TYPE_BYTES } from './codec/gob-types.ts';
import { GobWriter } from './codec/gob-writer.ts';
import { newMessage } from './message.ts';
import { MessageError } from './message-error.ts';

test('the type definitions are those of the captured messages', () => {
  for (const { payload } of vectors('gob')) {
    assert.equal(Buffer.compare(payload.subarray(0, MESSAGE_TYPE_BYTES.length), MESSAGE_TYPE_BYTES), 0);
  }
});

test('an encoder may number and order its types and fields as it likes', () => {
  const bytes = stream([
    list(-200, 6),
    struct(-90, [
      ['Retries', 2],
      ['ToNode', 6],
      ['Data', 200],
      ['PreviousMessage', 90],
      ['IsReply', 1],
    ]),
    value(90, (w) => {
      field(w, 1).int(-7);
      field(w, 1).text('ship1');
      field(w, 1).uint(2);
      w.bytes(Uint8Array.of(0xff));
      w.text('');
      field(w, 1);
      field(w, 2).text('inner');
      w.uint(0);
      field(w, 1).uint(1);
      w.uint(0);
    }),
  ]);
  const message = decodeGob(bytes);
  assert.deepEqual(
    { ...message, data: message.data?.map((item) => [...item]) },
    newMessage({
      retries: -7,
      toNode: 'ship1',
      data: [[255], []] as unknown as Uint8Array[],
      previousMessage: newMessage({ toNode: 'inner' }),
      isReply: true,
    }),
  );
});

test('fields that we do not know are stepped over, whatever their type', () => {
  const float = Uint8Array.of(0xfe, 0xf0, 0x3f);
  const bytes = stream([
    struct(-65, [
      ['A', 1],
      ['B', 3],
      ['C', 4],
      ['D', 5],
      ['E', 7],
      ['F', 8],
      ['G', 8],
      ['H', 70],
      ['I', 71],
      ['J', 72],
      ['K', 73],
      ['L', 74],
      ['Method', 6],
    ]),
    list(-70, 71),
    map(-71, 6, 2),
    struct(-72, [
      ['X', 6],
      ['Y', 72],
    ]),
    array(-73, 4, 2),
    opaque(-74),
    value(65, (w) => {
      field(w, 1).uint(1);
      field(w, 1).raw(Uint8Array.of(0xf8, 1, 2, 3, 4, 5, 6, 7, 8));
      field(w, 1).raw(float);
      field(w, 1).bytes(Uint8Array.of(1, 2));
      field(w, 1).raw(float);
      w.raw(float);
      field(w, 1).uint(0);
      field(w, 1).text('main.T');
      w.int(72);
      w.bytes(Uint8Array.of(1, 1, 0x78, 0));
      field(w, 1).uint(1);
      mapValue(w);
      field(w, 1);
      mapValue(w);
      field(w, 1);
      field(w, 1).text('x');
      field(w, 1);
      w.uint(0);
      w.uint(0);
      field(w, 1).uint(2);
      w.raw(float);
      w.raw(float);
      field(w, 1).bytes(Uint8Array.of(9, 9, 9));
      field(w, 1).text('REQPing');
      w.uint(0);
    }),
  ]);
  assert.deepEqual(decodeGob(bytes), newMessage({ method: 'REQPing' }));
});

test('streams that break the rules of gob are refused', () => {
  const message = struct(-65, [['ToNode', 6]]);
  const hello = value(65, (w) => {
    field(w, 1).text('a');
    w.uint(0);
  });
  assert.equal(decodeGob(stream([message, hello])).toNode, 'a');
  const faults: [string, Uint8Array[]][] = [
    ['no value', [message]],
    ['no definition', [hello]],
    ['two values', [message, hello, hello]],
    ['a type defined twice', [message, message, hello]],
    ['a field of another type', [struct(-65, [['ToNode', 2]]), hello]],
    ['a list of another type', [struct(-65, [['Data', 66]]), list(-66, 2), hello]],
    ['a struct that is no message', [struct(-65, [['Other', 6]]), hello]],
    ['a value that is no struct', [list(-65, 6), hello]],
    ['a field that the type has not', [message, value(65, (w) => field(w, 2).text('a'))]],
    [
      'an unknown type for an unknown field',
      [
        struct(-65, [
          ['ToNode', 6],
          ['X', 99],
        ]),
        value(65, (w) => field(w, 2).uint(1)),
      ],
    ],
    [
      'nesting without end',
      [
        struct(-65, [
          ['ToNode', 6],
          ['X', 66],
        ]),
        list(-66, 66),
        value(65, (w) => field(w, 2).raw(Buffer.alloc(200, 1))),
      ],
    ],
    [
      'a list longer than the payload',
      [struct(-65, [['Data', 66]]), list(-66, 6), value(65, (w) => field(w, 1).uint(1e9))],
    ],
    ['a struct of too many fields', [struct(-65, Array(2000).fill(['A', 6])), hello]],
    ['a kind of type that we do not know', [definition(-65, 9, () => undefined), hello]],
  ];
  for (const [title, parts] of faults) assert.throws(() => decodeGob(stream(parts)), MessageError, title);
});

test('what one payload defines after the usual types does not reach the next', () => {
  const usual = encodeGob(newMessage({ toNode: 'a' })).subarray(MESSAGE_TYPE_BYTES.length);
  const more = stream([MESSAGE_TYPE_BYTES, struct(-80, [['ToNode', 6]]), usual]);
  for (let count = 0; count < 2; count++) assert.equal(decodeGob(more).toNode, 'a');
});

test('numbers that are no integers of 53 bits are refused, in reading and writing', () => {
  const wide = value(65, (w) => {
    field(w, 3).raw(Uint8Array.of(0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe));
    w.uint(0);
  });
  assert.throws(() => decodeGob(stream([MESSAGE_TYPE_BYTES, wide])), /53 bits/);
  for (const retries of [0.5, 2 ** 53, Number.POSITIVE_INFINITY]) {
    for (const encode of [encodeGob, encodeCbor])
      assert.throws(() => encode(newMessage({ retries })), MessageError);
  }
});

function stream(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function value(id: number, write: (writer: GobWriter) => void): Uint8Array {
  const writer = new GobWriter();
  writer.int(id);
  write(writer);
  return writer.framedAfter(new Uint8Array());
}

function field(writer: GobWriter, delta: number): GobWriter {
  writer.uint(delta);
  return writer;
}

function definition(id: number, kind: number, rest: (writer: GobWriter) => void): Uint8Array {
  return value(id, (writer) => {
    field(writer, kind);
    field(writer, 1);
    field(writer, 2).int(-id);
    writer.uint(0);
    rest(writer);
    writer.uint(0);
    writer.uint(0);
  });
}

function list(id: number, element: number): Uint8Array {
  return definition(id, 2, (writer) => field(writer, 1).int(element));
}

function array(id: number, element: number, length: number): Uint8Array {
  return definition(id, 1, (writer) => {
    field(writer, 1).int(element);
    field(writer, 1).int(length);
  });
}

function map(id: number, key: number, element: number): Uint8Array {
  return definition(id, 4, (writer) => {
    field(writer, 1).int(key);
    field(writer, 1).int(element);
  });
}

function opaque(id: number): Uint8Array {
  return definition(id, 5, () => undefined);
}

function struct(id: number, fields: [name: string, type: number][]): Uint8Array {
  return definition(id, 3, (writer) => {
    field(writer, 1).uint(fields.length);
    for (const [name, type] of fields) {
      field(writer, 1).text(name);
      field(writer, 1).int(type);
      writer.uint(0);
    }
  });
}

function mapValue(writer: GobWriter): void {
  writer.uint(2);
  writer.text('k');
  writer.int(1000);
  writer.text('l');
  writer.int(-1);
}
