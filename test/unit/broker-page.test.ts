import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseUsers } from '../../src/broker/users-file.ts';
import { brokerCommand } from '../../src/cli/setup/broker.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../doc/broker.md'), 'utf8');

test('the users file that doc/broker.md shows is taken', () => {
  const [, example] = /^```text\n(\{.*?\n\})\n```$/ms.exec(PAGE) ?? [];
  assert.deepEqual(
    parseUsers(example!).map(({ name }) => name),
    ['central', 'ship1'],
  );
});

test('doc/broker.md has the limits of steward broker with their defaults', () => {
  for (const name of [
    'max-payload',
    'max-connections',
    'max-signing-in',
    'max-subscriptions',
    'max-pending',
    'write-timeout',
  ]) {
    const [, value] = /default (\w+)$/.exec(brokerCommand.options[name]!.summary) ?? [];
    assert.match(PAGE, new RegExp(`\`--${name}\` +\\| ${value}`), name);
  }
});
