import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTargets } from './choose-targets.ts';

const UNKNOWN = { nodes: [], unknown: [{ name: 'one', reason: 'no node "one" is known' }] };

test('a name that is not known is refused with the way out, which for a script may be the bare --', () => {
  const choose = (script: string | undefined) => () =>
    chooseTargets(UNKNOWN as never, { takesNew: false, limit: undefined, script });
  assert.throws(choose(undefined), /^UsageError: no node "one" is known \(--new takes names/);
  assert.throws(choose('setup.sh'), /is known \(what the script takes goes behind a bare --; --new takes/);
});

test('a name that is not known is taken with --new', () => {
  const nodes = chooseTargets(UNKNOWN as never, { takesNew: true, limit: undefined, script: undefined });
  assert.deepEqual(
    nodes.map(({ name, presence }) => [name, presence]),
    [['one', 'unknown']],
  );
});
