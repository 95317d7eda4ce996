import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage, startBrowser } from '../support/browser.ts';
import { startFakeConsole } from '../support/console.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { waitFor } from '../support/wait-for.ts';

/** More than the six connections that a browser holds to one server without TLS. */
const TABS = 8;

test('the tabs of a browser share one event stream, and another goes on with it when its tab is gone', async (t) => {
  const desk = new FakeOperations();
  const message = { toNodes: ['ship1'], method: 'REQCliCommand', methodArgs: ['ping', '-c9', 'gw'] };
  const { accepted } = await desk.submit(Buffer.from(JSON.stringify(message)), {});
  const { id } = accepted[0]!;
  desk.move(id, 'running');
  const { linkFor, url, sessions } = await startFakeConsole(t, { desk });
  const { page: first, context } = await openPage(await startBrowser(t));
  const streaming = new Set<Page>();
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/events') streaming.add(request.frame().page());
  });
  const pages = [first];
  const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();
  await first.goto(linkFor('act'));
  await live(first);
  for (let tab = 1; tab < TABS; tab++) {
    const page = await context.newPage();
    pages.push(page);
    await page.goto(`${url}/#/nodes`);
    await live(page);
  }
  await first.goto(`${url}/#/nodes`);
  assert.deepEqual([...streaming], [first]);
  const allShow = async (name: string) => {
    desk.addNode(name);
    for (const page of pages) await page.getByRole('link', { name, exact: true }).waitFor();
  };
  await allShow('ship8');

  const last = pages.pop()!;
  await last.goto(`${url}/#/requests/${id}`);
  await last.getByText('It printed nothing.').waitFor();
  // Its output is followed as soon as the stream knows of it.
  await waitFor('what is printed to be shown', async () => {
    desk.print(id, '64 bytes from gw\n');
    return (
      await last
        .locator('pre')
        .first()
        .textContent({ timeout: 100 })
        .catch(() => '')
    )?.includes('gw');
  });
  assert.deepEqual([...streaming], [first]);

  pages.shift();
  await first.close();
  await allShow('ship9');
  await live(last);
  assert.equal(streaming.size, 2);

  // What holds the stream and answers nobody, such as a frozen tab, holds up nobody either.
  const frozen = await context.newPage();
  await frozen.goto(`${url}/assets/icon`);
  await frozen.evaluate(
    "void navigator.locks.request('steward-stream', { steal: true }, () => new Promise(() => {}))",
  );
  await pages[0]!.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await waitFor('a tab to take it back', () => streaming.size > 2 || desk.listenerCount > 1);
  await allShow('ship10');

  for (const { id: session } of sessions.list()) sessions.end(session);
  for (const page of pages) await page.getByText('You are not signed in').waitFor();
});
