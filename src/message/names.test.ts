import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalMethod, methodNameFault, nodeNameFault } from './names.ts';

test('letters, digits, dashes, underscores and other visible characters make a node name', () => {
  for (const name of [
    'ship1',
    'errorCentral',
    'a',
    '7',
    '_x',
    'skip-02_b',
    'båt',
    '船1',
    'a:b',
    'x'.repeat(128),
    'ship1.example.org',
    '10.0.0.7',
    'from2.replys',
  ]) {
    assert.equal(nodeNameFault(name), undefined, name);
  }
});

test('names that NATS, the file system or a command line would misread are refused with the reason', () => {
  const faults: [string, RegExp][] = [
    ['', /is empty/],
    ['a b', /contains a space/],
    ['..', /nothing before, between or behind its dots/],
    ['a..b', /nothing before, between/],
    ['.a', /nothing before, between/],
    ['a.', /nothing before, between/],
    ['a.-b', /has a part that begins with "-"/],
    ['a.reply.b', /has the part "reply", which is a word of subjects/],
    ['a.from', /has the part "from"/],
    ['Steward', /is a word of subjects/],
    ['a.EventACK', /has the part "EventACK"/],
    ['REQPing', /is a word of subjects/],
    ['a.REQx', /has the part "REQx"/],
    ['@fleet', /is an expression/],
    ['region=south', /is an expression/],
    ['a,b', /is an expression/],
    ['and', /is an expression/],
    ['OR', /is an expression/],
    ['not', /is an expression/],
    ['*', /contains "\*"/],
    ['a>', /contains ">"/],
    ['a/b', /contains "\/"/],
    ['a\\b', /contains "\\"/],
    ['a\u0000b', /U\+0000/],
    ['a\tb', /U\+0009/],
    ['a\u200bb', /U\+200B/],
    ['a\u00a0b', /U\+00A0/],
    ['a\ud800', /U\+D800/],
    ['a\ufffd', /U\+FFFD/],
    ['-rf', /begins with "-"/],
    ['$SYS', /begins with "\$"/],
    ['_INBOX', /NATS keeps/],
    ['_INBOX.a', /NATS keeps/],
    ['x'.repeat(129), /longer than 128 bytes/],
    ['é'.repeat(65), /longer than 128 bytes/],
  ];
  for (const [name, reason] of faults) assert.match(nodeNameFault(name) ?? '', reason, JSON.stringify(name));
});

test('a method name is made of letters, digits, dashes and underscores', () => {
  assert.equal(methodNameFault('REQCliCommand'), undefined);
  assert.match(methodNameFault('REQ.x') ?? '', /contains "\."/);
  assert.match(methodNameFault('REQ;x') ?? '', /other than letters/);
  assert.match(methodNameFault('') ?? '', /is empty/);
});

test('the names of the README mean the methods they stand for', () => {
  assert.equal(canonicalMethod('REQnCliCommand'), 'REQCliCommand');
  assert.equal(canonicalMethod('REQnCliCommandCont'), 'REQCliCommandCont');
  assert.equal(canonicalMethod('ReqCliCommand'), 'REQCliCommand');
  assert.equal(canonicalMethod('REQPing'), 'REQPing');
});
