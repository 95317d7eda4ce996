import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageError } from '../message-error.ts';
import { readSubmission } from './read-submission.ts';

test('a list of messages and one message are read', async () => {
  assert.deepEqual(await read('[{"toNode":"a"}, {"toNode":"b"}]'), [{ toNode: 'a' }, { toNode: 'b' }]);
  assert.deepEqual(await read(' {"toNode":"a"}\n'), [{ toNode: 'a' }]);
  assert.deepEqual(await read('\ufeff[]'), []);
  assert.deepEqual(await read('["a]", "b\\"]", [1,2], {"x":"}"}]'), ['a]', 'b"]', [1, 2], { x: '}' }]);
});

test('a comma after a last item is let pass, as in the examples of the README', async () => {
  const text = '[\n{\n"toNode": "ship2",\n"methodArgs": [],\n"replyMethod":"REQToFileAppend",\n},\n]';
  assert.deepEqual(await read(text), [{ toNode: 'ship2', methodArgs: [], replyMethod: 'REQToFileAppend' }]);
});

test('YAML is read in its own form and in that of JSON', async () => {
  const yaml =
    '- toNode: ship1\n  method: REQToFileAppend\n  data:\n    - |\n      one\n      two\n  retries: 3\n';
  assert.deepEqual(await read(yaml), [
    { toNode: 'ship1', method: 'REQToFileAppend', data: ['one\ntwo\n'], retries: 3 },
  ]);
  assert.deepEqual(await read('toNode: ship1\nmethod: REQPing\n'), [{ toNode: 'ship1', method: 'REQPing' }]);
  assert.deepEqual(await read('[{toNode: ship1, method: REQPing}]'), [
    { toNode: 'ship1', method: 'REQPing' },
  ]);
});

test('a fault in JSON is told with line, column and item', async () => {
  const faults: [string, RegExp][] = [
    ['', /empty/],
    [' \n ', /empty/],
    [
      '[{"a":1},\n {"b": "x" "c": 1}]',
      /^line 2, column 12 \(item 1, the first is 0\): "," or "}" is expected/,
    ],
    ['[{"a":1}', /^line 1, column 9: the text ends before the list does/],
    ['[{"a":1}, {"b', /^line 1, column 12 \(item 1, .*closing quote/],
    ['[{"a":1},,{"b":2}]', /^line 1, column 10: a message is expected before/],
    ['[{"a":1}] x', /^line 1, column 11: more text follows/],
    ['{"a":1} {"a":2}', /^line 1, column 9: more text follows/],
    ['{"é": "é" 1}', /^line 1, column 11/],
  ];
  for (const [text, reason] of faults) await assert.rejects(read(text), matching('malformed', reason), text);
});

test('a fault in YAML is told with line and column', async () => {
  await assert.rejects(
    read('- toNode: "a\n- b: 1\n'),
    matching('malformed', /^line \d+, column \d+ \(read as YAML\): /),
  );
  await assert.rejects(
    read('hello'),
    matching('malformed', /a list of messages or one message.*the text "hello"/),
  );
  await assert.rejects(read('GET / HTTP/1.1'), matching('malformed', /not the text/));
});

test('text that is not UTF-8 is refused with its place', async () => {
  const bytes = Buffer.concat([Buffer.from('[{"toNode":\n"'), Buffer.from([0xff]), Buffer.from('"}]')]);
  await assert.rejects(
    readSubmission(bytes),
    matching('malformed', /^line 2, column 2: .*not UTF-8.*base64/),
  );
});

test('large YAML is refused, and so is YAML that grows through aliases', async () => {
  await assert.rejects(read(`a: ${'x'.repeat(600_000)}`), matching('too-large', /JSON/));
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((n, i) => `${n}: &${n} [${`*${'abcdefg'[i]},`.repeat(9)}]`),
  ];
  await assert.rejects(read(bomb.join('\n')), matching('malformed', /neither JSON nor YAML/));
});

test('deep nesting and text cut anywhere end in an error, never in anything else', async () => {
  await assert.rejects(read('['.repeat(200_000)), MessageError);
  const text = '[{"toNode":"sh\\"ip","data":["é",{"base64":"AA=="}],"retries":1}, {"toNode":"b"}]';
  for (let end = 0; end < text.length; end++) {
    await read(text.slice(0, end)).catch((error: unknown) =>
      assert.ok(error instanceof MessageError, String(error)),
    );
  }
});

test('a list of 100,000 messages is read without holding up the event loop', async () => {
  const item = JSON.stringify({
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: ['x'.repeat(100)],
    fileName: 'a',
  });
  const text = Buffer.from(`[${Array(100_000).fill(item).join(',')}]`);
  let turns = 0;
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  const { items } = await readSubmission(text);
  clearImmediate(next);
  assert.equal(items.length, 100_000);
  // How long each takes is the machine's matter.
  assert.ok(turns > 5, `the event loop turned ${turns} times`);
});

async function read(text: string): Promise<unknown[]> {
  return (await readSubmission(Buffer.from(text))).items;
}

function matching(code: string, reason: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MessageError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, reason);
    return true;
  };
}
