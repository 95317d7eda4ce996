import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSteward, UpCentral } from '../support/joining.ts';

test('a token that was withdrawn lets nobody in, also where somebody is about to use it; who has joined stays', async (t) => {
  const central = await UpCentral.start(t);
  const invite = async (...more: string[]) => {
    const ran = await runSteward(['invite', '--folder', central.folder, ...more], central.root);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const answerTo = async (token: string, name: string) =>
    central.ask(token, name).then(
      ({ verdict }) => verdict,
      (error: Error) => error.message,
    );
  const used = await central.token('--name', 'ship1');
  assert.equal(await answerTo(used, 'ship1'), 'admitted');
  const [forShip2, forShip3] = [
    await central.token('--name', 'ship2'),
    await central.token('--name', 'ship3'),
  ];
  assert.equal(
    await invite('--withdraw', '--name', 'ship2'),
    '1 token withdrawn: nobody joins with it any more.\n',
  );
  assert.match(await answerTo(forShip2, 'ship2'), /does not know this token/);
  assert.equal(await answerTo(forShip3, 'ship3'), 'admitted');

  const any = await central.token();
  // The line that up printed is another one.
  assert.equal(await invite('--withdraw', '--json'), '{"withdrawn":2}\n');
  for (const token of [any, central.printedToken])
    assert.match(await answerTo(token, 'ship4'), /does not know this token/);
  const line = ['join', central.address, any, '--name', 'ship4', '--folder', join(central.root, 'ship4')];
  const joining = await runSteward([...line, '--no-start', '--timeout', '1s'], central.root);
  assert.match(joining.stderr, /does not know this token: it was withdrawn/);
  assert.match(await invite('--list'), /ship1 +joined.*\n.*ship3 +joined/);
  assert.doesNotMatch(await invite('--list'), /token until/);
});
