import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, startBrowser } from '../support/browser.ts';
import { command, startConsoleFleet } from '../support/console-fleet.ts';
import { endedRequests } from '../support/node-api.ts';
import { waitFor } from '../support/wait-for.ts';

test('a batch, from what its nodes print to what failed being sent again', async (t) => {
  const { api, ship1, ship2 } = await startConsoleFleet(t);
  await ship2.start();
  await waitFor('ship2 to be back', async () => (await api.nodePage({ presence: 'here' })).total === 3);
  const { page } = await openPage(await startBrowser(t));
  const { url } = await api.signInLink({});
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  const open = (batch: string | undefined) => page.goto(`${new URL(url).origin}/#/batches/${batch}`);
  const toAll = (script: string) => {
    const { toNode: _, ...message } = command('', '/bin/sh', '-c', script);
    return { ...message, toNodes: ['central', 'ship1', 'ship2'] };
  };

  await t.test(
    'same outputs are folded together, and of others the lines that differ are shown',
    async () => {
      const { batch } = await api.submit([
        toAll(
          `echo "kernel 6.12"; [ "$PWD" != "${ship2.folder}" ] || { echo "disk <b>91</b> %"; exit 3; }; echo "disk 17 %"`,
        ),
      ]);
      await endedRequests(api, batch!);
      await open(batch);
      const answers = page.locator('section', { hasText: 'What they answered' }).locator('details');
      await answers.nth(1).waitFor();
      assert.deepEqual(await answers.allTextContents(), [
        '2 nodes, exit code 0: ship1 centralkernel 6.12\ndisk 17 %\n',
        '1 node, exit code 3: ship2-disk 17 %\n+disk <b>91</b> %\n',
      ]);
      assert.deepEqual(await page.locator('pre .gone').allTextContents(), ['-disk 17 %\n']);
      assert.deepEqual(await page.locator('pre .added').allTextContents(), ['+disk <b>91</b> %\n']);
    },
  );

  await t.test('the failed are sent again as a new batch, once', async () => {
    await page.getByRole('button', { name: 'Send the failed again' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send again to 1 node?' });
    const before = page.url();
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('Sent again to 1 node, as a new batch.').waitFor();
    await page.getByRole('table', { name: 'Nodes by state' }).getByRole('row', { name: 'All 1 1' }).waitFor();
    await page.getByRole('row', { name: 'ship2 failed', exact: true }).waitFor();
    assert.notEqual(page.url(), before);
    await page.goBack();
    await page.getByText('3 requests').waitFor();
    await page.getByRole('button', { name: 'Send the failed again' }).click();
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await page
      .getByText(/ was sent again already, as /)
      .first()
      .waitFor();
    assert.equal(page.url(), before);
  });

  await t.test('what a batch prints is shown while it runs, of nodes that die and return too', async () => {
    const script = 'i=0; while :; do i=$((i + 1)); echo "line $i"; sleep 0.1; done';
    const { batch } = await api.submit([{ ...toAll(script), output: 'live', methodTimeout: 60 }]);
    await open(batch);
    const going = page.locator('section', { hasText: 'What they print, so far' }).locator('details');
    for (const name of ['central', 'ship1', 'ship2'])
      await going.filter({ hasText: name }).filter({ hasText: 'line 2\n' }).waitFor();
    const printed = () => going.filter({ hasText: 'ship1' }).locator('pre').textContent();
    const first = (await printed())!;
    await waitFor('more to be printed', async () => {
      const now = (await printed())!;
      return now.length > first.length && now.startsWith(first);
    });
    await ship1.kill();
    await ship1.start();
    await page.getByRole('row', { name: /^ship1 (interrupted|failed)/ }).waitFor();
    await page.getByRole('button', { name: 'Cancel what has not ended' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel what has not ended, on 2 nodes?' });
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await page.getByRole('listitem').filter({ hasText: '2 cancelled' }).waitFor();
    await going.first().waitFor({ state: 'detached' });
  });
});
