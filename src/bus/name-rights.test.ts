import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalLoudness } from './fault-log.ts';
import { centralNameSubject, tellNameRights } from './name-rights.ts';

async function toldOf(nodeName: string, isAllowed: boolean): Promise<string[]> {
  const told: string[] = [];
  const ready = () => (isAllowed ? Promise.resolve() : Promise.reject(new Error('no')));
  await tellNameRights(
    { nodeName, centralNodeName: 'central' },
    {
      bus: { subscribe: () => ({ ready, [Symbol.dispose]: () => {} }) },
      logger: { info: (_fields: object, text: string) => void told.push(text) } as never,
    },
  );
  return told;
}

test('a ship that may answer for the central node says so in its log, and how that is mended', async () => {
  assert.match((await toldOf('ship1', true)).join(), /can keep central off; narrow its permissions/);
  assert.deepEqual(await toldOf('ship1', false), []);
  assert.deepEqual(await toldOf('central', true), []);
  assert.equal(refusalLoudness('subscription', centralNameSubject('central')), 'silent');
});
