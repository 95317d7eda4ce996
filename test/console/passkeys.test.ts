import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { startBroker } from '../support/broker.ts';
import { openPage, openTrusting, startBrowser } from '../support/browser.ts';
import { issueCertificate, makeCertificates } from '../support/certificates.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { runCli } from '../support/steward-cli.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Gives a page an authenticator of its own that always says yes. */
async function plugIn(page: Page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true },
      ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
    },
  });
  return {
    verify: (isUserVerified: boolean) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    passkeys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  };
}

/** Posts an answer again, as one who saw it might; gives the status and the reason of the refusal. */
async function replay(request: Request, origin: string) {
  const reply = await fetch(`${origin}/session/passkey`, { method: 'POST', body: request.postData() });
  const { error } = (await reply.json()) as { error: { message: string } };
  return { status: reply.status, reason: error.message };
}

test('a passkey, from Settings to signing in after the node started again', async (t) => {
  const broker = await startBroker(t);
  const flags = { webListener: '127.0.0.1:0' };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const browser = await startBrowser(t);
  const { page } = await openPage(browser);
  const authenticator = await plugIn(page);
  const api = apiOf(central, t);
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  const signInButton = page.getByRole('button', { name: 'Sign in with a passkey' });
  const { url } = await api.signInLink({});
  const { origin } = new URL(url);
  const signIn = async () => {
    const [request] = await Promise.all([
      page.waitForRequest((each) => new URL(each.url()).pathname === '/session/passkey'),
      signInButton.click(),
    ]);
    return request;
  };

  await page.goto(origin);
  await heading('You are not signed in');
  await signInButton.click();
  await page.getByText('no passkey is kept for localhost: run steward web for a link').waitFor();

  await page.goto(url);
  await heading('Now');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await heading('Settings');
  await page.getByLabel('A new one, by the name').fill('anna, laptop');
  await page.keyboard.press('Enter');
  const table = page.getByRole('table', { name: 'Passkeys' });
  await table.getByRole('row', { name: 'anna, laptop act localhost' }).waitFor();
  assert.equal((await authenticator.passkeys()).length, 1);
  await page.getByLabel('A new one, by the name').fill('a second one');
  await page.keyboard.press('Enter');
  await page.getByText('This device has a passkey for this console already.').waitFor();

  await page.getByRole('button', { name: 'Rename: anna, laptop' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('anna, desk');
  await page.keyboard.press('Enter');
  await table.getByRole('row', { name: 'anna, desk act localhost' }).waitFor();

  await api.endSession((await api.sessions())[0]!.id);
  await heading('You are not signed in');
  const answer = await signIn();
  await heading('Settings');
  const [session] = await api.sessions();
  assert.deepEqual([session!.passkey, session!.role], ['anna, desk', 'act']);
  await page.getByRole('table', { name: 'Who is signed in' }).getByText('anna, desk').waitFor();
  assert.deepEqual(await replay(answer, origin), {
    status: 401,
    reason: "the passkey's answer has the count 2 after 2, so there may be a copy of it: remove it",
  });

  await central.restart();
  const again = new URL((await api.signInLink({})).url).origin;
  const proxy = await startTcpProxy({ port: Number(new URL(again).port) }, t);
  await page.goto(`http://localhost:${proxy.port}/#/nodes`);
  await heading('You are not signed in');
  await authenticator.verify(false);
  await signInButton.click();
  await page.getByText('The browser got no answer, or it was called off.').waitFor();
  await authenticator.verify(true);
  const elsewhere = await signIn();
  await heading('Nodes');
  assert.deepEqual(await replay(elsewhere, again), {
    status: 401,
    reason: `the passkey's answer is for "http://localhost:${proxy.port}", not ${again}`,
  });

  const listed = await runCli(['web', 'passkeys'], central);
  assert.match(
    listed.stdout,
    /^PASSKEY +ROLE +SITE +MADE +LAST USED +NAME\n\S{36} +act +localhost .*anna, desk\n$/,
  );
  const id = listed.stdout.split('\n')[1]!.slice(0, 36);
  const renamed = await runCli(['web', 'rename', id, 'anna'], central);
  assert.equal(renamed.stdout, `passkey ${id} is now "anna"\n`);
  const removed = await runCli(['web', 'remove', id], central);
  assert.equal(removed.stdout, 'passkey "anna" is removed, and its sessions are ended\n');
  await heading('You are not signed in');
  await signInButton.click();
  await page.getByText('no passkey is kept for localhost').waitFor();
});

test('over TLS a passkey is for the name of the certificate', async (t) => {
  const { path: folder } = await tempFolder(t);
  const { ca } = await makeCertificates(folder);
  const { certificate: webCertFile, key: webKeyFile } = await issueCertificate(ca, {
    ...{ path: join(folder, 'web.pem'), name: 'DNS:steward.test' },
  });
  const broker = await startBroker(t);
  const flags = { webListener: '127.0.0.1:0', webCertFile, webKeyFile };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const page = await openTrusting(t, {
    ...{ name: 'steward.test', certificate: await readFile(webCertFile) },
    profile: (await tempFolder(t)).path,
  });
  await plugIn(page);
  const { url } = await apiOf(central, t).signInLink({ role: 'act' });
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  const [cookie] = await page.context().cookies();
  assert.deepEqual(
    [cookie!.name, cookie!.secure, cookie!.httpOnly, cookie!.sameSite],
    ['__Host-steward-central', true, true, 'Strict'],
  );
  await page.goto(`${new URL(url).origin}/#/settings`);
  await page.getByLabel('A new one, by the name').fill('anna');
  await page.getByLabel('May').selectOption('look');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByRole('row', { name: 'anna look steward.test' }).waitFor();
  await page.context().clearCookies();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('You may look, and not act.').waitFor();
});
