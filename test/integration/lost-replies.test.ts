import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { sharedFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = sharedFleet();

/** Has ship1 print `text` for a file of central. */
function printing(text: string, place: { readonly directory: string; readonly fileName: string }) {
  const methodArgs = ['/bin/sh', '-c', `printf %s ${text}; exit 3`];
  return { toNode: 'ship1', method: 'REQCliCommand', methodArgs, replyMethod: 'REQToFileAppend', ...place };
}

test('a request whose output has no place to go says so, and the next ones go on', async () => {
  const { central } = await fleet();
  const isNoFolder = join(central.dataFolder, 'results/ship1');
  await mkdir(dirname(isNoFolder), { recursive: true });
  await writeFile(isNoFolder, 'a file');
  const [lost, kept] = await submitAll(central, [
    printing('one', { directory: 'results', fileName: 'out' }),
    printing('two', { directory: 'others', fileName: 'out' }),
  ]);
  await waitForEnd(central, lost!);
  const reason = () => central.query('SELECT reason FROM ledger WHERE id = ?', lost!)[0]!.reason;
  const said = await waitFor('the loss to be told', () => /output lost: .*/.exec(String(reason()))?.[0]);
  assert.match(
    said,
    /^output lost: the reply was rejected: the file results\/ship1\/out in the data folder can't be written: ENOTDIR/,
  );
  assert.equal((await waitForEnd(central, kept!)).reason, 'the command ended with exit status 3');
  assert.equal(await central.waitForFile('others/ship1/out', (text) => text !== ''), 'two');
});
