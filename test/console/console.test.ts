import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openPage, startBrowser } from '../support/browser.ts';
import { command, startConsoleFleet } from '../support/console-fleet.ts';

test('the console, from signing in to a result', async (t) => {
  const { api, failed, waiting } = await startConsoleFleet(t);
  const browser = await startBrowser(t);
  const { page, complaints } = await openPage(browser, {
    viewport: { width: 1920, height: 1000 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const { url } = await api.signInLink({});
  const heading = (text: string | RegExp) => page.getByRole('heading', { level: 1, name: text }).waitFor();

  await t.test('a link signs in once, and leaves nothing of itself in the address', async () => {
    await page.goto(url);
    await heading('Now');
    assert.equal(new URL(page.url()).hash, '#/');
    await page.getByText('Live').waitFor();
    const other = await openPage(browser);
    await other.page.goto(url);
    await other.page.getByText('this link was used or is older than a minute').waitFor();
    await other.context.close();
  });

  await t.test('Now shows what failed, what waits and who is away', async () => {
    await page.getByRole('region', { name: 'Failed', exact: true }).getByText('ship1').waitFor();
    await page.getByRole('region', { name: 'Waiting for their node' }).getByText('ship2').waitFor();
    await page.getByText('No node is away for longer than usual.').waitFor();
    await page.getByRole('link', { name: 'Away, usual or not: 1' }).waitFor();
  });

  await t.test('everything can be done by keyboard', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await heading('Nodes');
    await page.getByText('3 nodes, 2 here, 1 away').waitFor();
    await page.getByRole('combobox', { name: 'Presence' }).selectOption('away for longer than usual');
    await page.getByText('0 nodes, 0 here, 0 away').waitFor();
    assert.equal(new URL(page.url()).hash, '#/nodes?overdue=true');
    await page.getByRole('combobox', { name: 'Presence' }).selectOption('any');
    await page.getByText('3 nodes, 2 here, 1 away').waitFor();
    await page.locator('main').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('ship* and not ship2');
    await page.keyboard.press('Enter');
    await page.getByText('1 node, 1 here, 0 away').waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV: Nodes' }).click(),
    ]);
    const csv = await readFile(await saved.path(), 'utf8');
    assert.match(csv, /^Node,Presence,[^\n]*\r\nship1,here,\d{4}-\d\d-\d\dT/);
    await page.keyboard.press('Tab');
    await page.locator('main').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await heading('Node ship1');
    await page.locator('[data-row]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('c');
    await page.getByText(`Copied: ${failed.id}`).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), failed.id);
    await page.keyboard.press('Enter');
    await heading(`Request ${failed.id}`);
    await page.goBack();
    await heading('Node ship1');
    await page.locator('[data-row]').first().waitFor();
    await page.keyboard.press('t');
    await page
      .locator('time')
      .filter({ hasText: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/ })
      .first()
      .waitFor();
    await page.keyboard.press('t');
    await page.locator('time').filter({ hasText: / ago$/ }).first().waitFor();
    await page.keyboard.press('p');
    await page.getByText(/^Held still\. What you see is from /).waitFor();
    await page.keyboard.press('p');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('ship');
    await page.getByRole('option', { name: 'Node ship2' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await heading('Node ship2');
    await page.keyboard.press('Control+k');
    await page.keyboard.type(waiting);
    await page.keyboard.press('Enter');
    await heading(`Request ${waiting}`);
  });

  await t.test('what is asked is confirmed, done, and shown as it comes', async () => {
    await page.getByRole('button', { name: 'Cancel' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel REQCliCommand on 1 node, ship2?' });
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await page.locator('.why .cancelled').waitFor();
    assert.equal((await api.request(waiting)).state, 'cancelled');
  });

  await t.test('output of any bytes is shown as text', async () => {
    await page.goto(`${new URL(url).origin}/#/requests/${failed.id}`);
    await heading(`Request ${failed.id}`);
    const output = await page.locator('pre').first().textContent();
    assert.equal(output, '<img src=x onerror=alert(1)>\u{FFFD}[31mred\u{FFFD}txt\u{FFFD}');
    assert.equal(await page.locator('pre img').count(), 0);
    const stages = page.getByRole('list', { name: 'Its way' }).getByRole('listitem');
    assert.match(
      (await stages.allTextContents()).join(' '),
      /queued here.* under way to ship1.* failedHere: /,
    );
  });

  await t.test('what changes is shown without being asked for', async () => {
    await page.goto(`${new URL(url).origin}/#/requests`);
    await heading('Requests');
    const { accepted } = await api.submit([command('ship1', 'true')]);
    const row = page.getByRole('row').filter({ hasText: accepted[0]!.id.slice(0, 13) });
    await row.getByText('succeeded').waitFor();
  });

  await t.test('a command is run on those who are meant, and its batch adds up', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('x');
    await heading('Run');
    await page.getByLabel('On which nodes').fill('site=north');
    await page.getByText('2 nodes: 1 here, 1 away.').waitFor();
    await page.getByLabel('with a shell').check();
    await page.getByRole('textbox', { name: 'Command' }).fill('echo $((20 + 1))');
    await page.getByText("steward exec site=north --shell 'echo $((20 + 1))'").waitFor();
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('It can be sent to 2 nodes.').waitFor();
    await page.getByRole('textbox', { name: 'Command' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: "Run /bin/sh -c 'echo $((20 + 1))' on 2 nodes?" });
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await heading(/^Batch /);
    await page.getByText('2 requests').waitFor();
    await page.getByRole('listitem').filter({ hasText: '1 succeeded' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: '1 waiting' }).waitFor();
    const matrix = page.getByRole('table', { name: 'Nodes by state' });
    await matrix.getByRole('row', { name: 'All 2 1 1' }).waitFor();
    await matrix.getByRole('row', { name: 'ship1 succeeded' }).waitFor();
    await page.getByText('1 node, exit code 0: ship1').waitFor();
    assert.equal(await page.locator('details pre').textContent(), '21\n');
    await page.getByText('Sent. The key u takes back what has not ended.').waitFor();
    await page.keyboard.press('u');
    await page.getByRole('dialog', { name: 'Cancel what has not ended, on 1 node?' }).waitFor();
    // A browser says a frame later that a dialog was closed: what was opened meanwhile stays.
    await page.evaluate(`new Promise((done) => {
      document.querySelector('dialog').close();
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }));
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
    })`);
    await page.getByRole('combobox').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('what has not');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel what has not ended, on 1 node?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Cancel what has not ended' }).click();
    await page
      .getByRole('dialog', { name: 'Cancel what has not ended, on 1 node?' })
      .getByText('Yes')
      .click();
    await page.getByRole('listitem').filter({ hasText: '1 cancelled' }).waitFor();
    await page.getByRole('button', { name: 'Send those without an answer again' }).waitFor();
  });

  await t.test('a script and any method can be run, with what they take', async () => {
    await page.goto(`${new URL(url).origin}/#/run?target=ship1`);
    await page.getByLabel('What to do').selectOption('script');
    await page.getByRole('textbox', { name: 'Run a script' }).fill('#!/bin/sh\necho "$0" | grep -c /');
    await page.getByText('steward exec ship1 --script /dev/stdin').waitFor();
    await page.getByText('More about it').click();
    await page.getByLabel('expiresIn').fill('soon');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'expiresIn is a whole number' }).waitFor();
    await page.getByLabel('expiresIn').fill('60');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('dialog', { name: 'Run a script on 1 node?' }).getByText('Yes').click();
    await page.getByText('1 node, exit code 0: ship1').waitFor();
    await page.goto(`${new URL(url).origin}/#/run?target=ship*`);
    await page.getByRole('textbox', { name: 'Command' }).fill('false');
    await page.getByText('In waves').click();
    await page.getByRole('textbox', { name: 'canary' }).fill('1');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('dialog', { name: 'Run false on 2 nodes?' }).getByText('Yes').click();
    await page.getByText('Stopped: a canary failed. 1 node has had no turn.').waitFor();
    await page.goto(`${new URL(url).origin}/#/run?target=ship1`);
    await page.getByLabel('What to do').selectOption('REQOpProcessList');
    await page.getByText(/^echo .*"REQOpProcessList".* \| steward send -$/).waitFor();
    await page.getByLabel('What to do').selectOption('REQToFile');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'is needed' }).waitFor();
  });

  await t.test('errors are grouped, and settings show who is signed in', async () => {
    await page.goto(`${new URL(url).origin}/#/errors`);
    await page
      .getByRole('table', { name: 'Errors that nodes reported' })
      .getByText('ship1')
      .first()
      .waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await heading('Settings');
    await page.getByRole('table', { name: 'Who is signed in' }).getByText('act').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByRole('button', { name: 'Look now' }).click();
    const found = page.getByRole('table', { name: 'What doctor finds' });
    await found.getByRole('row').filter({ hasText: 'broker' }).first().waitFor();
  });

  await t.test('charts say in words and tables what they show', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await heading('Charts');
    await page.getByText(/^\d+ failed or did not arrive$/).waitFor();
    await page.getByText('The same as a table').click();
    await page.getByRole('table', { name: 'The same as a table' }).waitFor();
    await page.getByRole('table', { name: 'What was printed, by node and day' }).getByText('ship1').waitFor();
  });

  await t.test('what runs by a schedule is listed until it is called off', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await heading('Schedules');
    await page.getByText('Nothing runs by a schedule.').waitFor();
    const planned = { ...command('ship1', 'true'), schedule: '30 2 * * *' };
    const { accepted } = await api.submit([planned]);
    const table = page.getByRole('table', { name: 'Schedules' });
    const row = table.getByRole('row').filter({ hasText: accepted[0]!.id.slice(0, 13) });
    await row.getByText('30 2 * * *').waitFor();
    await row.getByRole('link').first().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Yes' }).click();
    await page.locator('.why .cancelled').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByText('Nothing runs by a schedule.').waitFor();
  });

  await t.test(
    'files that came from a node are listed and saved, and lines to copy others are made',
    async () => {
      const toFile = { directory: 'logs', fileName: 'said.txt', replyMethod: 'REQToFile' };
      await api.submit([{ ...command('ship1', 'echo', 'all is well'), ...toFile }]);
      await page.goto(`${new URL(url).origin}/#/nodes/ship1`);
      const files = page.getByRole('region', { name: 'Files from it' });
      await files.getByRole('row', { name: /logs\/ship1\/said\.txt 12 B/ }).waitFor();
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        files.getByRole('button', { name: 'Download: logs/ship1/said.txt' }).click(),
      ]);
      assert.equal(saved.suggestedFilename(), 'said.txt');
      assert.equal(await readFile(await saved.path(), 'utf8'), 'all is well\n');
      await page.getByLabel('Path', { exact: true }).fill('/var/log/a b.log');
      await page.getByText("steward tail ship1 '/var/log/a b.log'").waitFor();
      await page.getByText("steward cp 'ship1:/var/log/a b.log' .").waitFor();
      await page.getByText("steward cp 'a b.log' 'ship1:/var/log/a b.log'").waitFor();
      await page.goto(`${new URL(url).origin}/#/files?node=ship1`);
      await heading('Files from ship1');
      await page.getByRole('row', { name: /logs\/ship1\/said\.txt/ }).waitFor();
    },
  );

  await t.test('queues and the audit log are there, and the log is searched', async () => {
    await page.goto(`${new URL(url).origin}/#/queues`);
    await heading('Queues');
    await page.goto(`${new URL(url).origin}/#/audit`);
    await page.getByRole('table', { name: 'Audit' }).getByText('failed').first().waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV: Audit' }).click(),
    ]);
    assert.match(await readFile(await saved.path(), 'utf8'), /^Ended,Node,State,Method,Reason\r\n/);
    await page
      .getByRole('table', { name: 'Audit' })
      .getByRole('link', { name: /^REQCliCommand/ })
      .first()
      .click();
    await heading(/^Request /);
    await page.goBack();
    await page.getByLabel('With this text').fill('no such text');
    await page.keyboard.press('Enter');
    await page.getByText('The audit log has no such entry.').waitFor();
    assert.equal(new URL(page.url()).hash, '#/audit?text=no+such+text');
  });

  await t.test('what cannot be run is said, and nothing is sent', async () => {
    await page.goto(`${new URL(url).origin}/#/run?target=ship9`);
    await page.getByText(/ship9/, { exact: false }).first().waitFor();
    await page.getByRole('textbox', { name: 'Command' }).fill("echo 'a");
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText("the ' is never closed").waitFor();
    await page.getByRole('textbox', { name: 'Command' }).fill('true');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'ship9' }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  await t.test('a session that is ended has lost its page at once', async () => {
    const [session] = await api.sessions();
    assert.equal(session!.role, 'act');
    await api.endSession(session!.id);
    await heading('You are not signed in');
    assert.deepEqual(await api.sessions(), []);
  });

  // The browser itself says that answers of 401 and a stream that was cut are errors.
  const others = complaints.filter((text) => !/401|ERR_|Failed to load resource/.test(text));
  assert.deepEqual(others, []);
});
