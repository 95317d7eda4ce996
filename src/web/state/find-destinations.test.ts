import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOf } from '../../../test/support/sample-of.ts';
import { RequestSummary } from '../../contract/requests.ts';
import { destinationsFor } from './find-destinations.ts';

const ID = '01a2059b-ece9-713c-b05b-9c637c29fc17';
const findable = {
  actions: ['Cancel', 'Send again'],
  nodes: ['ship1', 'ship10'],
  requests: [{ ...sampleOf(RequestSummary), id: ID, node: 'ship1', what: 'uname -sr' }],
  batches: [{ id: ID.replace('0', '1'), at: 1, label: 'df -h', total: 1, counts: {}, plan: null }],
};
const textsFor = (text: string) => destinationsFor(text, findable).map((place) => place.text);

test('without a text, all screens and what the page offers can be chosen', () => {
  const places = textsFor('');
  assert.deepEqual(places.slice(0, 2), ['Now', 'Nodes']);
  assert.deepEqual(places.slice(-2), ['Cancel', 'Send again']);
});

test('what is just what was typed comes first, be it a screen or a node; an id leads to what is known by it first', () => {
  assert.equal(destinationsFor('nodes', findable)[0]!.hash, '#/nodes');
  assert.deepEqual(textsFor('SHIP1'), ['Node ship1', 'Node ship10', `Request uname -sr, ship1, ${ID}`]);
  assert.deepEqual(
    destinationsFor(ID, findable).map(({ hash, isExact }) => [hash, isExact]),
    [
      [`#/requests/${ID}`, false],
      [`#/batches/${ID}`, false],
    ],
  );
});

test('requests and batches are found by what was asked, actions by their names', () => {
  assert.deepEqual(textsFor('uname'), [`Request uname -sr, ship1, ${ID}`]);
  assert.deepEqual(textsFor('df'), [`Batch df -h ${ID.replace('0', '1')}`]);
  const [place] = destinationsFor('again', findable);
  assert.equal(place?.action, 1);
  assert.deepEqual(textsFor('no such thing'), []);
});

test('the beginning of an id leads to a request and a batch that no list has', () => {
  assert.deepEqual(textsFor('0190aaaa'), ['Request 0190aaaa', 'Batch 0190aaaa']);
});
