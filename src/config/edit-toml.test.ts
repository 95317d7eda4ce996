import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { editToml, tomlLiteral } from './edit-toml.ts';
import type { OptionValue } from './option-spec.ts';
import { type OptionKey, optionOf } from './options.ts';
import { findStatements } from './toml-statements.ts';

function edit(text: string, values: Partial<Record<OptionKey, OptionValue>>): string {
  const settings = Object.entries(values).map(([key, value]) => ({
    option: optionOf(key as OptionKey),
    value,
  }));
  return editToml(text, settings);
}

/** The text's content, as plain objects. */
function read(text: string): Record<string, unknown> {
  return JSON.parse(JSON.stringify(parse(text)));
}

test('a changed key is rewritten in its place, and all else stays', () => {
  const text = "# mine\nzeta = 1 # unknown\n\n  nodename   =  'old'   # the name\nDefaultMessageTimeout=5\n";
  const wanted =
    '# mine\nzeta = 1 # unknown\n\n  nodename   =  "new"   # the name\nDefaultMessageTimeout=7\n';
  assert.equal(edit(text, { NodeName: 'new', DefaultMessageTimeout: 7 }), wanted);
});

test('a missing key is added after the last one and before the first table', () => {
  const text = 'NodeName = "a"\n\n# about the table\n[extra]\nNodeName = "not this"\n';
  const edited = edit(text, { CentralNodeName: 'c' });
  assert.ok(edited.endsWith('\n# about the table\n[extra]\nNodeName = "not this"\n'));
  assert.deepEqual(read(edited), { NodeName: 'a', CentralNodeName: 'c', extra: { NodeName: 'not this' } });
});

test('a text without a last line end, or with a table alone, takes additions too', () => {
  assert.deepEqual(read(edit('NodeName = "a"', { LogLevel: 'warn' })), { NodeName: 'a', LogLevel: 'warn' });
  assert.deepEqual(read(edit('[t]\nx=1', { LogLevel: 'warn' })), { LogLevel: 'warn', t: { x: 1 } });
  assert.deepEqual(read(edit('# only this', { LogLevel: 'warn' })), { LogLevel: 'warn' });
});

test('line ends of the file are kept', () => {
  const edited = edit('NodeName = "a"\r\nLogLevel = "info"\r\n', { NodeName: 'b', CentralNodeName: 'c' });
  assert.equal(edited.replaceAll('\r\n', '').includes('\n'), false);
  assert.deepEqual(read(edited), { NodeName: 'b', LogLevel: 'info', CentralNodeName: 'c' });
});

test('values that look like statements are passed over', () => {
  const text = [
    'list = [ "NodeName = 1", # NodeName = 2',
    '  [\'a]\', """b"] \\""" """], ]',
    'text = """',
    'NodeName = "inside"',
    '"quoted" it""""',
    "raw = '''",
    "NodeName = 'inside'''''",
    'inline = { NodeName = "inside", other = "}" } # }',
    '"a = b" = 1',
    "'c#d'.e = 2",
    'NodeName = "real" # "',
    '',
  ].join('\n');
  const before = read(text);
  assert.deepEqual(read(edit(text, { NodeName: 'new' })), { ...before, NodeName: 'new' });
  const found = findStatements(text).statements.map(({ key, line }) => [key, line]);
  assert.deepEqual(found, [
    ['list', 1],
    ['text', 3],
    ['raw', 6],
    ['inline', 8],
    ['a = b', 9],
    ['c#d', 10],
    ['NodeName', 11],
  ]);
});

test('every character survives in a text', () => {
  for (const value of ['', 'a"b\\c', 'tab\tline\nend\r', '\u0000\u001f\u007f\u0080', 'æøå 🚢', "it's"]) {
    assert.deepEqual(read(`key = ${tomlLiteral(value)}`), { key: value });
  }
});
