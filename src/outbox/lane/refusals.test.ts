import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayFault } from './refusals.ts';

const SUBJECT = 'ship1.REQCliCommand.CommandACK';

test('a node with dots in its name is refused what an early version would refuse, which is named', () => {
  const fault = (speaksLanes: boolean | undefined, knowsDots: boolean, nodeName = 'central.example.org') =>
    wayFault(SUBJECT, { speaksLanes, knowsDots, nodeName });
  assert.match(
    fault(true, false)!,
    /^ship1 runs a version that is too old for names with dots, such as central\.example\.org/,
  );
  assert.equal(fault(true, true), undefined);
  assert.equal(fault(false, false), undefined, 'an original node takes any name');
  assert.equal(fault(undefined, false), undefined, 'nothing is known of it yet');
  assert.equal(fault(true, false, 'central'), undefined);
});

test('what an original node has no method for is refused once it is known for one, and reports are not', () => {
  const fault = (method: string, speaksLanes: boolean | undefined) =>
    wayFault(`old.${method}.EventACK`, { speaksLanes, knowsDots: false, nodeName: 'central' });
  assert.equal(fault('REQCancel', false), 'old runs the original program, which has no REQCancel');
  assert.deepEqual([fault('REQCancel', undefined), fault('REQCancel', true)], [undefined, undefined]);
  assert.deepEqual([fault('REQReport', false), fault('REQToFile', false)], [undefined, undefined]);
});
