import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { busyMs, type Meter, meter } from '../support/page-meter.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

const NODES = 10_000;
/** A line of 50 kbit/s with the delay of a satellite. */
const THIN = { offline: false, latency: 600, downloadThroughput: 50_000 / 8, uploadThroughput: 50_000 / 8 };

test('the console is as usable with 10,000 nodes, under load, and over a thin line', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode(
    { name: 'central', broker, flags: { webListener: '127.0.0.1:0' } },
    t,
  );
  const api = apiOf(central, t);
  const wire = await startWireClient(broker, t);
  for (let number = 0; number < NODES; number++) wire.hello('central', `ship${number}`);
  await waitFor('all nodes', async () => (await api.status()).nodes.here > NODES, { timeoutMs: 60_000 });
  await waitFor('the node to have written down who they are', async () => {
    const from = performance.now();
    await api.nodePage({ limit: 1 });
    return performance.now() - from < 200;
  });
  const browser = await startBrowser(t);
  const { page } = await openPage(browser);
  const counted = await meter(page);
  const { url } = await api.signInLink({});
  const time = async (what: string, work: () => Promise<unknown>, meter: Meter = counted) => {
    const [from, before] = [performance.now(), meter.bytes];
    await work();
    const [ms, bytes] = [Math.round(performance.now() - from), meter.bytes - before];
    t.diagnostic(`${what}: ${ms} ms, ${bytes} bytes`);
    return { ms, bytes };
  };

  await t.test('the first table comes in few bytes', async () => {
    const { bytes, ms } = await time('first table', async () => {
      await page.goto(url);
      await page.getByRole('link', { name: 'Nodes', exact: true }).click();
      await page.getByText(`${NODES + 1} nodes`).waitFor();
      await page.locator('[data-row]').nth(99).waitFor();
    });
    assert.ok(bytes <= 60_000, `${bytes} bytes`);
    // The goal is 1 s, on a machine that does nothing else.
    assert.ok(ms <= 10_000, `${ms} ms`);
  });

  await t.test('a filter answers at once', async () => {
    const { bytes } = await time('filter', async () => {
      await page.getByLabel('Which nodes').fill('ship77*');
      await page.keyboard.press('Enter');
      await page.getByText('111 nodes').waitFor();
    });
    assert.ok(bytes <= 10_000, `${bytes} bytes`);
  });

  await t.test('a thousand changes a second are a trickle for the page', async () => {
    await page.goto(`${new URL(url).origin}/#/requests`);
    await page.getByText('0 requests').waitFor();
    const seconds = 5;
    let reads = 0;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/v1/requests') reads++;
    });
    const busyBefore = await busyMs(counted.cdp);
    const { bytes, ms } = await time('5,000 changes', async () => {
      const until = performance.now() + seconds * 1000;
      const toNodes = Array.from({ length: 100 }, (_, number) => `away${number}`);
      const message = { method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone', toNodes };
      let sent = 0;
      while (performance.now() < until || sent < 1000 * seconds) {
        sent += (await api.submit([message, message])).accepted.length;
      }
      t.diagnostic(`${sent} requests were queued meanwhile`);
    });
    const busy = (await busyMs(counted.cdp)) - busyBefore;
    t.diagnostic(`the page used ${((busy / ms) * 100).toFixed(1)} % of a core`);
    // Read at once, each second, and for what came last.
    assert.ok(reads >= 2 && reads <= ms / 1000 + 3, `the list was read ${reads} times in ${ms} ms`);
    assert.ok(bytes / ms <= 50, `${(bytes / ms).toFixed(1)} kB/s`);
    // The goal is 20 %; a machine that does much else takes the page's time too.
    assert.ok(busy / ms <= 0.5, `${((busy / ms) * 100).toFixed(1)} % of a core`);
  });

  await t.test('over 50 kbit/s it loads, and a click is answered', async () => {
    const thin = await openPage(browser);
    const thinMeter = await meter(thin.page);
    await thinMeter.cdp.send('Network.emulateNetworkConditions', THIN);
    const link = await api.signInLink({});
    const load = await time(
      'first load at 50 kbit/s',
      async () => {
        await Promise.all([
          thin.page.goto(link.url),
          // Something is to be seen before the script is there.
          thin.page.getByText('Steward is loading').waitFor(),
        ]);
        await thin.page.getByRole('heading', { name: 'Now' }).waitFor();
        await thin.page.locator('main .counts').waitFor();
      },
      thinMeter,
    );
    assert.ok(load.ms <= 15_000, `${load.ms} ms`);
    const click = await time(
      'a click at 50 kbit/s',
      async () => {
        await thin.page.getByRole('link', { name: 'Nodes', exact: true }).click();
        await thin.page.locator('[data-row]').nth(50).waitFor();
      },
      thinMeter,
    );
    // The goal is 2 s, likewise.
    assert.ok(click.ms <= 6000, `${click.ms} ms`);
  });
});
