import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRequest, NOW } from '../../../test/support/store-states.ts';
import { fitsFilter, hasWords } from '../../client/fits-filter.ts';
import { nextStates, parseRequestFilter } from './request-filter.ts';

const KNOWN = { nodes: ['central', 'ship1', 'ship2'], methods: ['REQCliCommand', 'REQPing'], now: NOW };
const parse = (text: string) => parseRequestFilter(text, KNOWN);

test('what the node can sort out is told apart from words that are looked for in the rows', () => {
  const { filter, words, fault } = parse(
    'state:failed,queued Node:ship* method:cli batch:b1 Exit since:2h until:30m',
  );
  assert.deepEqual(filter, {
    state: ['failed', 'queued'],
    node: ['ship1', 'ship2'],
    method: ['REQCliCommand'],
    batch: 'b1',
    since: NOW - 7_200_000,
    until: NOW - 1_800_000,
  });
  assert.deepEqual([words, fault], [['exit'], null]);
});

test('groups of states and beginnings of states stand for all that they mean', () => {
  assert.deepEqual(parse('state:open').filter.state, ['queued', 'sent', 'accepted', 'running']);
  assert.deepEqual(parse('state:un').filter.state, ['undelivered']);
  assert.ok(!parse('state:bad').filter.state?.includes('succeeded'));
});

test('names that nobody knows are asked for as they are, and while a value is missing nothing is', () => {
  assert.deepEqual(parse('node:new method:odd').filter, { node: ['new'], method: ['odd'] });
  assert.deepEqual(parse('node: state:').filter, {});
});

test('a state or time that cannot be understood is said', () => {
  assert.match(parse('state:oddly').fault ?? '', /no state oddly: open waiting .* cancelled/);
  assert.match(parse('since:yesterday').fault ?? '', /yesterday is no time: write it as 30m/);
  assert.equal(parse('since:2031-05-17T08:00').fault, null);
});

test('a request belongs into a list when all that the filter asks for is true of it', () => {
  const request = aRequest(1, { state: 'failed', exitCode: 3, reason: 'No such file' });
  const wants = (text: string) =>
    fitsFilter(request, parse(text).filter) && hasWords(request, parse(text).words);
  for (const text of [
    '',
    'state:bad',
    'node:ship1 no such',
    'exit 3',
    'method:REQCli',
    'since:2h',
    'id-0000',
  ]) {
    assert.equal(wants(text), true, text);
  }
  for (const text of [
    'state:open',
    'node:ship2',
    'method:ping',
    'batch:b',
    'since:1m',
    'until:2h',
    'other',
  ]) {
    assert.equal(wants(text), false, text);
  }
});

test('the key for states goes through the choices and leaves the rest of the filter', () => {
  const texts = ['node:ship1 x'];
  for (let turn = 0; turn < 4; turn++) texts.push(nextStates(texts.at(-1)!));
  assert.deepEqual(texts.slice(1), [
    'state:open node:ship1 x',
    'state:bad node:ship1 x',
    'state:succeeded node:ship1 x',
    'node:ship1 x',
  ]);
});
