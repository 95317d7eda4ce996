import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const METHODS = ['REQCliCommand', 'REQCliCommandCont', 'REQPing', 'REQPong'];

test('a word with a typing error or another case finds what it meant', () => {
  assert.equal(nearest('REQClicomand', METHODS), 'REQCliCommand');
  assert.equal(nearest('reqping', METHODS), 'REQPing');
});

test('a word that is like nothing finds nothing', () => {
  assert.equal(nearest('shutdown-everything', METHODS), undefined);
  assert.equal(nearest('', METHODS), undefined);
});
