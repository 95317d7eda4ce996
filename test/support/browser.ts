import { createHash, X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { disposeAfter, type TestScope } from './dispose-after.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const LAUNCH = { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] };

/** Starts Debian's chromium; it ends with the test. */
export async function startBrowser(scope: TestScope): Promise<Browser> {
  const browser = await chromium.launch(LAUNCH);
  disposeAfter(scope, { [Symbol.asyncDispose]: () => browser.close() });
  return browser;
}

/** A page of a browser that takes a server at 127.0.0.1 for `name`, by its certificate; it ends with the test. */
export async function openTrusting(
  scope: TestScope,
  { name, certificate, profile }: { name: string; certificate: Buffer; profile: string },
): Promise<Page> {
  const key = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' });
  const trusted = createHash('sha256').update(key).digest('base64');
  const context = await chromium.launchPersistentContext(profile, {
    ...LAUNCH,
    args: [
      ...LAUNCH.args,
      `--host-resolver-rules=MAP ${name} 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${trusted}`,
    ],
  });
  disposeAfter(scope, { [Symbol.asyncDispose]: () => context.close() });
  return context.pages()[0]!;
}

/** A page of a browser of its own, with all that it complains of. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, context, complaints };
}

/** What of a page people with a screen reader or without a mouse would stumble over, a line for each kind. */
export async function barriers(page: Page): Promise<string[]> {
  // The page lets no script of others in: it is run where the page's policy does not count.
  const { readFile } = await import('node:fs/promises');
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(await readFile(AXE, 'utf8'));
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
