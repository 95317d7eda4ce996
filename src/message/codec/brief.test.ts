import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../lib/new-id.ts';
import type { WireMessage } from '../wire-message.ts';
import {
  answeredAgain,
  askBriefly,
  briefAnswer,
  briefHeaders,
  unfoldAnswer,
  unfoldMessage,
} from './brief.ts';
import { HEADER } from './wire-headers.ts';

const WORDS = 'state goodbye dots lean brief';

function arrived(headers: Readonly<Record<string, string>>, reply = ''): WireMessage {
  const payload = new Uint8Array(0);
  return {
    ...{ subject: 'ship1.REQToFile.EventACK', sender: undefined, reply, payload, noResponders: false },
    header: (name) => headers[name],
  };
}

test('the usual headers of a message are one, and say the same', () => {
  const usual = { [HEADER.id]: newId(), [HEADER.lane]: '27e8f3631a917c58/75/64/+' };
  const forms: Record<string, string>[] = [
    {},
    { serial: 'cbor' },
    { serial: 'cbor', cmp: 'z' },
    { cmp: 'z' },
    { cmp: 'g' },
    { serial: 'cbor-bytes', cmp: 'g' },
  ];
  for (const form of forms) {
    const headers: Record<string, string> = { ...usual, ...form, [HEADER.output]: 'live' };
    const brief = briefHeaders(headers);
    assert.deepEqual(Object.keys(brief), [HEADER.brief, HEADER.output]);
    const read = unfoldMessage(arrived(brief));
    for (const name of [HEADER.id, HEADER.lane, HEADER.serial, HEADER.compression, HEADER.output, HEADER.re])
      assert.equal(read.header(name), headers[name], name);
  }
});

test('headers that cannot be said briefly stay as they are', () => {
  const usual = { [HEADER.id]: newId(), [HEADER.lane]: '27e8f3631a917c58/1/1' };
  const odd: Record<string, string>[] = [{ [HEADER.id]: 'id-1' }, { serial: 'other' }, { cmp: 'zd9' }];
  for (const more of odd) {
    const headers: Record<string, string> = { ...usual, ...more };
    assert.deepEqual(briefHeaders(headers), headers);
  }
  assert.deepEqual(briefHeaders({ [HEADER.copy]: 'a/0/1' }), { [HEADER.copy]: 'a/0/1' });
});

test('a form of a brief message that is not known is no plain gob', () => {
  const read = unfoldMessage(arrived({ [HEADER.brief]: 'AZoZ7gmMcYieG1A_xcc6ng 27e8f3631a917c58/1/1 zd9' }));
  assert.equal(read.header(HEADER.compression), 'zd9');
});

test('an answer is brief where its asker takes that, and its words are those that are known of its node', () => {
  const headers = {
    [HEADER.status]: 'part',
    [HEADER.range]: '3-7',
    [HEADER.id]: newId(),
    [HEADER.knows]: WORDS,
    [HEADER.part]: '@10/20/abc',
  };
  const reply = 'ship1.REQToFile.EventACK.reply.central.2e02bcabf2-4';
  assert.equal(briefAnswer(reply, headers), undefined);
  const brief = briefAnswer(askBriefly(reply), headers)!;
  assert.deepEqual(Object.keys(brief), [HEADER.brief, HEADER.part]);
  const read = (words: string | undefined) => {
    const answer = unfoldAnswer(arrived(brief), words);
    return [HEADER.status, HEADER.range, HEADER.knows, HEADER.part].map((name) => answer.header(name));
  };
  assert.deepEqual(read(WORDS), ['part', '3-7', WORDS, '@10/20/abc']);
  const again = unfoldAnswer(arrived(answeredAgain(brief)), WORDS);
  assert.deepEqual(
    [HEADER.again, HEADER.status, HEADER.range, HEADER.knows].map((name) => again.header(name)),
    ['again', 'part', '3-7', WORDS],
  );
  assert.equal(unfoldAnswer(arrived(brief), WORDS).header(HEADER.again), undefined);
  assert.deepEqual(read('state goodbye'), ['part', '3-7', undefined, '@10/20/abc']);
  assert.deepEqual(read(undefined), ['part', '3-7', undefined, '@10/20/abc']);
});

test('an answer to what has no place in a lane is never brief', () => {
  assert.equal(briefAnswer('a.reply.b.c-1-b', { [HEADER.status]: 'rejected' }), undefined);
});
