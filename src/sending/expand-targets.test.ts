import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetAnswer } from '../contract/nodes.ts';
import { expandTargets, TargetsFault } from './expand-targets.ts';

const nobody = { target: 'ship9', reason: 'no node "ship9" is known' };

async function resolve(targets: readonly string[]): Promise<TargetAnswer> {
  if (targets.includes('(')) throw new Error('the target "(" cannot be read');
  const known = targets.filter((target) => target !== 'ship9').map((name) => ({ name }));
  return {
    nodes: known as unknown as TargetAnswer['nodes'],
    unknown: targets.includes('ship9') ? [nobody] : [],
  };
}

test('the nodes that targets mean take their place, next to those that are named', async () => {
  const items = [
    { method: 'REQPing', toTargets: 'ship1' },
    { method: 'REQPing', ToTargets: ['ship1', 'ship2'], toNodes: ['ship3'] },
    { method: 'REQPing', toNode: 'ship4' },
    'no message',
  ];
  assert.deepEqual(await expandTargets(items, resolve), [
    { method: 'REQPing', toNodes: ['ship1'] },
    { method: 'REQPing', toNodes: ['ship3', 'ship1', 'ship2'] },
    { method: 'REQPing', toNode: 'ship4' },
    'no message',
  ]);
});

test('targets that name nobody, cannot be read or are none are told as what is wrong with their message', async () => {
  const items = [['ship1', 'ship9'], '(', 7, []].map((toTargets) => ({ method: 'REQPing', toTargets }));
  const faults = await expandTargets(items, resolve);
  assert.ok(faults.every((fault) => fault instanceof TargetsFault));
  assert.deepEqual(
    faults.map(({ reason }) => reason.slice(0, 30)),
    [
      'no node "ship9" is known',
      'the target "(" cannot be read',
      'toTargets is a target or a lis',
      'toTargets is a target or a lis',
    ],
  );
});
