import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { newMessage } from '../message/message.ts';
import { longWords, OWN_WORDS, shortWords } from '../message/words.ts';
import { noteHello } from './note-hello.ts';

test('of a hello that is too long among many, labels and what no node says go, and what the program reads stays', () => {
  const read = {
    knows: 'w'.repeat(900),
    budget: [100, 50, '50/0/9'],
    link: ['2026-01-01', 1, 2],
    connected: true,
  };
  const told = {
    ...read,
    version: '1',
    labels: { a: 'x'.repeat(5000) },
    more: 'y'.repeat(5000),
    list: ['z'.repeat(5000)],
  };
  const said: (string | undefined)[] = [];
  const { payload, serial } = encodeMessage(newMessage({ fromNode: 'ship1', method: 'REQHello' }), {
    ...{ serialization: 'cbor', compression: '' },
  });
  const headers: Record<string, string> = { serial, 'Steward-Hello': JSON.stringify(told) };
  const wire = {
    subject: '',
    reply: '',
    payload,
    noResponders: false,
    header: (name: string) => headers[name],
  };
  const budgets: (string | undefined)[] = [];
  noteHello(wire, {
    peers: { alive: () => {}, wordsOf: () => undefined, heardWords: (_, words) => said.push(words) },
    clock: { wallNow: () => 0 },
    presence: {
      saidHello: () => false,
      left: () => {},
      known: { longestHello: 1024, hasRoomFor: () => true },
      heard: () => {},
    },
    fleet: {
      linkDays: { heard: () => [] },
      budgets: { heard: (_, json) => budgets.push(json) },
      hellos: { note: () => true },
    },
    errorReporter: { report: () => {} },
    trust: { believes: () => true },
  });
  assert.deepEqual(said, [read.knows]);
  assert.deepEqual(JSON.parse(budgets[0]!), { ...read, version: '1' });
});

test('words in short are those that are known of the node, or this program’s own, and change nothing where they are neither', () => {
  const short = shortWords('old words');
  assert.equal(longWords(short, [undefined, 'old words']), 'old words');
  assert.equal(longWords(shortWords(OWN_WORDS), ['old words', OWN_WORDS]), OWN_WORDS);
  assert.equal(longWords(short, [undefined, OWN_WORDS]), undefined);
  assert.equal(longWords('any other', []), 'any other');
  assert.ok(short.length < 10);
});
