import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barriers, openPage, startBrowser } from '../support/browser.ts';
import { startFakeConsole } from '../support/console.ts';
import { command, startConsoleFleet } from '../support/console-fleet.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { endedRequests } from '../support/node-api.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const SCHEMES = ['light', 'dark'] as const;

/** What stands out of the cell of its table, and over the next one. */
const OUT_OF_CELL = `[...document.querySelectorAll('td > *')].filter((it) =>
  [it, ...it.querySelectorAll('*')].some((part) =>
    part.getBoundingClientRect().right > it.parentElement.getBoundingClientRect().right + 1)).map((it) => it.textContent)`;

/** How somebody looks at the page. */
interface Look {
  readonly width: number;
  readonly colorScheme: (typeof SCHEMES)[number];
  readonly deviceScaleFactor?: number;
  /** The size of text, of what is usual. */
  readonly text?: string;
}

test('the screens of the console, to everybody and whatever happens to its node', async (t) => {
  const { api, central, failed } = await startConsoleFleet(t);
  const long = command('ship1', 'echo', 'a/file', `/srv/${'folder/'.repeat(6)}of/a/name`);
  await endedRequests(api, (await api.submit([long])).batch!);
  const browser = await startBrowser(t);

  await t.test(
    'every screen fits its width, zoom or text size, and is open to everybody, in both schemes',
    async () => {
      const of = [`requests/${failed.id}`, `batches/${failed.batch}`];
      const screens = [
        '',
        'nodes',
        'nodes/ship1',
        'requests',
        'batches',
        'queues',
        'schedules',
        'audit',
        'errors',
        'settings',
        'charts',
        'run',
        'files?node=ship1',
        ...of,
      ];
      // Zoom of 200 % halves the pixels that a page has, and doubles their density; text of 200 % leaves the pixels as they are.
      const looks: readonly Look[] = [
        ...[320, 1920].flatMap((width) => SCHEMES.map((colorScheme) => ({ width, colorScheme }))),
        { width: 640, colorScheme: 'light', deviceScaleFactor: 2 },
        { width: 1280, colorScheme: 'dark', text: '200%' },
      ];
      for (const { width, text = '', ...look } of looks) {
        const at = `at ${width}, ${JSON.stringify({ ...look, text })}`;
        const options = { ...look, viewport: { width, height: 800 }, reducedMotion: 'reduce' as const };
        const { page, context } = await openPage(browser, options);
        const { url } = await api.signInLink({ role: 'act' });
        await page.goto(url);
        await page.evaluate(`document.documentElement.style.fontSize = '${text}'`);
        for (const screen of screens) {
          await page.goto(`${new URL(url).origin}/#/${screen}`);
          await page
            .locator(':is(main table, main .counts, main .run, main .empty):visible')
            .first()
            .waitFor();
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          assert.ok(wide <= 0, `${screen} ${at} is ${wide} px too wide`);
          assert.deepEqual(await page.evaluate<string[]>(OUT_OF_CELL), [], `${screen} ${at}`);
          assert.deepEqual(await barriers(page), [], `${screen} ${at}`);
        }
        await page.keyboard.press('Control+k');
        await page.keyboard.type('ship');
        await page.getByRole('option', { name: 'Node ship1' }).waitFor();
        assert.deepEqual(await barriers(page), [], `finding ${at}`);
        await context.close();
      }
    },
  );

  await t.test(
    'after a cut the page goes on behind the last event it got, without being loaded again',
    async (t) => {
      const { page } = await openPage(browser);
      const link = new URL((await api.signInLink({})).url);
      const proxy = await startTcpProxy({ port: Number(link.port) }, t);
      link.port = String(proxy.port);
      const lastIds: (string | undefined)[] = [];
      page.on('request', async (request) => {
        if (new URL(request.url()).pathname === '/v1/events')
          lastIds.push((await request.allHeaders())['last-event-id']);
      });
      let loads = 0;
      page.on('load', () => void loads++);
      await page.goto(link.href);
      await page.goto(`${link.origin}/#/requests`);
      await page.locator('[data-row]').first().waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      for (let cuts = 1; cuts <= 2; cuts++) {
        proxy.cut();
        const { accepted } = await api.submit([command('ship1', 'true')]);
        const row = page.getByRole('row').filter({ hasText: accepted[0]!.id.slice(0, 13) });
        await row.getByText('succeeded').waitFor();
        await waitFor('the stream to go on', () => lastIds.length === cuts + 1);
        assert.match(lastIds.at(-1) ?? '', /^[\da-f-]{36}\.\d+$/);
      }
      const streams = new Set(lastIds.slice(1).map((id) => id!.split('.')[0]));
      assert.deepEqual([streams.size, loads], [1, 1], 'it is the same stream, on the same page');
    },
  );

  await t.test('Now shows what waits for longer than usual', async (t) => {
    const names = { node: 'ship7', method: 'REQCliCommand', subject: 'ship7.REQCliCommand.CommandACK' };
    const waits = { attempts: 9, nextAttemptAt: null, waitsFor: 'ship7, where nobody listens' };
    let late = [{ ...names, ...waits, queued: 3, oldestQueuedAt: Date.now() - 200_000_000 }];
    const desk = new FakeOperations();
    desk.overdueQueues = async () => late;
    const { linkFor } = await startFakeConsole(t, { desk });
    const { page } = await openPage(browser);
    await page.goto(linkFor('look'));
    const section = page.getByRole('region', { name: 'Waiting for longer than usual' });
    const row = section.getByRole('row').filter({ hasText: 'ship7' });
    await row.getByText('2 d ago').waitFor();
    await row.getByText('where nobody listens').waitFor();
    late = [];
    desk.tellAll({ type: 'many', count: 1 });
    await page.getByText('Nothing waits for longer than usual.').waitFor();
  });

  await t.test('one who may only look is offered nothing else', async () => {
    const { page } = await openPage(browser);
    const { url } = await api.signInLink({ role: 'look' });
    await page.goto(url);
    await page.getByText('You may look, and not act.').waitFor();
    for (const screen of [`requests/${failed.id}`, `batches/${failed.batch}`, 'run']) {
      await page.goto(`${new URL(url).origin}/#/${screen}`);
      await page.locator('main table, main .fault').first().waitFor();
      const buttons = await page.getByRole('button').allTextContents();
      assert.deepEqual(
        buttons.filter((text) => !/^(Copy|Download( as CSV)?)$/.test(text)),
        [],
      );
      assert.equal(await page.getByRole('link', { name: 'Run', exact: true }).count(), 0);
    }
  });

  await t.test('a page whose node is gone keeps what it shows, and says how old that is', async () => {
    const { page } = await openPage(browser);
    const { url } = await api.signInLink({});
    await page.goto(url);
    await page.getByText('Live').waitFor();
    await page.getByRole('table', { name: 'Waiting for their node' }).waitFor();
    await central.kill();
    await page.getByText(/^No connection to the node\. What you see is from /).waitFor();
    assert.ok(
      await page.getByRole('table', { name: 'Waiting for their node' }).isVisible(),
      'what was read stays',
    );
  });
});
