import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MovedNames } from './moved-names.ts';

test('the names that a log is moved to are known, and not those of what is made of it', () => {
  const names = new MovedNames('log');
  const told = [
    'log',
    'log.1',
    'log.1.gz',
    'log.1',
    'log',
    'log.2.gz',
    'log',
    'log-20261128',
    'log',
    'other',
    'log.9',
  ];
  for (const name of told) names.take(name);
  assert.deepEqual(names.fresh(), ['log.1', 'log-20261128']);
  for (const name of ['log.1', 'log.2', 'log.2', 'log.2.gz', 'log', 'log.1']) names.take(name);
  assert.deepEqual(names.fresh(), ['log.2', 'log.1']);
  names.putBack(['log.3']);
  assert.deepEqual(names.fresh(), ['log.3']);
});
