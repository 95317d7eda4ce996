import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsGlob, readGlob } from './glob.ts';

function fits(pattern: string, text: string): boolean {
  return fitsGlob(readGlob([{ text: pattern, isLiteral: false }]), text);
}

test('* stands for any characters, ? for one, and a set for one of it', () => {
  for (const [pattern, text] of [
    ['ship*', 'ship'],
    ['*', ''],
    ['s*p*1', 'ship-p-1'],
    ['ship?', 'ship1'],
    ['ship[0-3]', 'ship2'],
    ['ship[13]', 'ship3'],
    ['ship[!13]', 'ship2'],
    ['船*', '船1'],
    ['?', '🚢'],
    ['a[b', 'a[b'],
  ] as const)
    assert.equal(fits(pattern, text), true, `${pattern} ${text}`);
  for (const [pattern, text] of [
    ['ship', 'ship1'],
    ['ship?', 'ship'],
    ['ship?', 'ship12'],
    ['ship[0-3]', 'ship4'],
    ['ship[!13]', 'ship1'],
    ['*x', 'xy'],
    ['s.ip', 'ship'],
    ['SHIP*', 'ship1'],
  ] as const)
    assert.equal(fits(pattern, text), false, `${pattern} ${text}`);
});

test('what was in quotes stands for itself', () => {
  const glob = readGlob([
    { text: 'a*', isLiteral: true },
    { text: '*', isLiteral: false },
  ]);
  assert.deepEqual([fitsGlob(glob, 'a*b'), fitsGlob(glob, 'ab')], [true, false]);
  assert.equal(readGlob([{ text: 'a*', isLiteral: true }]).plain, 'a*');
  assert.equal(readGlob([{ text: 'a*', isLiteral: false }]).plain, undefined);
});

test('a pattern with many stars takes no longer than its length times that of the text', () => {
  const text = 'a'.repeat(2000);
  assert.equal(fits(`${'*a'.repeat(200)}*b`, text), false);
});
