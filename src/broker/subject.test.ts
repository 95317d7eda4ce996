import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasWildcard, isLiteral, isSubject, isWithin, overlap, plainText, wireText } from './subject.ts';

test('subjects are tokens between dots', () => {
  for (const subject of ['a', 'a.b', '*', '>', 'a.>', '*.*', 'a>', 'a.*b', '$SYS.x', wireText('ä.ö')])
    assert.ok(isSubject(subject), subject);
  for (const subject of ['', '.', 'a.', '.a', 'a..b', 'a.>.b', '>.a', 'a b', 'a\tb', 'a\n'])
    assert.ok(!isSubject(subject), JSON.stringify(subject));
});

test('a wildcard is a whole token', () => {
  for (const subject of ['*', '>', 'a.*', '*.b', 'a.>', 'a.*.b']) assert.ok(hasWildcard(subject), subject);
  for (const subject of ['a', 'a*', '*a', 'a>', 'a.>b', 'a*.b']) assert.ok(isLiteral(subject), subject);
  assert.ok(!isLiteral('a..b'));
});

test('one subject is within another when the other matches all that it can match', () => {
  const pairs = [
    ...[
      'a a',
      'a *',
      'a >',
      'a.b a.*',
      'a.b *.b',
      'a.b >',
      'a.* *.*',
      'a.* >',
      'a.> a.>',
      'a.> >',
      'a.b.c a.>',
    ],
  ];
  for (const pair of pairs) {
    const [inner, outer] = pair.split(' ') as [string, string];
    assert.ok(isWithin(inner, outer), pair);
    assert.ok(overlap(inner, outer) && overlap(outer, inner), pair);
  }
  for (const pair of [
    'a b',
    '* a',
    '> a',
    '> *',
    'a a.>',
    'a.> a.*',
    'a.* a.b',
    'a.b a',
    'a a.b',
    'a.b.c a.*',
  ]) {
    const [inner, outer] = pair.split(' ') as [string, string];
    assert.ok(!isWithin(inner, outer), pair);
  }
});

test('two subjects overlap when some subject is matched by both', () => {
  for (const [one, other] of [
    ['a.*', '*.b'],
    ['a.>', '*.b'],
    ['*.b.>', 'a.*.c'],
  ] as const)
    assert.ok(overlap(one, other) && overlap(other, one), `${one} ${other}`);
  for (const [one, other] of [
    ['a.*', 'b.*'],
    ['a', 'a.*'],
    ['a.>', 'a'],
    ['*', '*.*'],
  ] as const)
    assert.ok(!overlap(one, other) && !overlap(other, one), `${one} ${other}`);
});

test('text on the wire comes back as it was', () => {
  assert.equal(plainText(wireText('schiff.größe.船')), 'schiff.größe.船');
});
