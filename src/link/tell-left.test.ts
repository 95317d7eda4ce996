import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER } from '../message/codec/wire-headers.ts';
import { tellLeft } from './tell-left.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK.reply';

/** Answers of a node with such a budget, which knows the words of `central`. */
function scene(bytesPerDay: number) {
  const told: (string | undefined)[] = [];
  const answers = tellLeft<string>(
    { publish: (_, __, { headers }) => Boolean(told.push(headers[HEADER.linkLeft])) },
    {
      budget: { bytesPerDay, header: (node) => `left for ${node}` },
      peers: { knows: (node) => node === 'central', wordsOf: (node) => (node === 'new' ? undefined : 'any') },
    },
  );
  const answer = (to: string) => {
    answers.publish(`${SUBJECT}.${to}.a1b2-3`, '', { headers: { a: 'b' } });
    return told.at(-1);
  };
  return { answers, answer };
}

test('an answer that tells what may be sent never goes again, and any other one may', () => {
  for (const [bytesPerDay, mayGo] of [
    [0, true],
    [100_000, false],
  ] as const) {
    const goes: boolean[] = [];
    const answers = tellLeft<string>(
      { publish: (_, __, { again }) => Boolean(goes.push(again !== undefined)) },
      {
        budget: { bytesPerDay, header: () => '1/2/3' },
        peers: { knows: () => true, wordsOf: () => 'link' },
      },
    );
    answers.publish(`${SUBJECT}.central.a1b2-3`, '', { headers: {}, again: {} });
    assert.deepEqual(goes, [mayGo]);
  }
});

test('those that named the word, those that ask, and those of whom nothing is known hear with their answers what they may send', () => {
  const { answers, answer } = scene(100_000);
  assert.deepEqual([answer('central'), answer('relay')], ['left for central', undefined]);
  answers.asks(`${SUBJECT}.relay.a1b2-3-b`);
  answers.asks('of an original node');
  assert.equal(answer('new'), 'left for new');
  assert.deepEqual([answer('relay'), answer('other')], ['left for relay', undefined]);
});

test('a node without a budget says nothing, whoever asks', () => {
  const { answers, answer } = scene(0);
  answers.asks(`${SUBJECT}.central.a1b2-3`);
  assert.equal(answer('central'), undefined);
});
