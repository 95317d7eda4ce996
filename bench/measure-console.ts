import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { ApiClient } from '../src/client/api-client.ts';
import { openPage, startBrowser } from '../test/support/browser.ts';
import type { TestScope } from '../test/support/dispose-after.ts';
import type { StewardNode } from '../test/support/node.ts';
import { apiOf } from '../test/support/node-api.ts';
import { busyMs, meter } from '../test/support/page-meter.ts';
import { startSlowLink } from '../test/support/slow-link.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { startWireClient } from '../test/support/wire-client.ts';
import { startFleet } from './fleet.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
const CHANGES_PER_SECOND = 1000;
const LOAD_SECONDS = 10;
/** A line of 50 kbit/s with the delay of a satellite. */
const THIN = { bitsPerSecond: 50_000, rttMs: 600 };
/** Nodes that are not there: what is queued for them changes the ledger and nothing else. */
const AWAY = Array.from({ length: 100 }, (_, number) => `away${number}`);

/** What the console takes of a browser, the wire and central, with many nodes in the list. */
export interface ConsoleRun {
  readonly tableMs: number;
  readonly tableBytes: number;
  readonly keyMs: number;
  readonly shownMs: number;
  /** While 1,000 requests a second are queued. */
  readonly load: {
    readonly bytesPerSecond: number;
    /** Shares of a core. */
    readonly tabShare: number;
    readonly centralShare: number;
    /** Without a page. */
    readonly bareShare: number;
  };
  readonly thinLoadMs: number;
  readonly thinClickMs: number;
  /** Of the tab after a garbage collection, in the middle of the load and at its end. */
  readonly heapMb: readonly [middle: number, end: number];
}

/** Measures the console of a node that knows `nodes` others; its page is under load for `seconds` to see whether its memory grows. */
export async function measureConsole(nodes: number, seconds: number): Promise<ConsoleRun> {
  await using stack = new AsyncDisposableStack();
  const scope: TestScope = { after: (work) => stack.defer(work as () => Promise<void>) };
  const fleet = stack.use(await startFleet({ webListener: '127.0.0.1:0' }));
  const { central } = fleet;
  const api = apiOf(central, scope);
  const wire = await startWireClient(fleet.broker, scope);
  for (let number = 0; number < nodes; number++) wire.hello('central', `ship${number}`);
  await waitFor('all nodes', async () => (await api.status()).nodes.here > nodes, { timeoutMs: 60_000 });
  await sleep(5000);
  const browser = await startBrowser(scope);
  const { page, context } = await openPage(browser);
  const { url } = await api.signInLink({});
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  const { origin } = new URL(url);
  const tables = [];
  for (let round = 0; round < ROUNDS; round++) tables.push(await firstTable(context.newPage(), origin));
  const keyMs = await keyTime(page, origin);
  const shownMs = await shownTime(page, { api, origin });
  const load = await underLoad(page, { api, central });
  const heapMb = await memoryUnder(page, api, seconds);
  await page.close();
  const thin = await startSlowLink({ port: Number(new URL(url).port) }, THIN, scope);
  const link = new URL((await api.signInLink({})).url);
  link.port = String(thin.port);
  const slow = await openPage(browser);
  const thinLoadMs = await timed(async () => {
    await slow.page.goto(link.href);
    await slow.page.locator('main .counts').waitFor();
  });
  await slow.page.getByText('Live', { exact: true }).waitFor();
  await sleep(3000);
  const thinClickMs = await timed(async () => {
    await slow.page.getByRole('link', { name: 'Nodes', exact: true }).click();
    await slow.page.locator('[data-row]').nth(50).waitFor();
  });
  return {
    tableMs: median(tables.map(({ ms }) => ms)),
    tableBytes: median(tables.map(({ bytes }) => bytes)),
    ...{ keyMs, shownMs, load, thinLoadMs, thinClickMs, heapMb },
  };
}

/** Opens the list of nodes as a browser does that was never here. */
async function firstTable(opening: Promise<Page>, origin: string): Promise<{ ms: number; bytes: number }> {
  const page = await opening;
  const counted = await meter(page);
  await counted.cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  const ms = await timed(async () => {
    await page.goto(`${origin}/#/nodes`);
    await page.locator('[data-row]').nth(99).waitFor();
  });
  const { bytes } = counted;
  await page.close();
  return { ms, bytes };
}

