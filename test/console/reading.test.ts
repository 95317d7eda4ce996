import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeDetail } from '../../src/contract/node-detail.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { startFakeConsole } from '../support/console.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { sampleOf } from '../support/sample-of.ts';

test('nothing jumps while somebody reads, and what waits is a key away', async (t) => {
  const desk = new FakeOperations(['central', 'ship1', 'ship3']);
  const { linkFor, url } = await startFakeConsole(t, { desk });
  const { page } = await openPage(await startBrowser(t));
  await page.goto(linkFor('act'));
  await page.getByText('Live', { exact: true }).waitFor();
  await page.goto(`${url}/#/nodes`);
  const names = () => page.locator('main tbody [data-row]').allTextContents();
  const chip = page.getByRole('button', { name: /change/ });
  const add = (name: string) => {
    desk.addNode(name);
    desk.tellAll({ type: 'many', count: 1 });
  };
  await page.getByRole('row', { name: /ship3/ }).waitFor();

  add('ship2');
  await page.getByRole('row', { name: /ship2/ }).waitFor();
  await page.getByRole('row', { name: /ship3/ }).hover();
  add('ship0');
  await chip.filter({ hasText: '1 change: show (s)' }).waitFor();
  desk.addNode('ship4');
  add('ship5');
  await chip.filter({ hasText: '3 changes: show (s)' }).waitFor();
  assert.deepEqual(await names(), ['central', 'ship1', 'ship2', 'ship3']);
  await page.getByText('Changes wait while you read. The key s shows them.').waitFor();
  await page.keyboard.press('s');
  await page.getByRole('row', { name: /ship0/ }).waitFor();
  assert.equal(await chip.count(), 0);

  // The focus in a row holds it as the pointer does; what is left is shown by itself.
  await page.mouse.move(5, 5);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  add('ship6');
  await chip.waitFor();
  await page.keyboard.press('/');
  await page.getByRole('row', { name: /ship6/ }).waitFor();

  await page.evaluate("getSelection().selectAllChildren(document.querySelector('main tbody td'))");
  add('ship7');
  await chip.waitFor();
  await page.goto(`${url}/#/nodes?sort=queued`);
  await page.getByRole('row', { name: /ship7/ }).waitFor();
  assert.equal(await chip.count(), 0, 'another order is asked for');
});

test('a week of each node, how its link does and how old its facts are stand in the list', async (t) => {
  const desk = new FakeOperations(['central', 'ship1', 'ship2']);
  desk.detailOf = (name) => ({
    ...sampleOf(NodeDetail),
    week: name === 'ship1' ? `${'-'.repeat(42)}${'9'.repeat(21)}${'0'.repeat(21)}` : '-'.repeat(84),
    toldAt: name === 'ship1' ? Date.now() - 7_300_000 : null,
    ...{ bytesPerSecond: 12_000, wasFull: true, roundTripMs: 600 },
  });
  const { linkFor, url } = await startFakeConsole(t, { desk });
  const { page } = await openPage(await startBrowser(t));
  await page.goto(linkFor('act'));
  await page.getByText('Live', { exact: true }).waitFor();
  await page.goto(`${url}/#/nodes`);
  const row = page.getByRole('row', { name: /ship1/ });
  await row.getByText('50 % here').waitFor();
  await row.getByText('12.0 kB/s, 600 ms').waitFor();
  await row.getByText('2 h ago').waitFor();
  assert.deepEqual(
    await page.evaluate(
      "[...document.querySelectorAll('.week rect')].map((bar) => ['class', 'x', 'width'].map((name) => bar.getAttribute(name)))",
    ),
    [
      ['here', '350', '175'],
      ['away', '525', '175'],
    ],
  );
  assert.equal(await page.getByRole('row', { name: /ship2/ }).getByText('% here').count(), 0);
});
