import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanLine, lastWritten } from './clean.ts';

test('nothing of a text can move the cursor, change the terminal or ring its bell', () => {
  const cases: [text: string, clean: string][] = [
    ['plain text', 'plain text'],
    ['\u001B[31mred\u001B[0m', 'red'],
    ['\u001B]0;title\u0007after', 'after'],
    ['\u001B]8;;http://127.0.0.1/\u0007link\u001B]8;;\u0007', 'link'],
    ['up\u001B[2Aagain', 'upagain'],
    ['a\u0007b', 'a^Gb'],
    ['a\u0000b', 'a^@b'],
    ['a\u007Fb', 'a^?b'],
    ['a\u0085b', 'a\\x85b'],
    ['half \u001B', 'half ^['],
    ['a\tb', 'a       b'],
    ['1234567\tb', '1234567 b'],
    ['right\u202Eto left', 'rightto left'],
    ['join\u200Ded \uFEFFand\u00ADsoft', 'joined andsoft'],
    ['\u2028', ' '],
    ['lone \uD800', 'lone \uFFFD'],
    ['\u0301loose mark', 'loose mark'],
    [`z${'\u0301'.repeat(50)}`, 'z\u0301\u0301'],
    ['船 and é', '船 and é'],
  ];
  for (const [text, clean] of cases) assert.equal(cleanLine(text), clean, JSON.stringify(text));
});

test('of every text what is left holds no control character', () => {
  let text = '';
  for (let code = 0; code < 0x300; code++) text += `${String.fromCharCode(code)}[`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  assert.doesNotMatch(cleanLine(text), /[\u0000-\u001F\u007F-\u009F]/);
});

test('of a line that draws over itself the last state is shown', () => {
  assert.deepEqual(['10 %\r50 %\r100 %\r', 'done\r', ''].map(lastWritten), ['100 %', 'done', '']);
});