/** From a key in the filter to the frame with the rows that it means, by the clock of the page, ms. */
async function keyTime(page: Page, origin: string): Promise<number> {
  await page.goto(`${origin}/#/nodes`);
  const times: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    await page.getByLabel('Which nodes').fill('ship');
    await page.getByText('10000 nodes').waitFor();
    // A key may overtake what is evaluated: it is pressed once the page watches.
    await page.evaluate(WATCH_KEY);
    await page.keyboard.press(String(round));
    times.push(await page.evaluate<number>('globalThis.shownAfterKey'));
  }
  return median(times);
}

/** From when the browser got the key to the frame that shows the count of what it means, which must not stand there before. */
const WATCH_KEY = `(() => {
  const isShown = () => document.querySelector('main [role=status]').textContent.startsWith('1111 nodes');
  if (isShown()) throw new Error('the rows of the round before are still shown');
  globalThis.shownAfterKey = new Promise((done) => {
    addEventListener('keydown', ({ timeStamp }) => {
      const watcher = new MutationObserver(() => {
        if (!isShown()) return;
        watcher.disconnect();
        requestAnimationFrame(() => done(performance.now() - timeStamp));
      });
      watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, { once: true, capture: true });
  });
})()`;

/** From a request that is in the ledger to its row on the screen, ms. */
async function shownTime(page: Page, { api, origin }: { api: ApiClient; origin: string }): Promise<number> {
  await page.goto(`${origin}/#/requests`);
  await page.getByText('0 requests').waitFor();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(1000);
    const { accepted } = await api.submit([{ ...MESSAGE, toNode: 'away1' }]);
    const from = performance.now();
    await page
      .getByRole('row')
      .filter({ hasText: accepted[0]!.id.slice(0, 13) })
      .waitFor();
    times.push(performance.now() - from);
  }
  return median(times);
}

const MESSAGE = { method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone' };

interface LoadDeps {
  readonly api: ApiClient;
  readonly central: StewardNode;
}

/** The same changes with and without a page that follows them, in turns. */
async function underLoad(page: Page, { api, central }: LoadDeps): Promise<ConsoleRun['load']> {
  const counted = await meter(page);
  const { href } = new URL(page.url());
  const share = async () => {
    const [busy, from] = [await cpuSeconds(central.pid), performance.now()];
    await change(api, LOAD_SECONDS);
    return ((await cpuSeconds(central.pid)) - busy) / ((performance.now() - from) / 1000);
  };
  const [bare, watched, tab, bytes]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < 3; round++) {
    await page.goto('about:blank');
    bare.push(await share());
    await page.goto(href);
    await page.getByText('Live', { exact: true }).waitFor();
    const [busy, before, from] = [await busyMs(counted.cdp), counted.bytes, performance.now()];
    watched.push(await share());
    const ms = performance.now() - from;
    tab.push(((await busyMs(counted.cdp)) - busy) / ms);
    bytes.push(((counted.bytes - before) / ms) * 1000);
  }
  return {
    bytesPerSecond: median(bytes),
    tabShare: median(tab),
    centralShare: median(watched),
    bareShare: median(bare),
  };
}

/** Queues 1,000 requests a second. */
async function change(api: ApiClient, seconds: number): Promise<void> {
  const from = performance.now();
  const messages = [{ ...MESSAGE, toNodes: AWAY }];
  for (let sent = 0; sent < seconds * CHANGES_PER_SECOND; ) {
    sent += (await api.submit(messages)).accepted.length;
    await sleep(Math.max(0, from + (sent / CHANGES_PER_SECOND) * 1000 - performance.now()));
  }
}

/** The memory of the tab while it follows changes and goes from screen to screen. */
async function memoryUnder(page: Page, api: ApiClient, seconds: number): Promise<[number, number]> {
  const cdp = await page.context().newCDPSession(page);
  const heapMb = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const half = async () => {
    for (let second = 0; second < seconds / 2; second++) {
      for (const screen of ['requests', 'nodes', '']) {
        await page.evaluate(`location.hash = '#/${screen}'`);
        await api.submit([{ ...MESSAGE, toNode: 'away1' }]);
        await sleep(333);
      }
    }
    return await heapMb();
  };
  return [await half(), await half()];
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
