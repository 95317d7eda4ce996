import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPage, startBrowser } from '../test/support/browser.ts';
import { startFakeConsole } from '../test/support/console.ts';
import { FakeOperations } from '../test/support/fake-operations.ts';

/** Takes the pictures of the console in doc/, of a fleet that is made up: npm run pictures. */
const DOC = join(import.meta.dirname, '../doc');
const PICTURES = [
  { name: 'now', colorScheme: 'light', hash: () => '/' },
  { name: 'nodes', colorScheme: 'dark', hash: () => '/nodes' },
  { name: 'batch', colorScheme: 'light', hash: (batch: string) => `/batches/${batch}` },
] as const;

await using stack = new AsyncDisposableStack();
const scope = { after: (work: () => Promise<void>) => stack.defer(work) };
const desk = new FakeOperations(['central', ...Array.from({ length: 24 }, (_, at) => `ship${at + 1}`)]);
const batch = await play();
const { url, linkFor } = await startFakeConsole(scope, { desk });
const browser = await startBrowser(scope);
for (const { name, colorScheme, hash } of PICTURES) {
  const { page, context } = await openPage(browser, { colorScheme, viewport: { width: 1100, height: 640 } });
  await page.goto(linkFor('act'));
  await page.getByText('Live').waitFor();
  await page.goto(`${url}/#${hash(batch)}`);
  await page.locator('main table').first().waitFor();
  await writeFile(join(DOC, `console-${name}.png`), await page.screenshot());
  await context.close();
}

/** Some of everything: nodes that are away, a disk that is full, commands that answered alike. Returns the id of a batch. */
async function play(): Promise<string> {
  const now = Date.now();
  for (const [at, name] of [...desk.nodeList.keys()].entries()) {
    const labels = { site: at % 2 === 0 ? 'north' : 'south' };
    const isAway = at % 9 === 4;
    const seen = { lastSeenAt: now - (isAway ? at * 3_600_000 : 4000), startedAt: now - at * 7_700_000 };
    desk.addNode(name, {
      labels,
      ...seen,
      os: 'linux 6.12',
      version: '0.1.0',
      presence: isAway ? 'away' : 'here',
    });
  }
  desk.detailOf = (name) => detailOf([...desk.nodeList.keys()].indexOf(name), now);
  desk.collect({ node: 'ship7', line: 'ship7: the disk of /var/log is full: 0 bytes are left' });
  await run('systemctl restart gps', (at) => (at === 1 ? [1, 'Unit gps.service not found.\n'] : [0, '']));
  return await run('uname -sr', (at) => [0, at === 5 ? 'Linux 6.1.0-21\n' : 'Linux 6.12.48\n']);
}

/** Of each ninth node that it is away since a while, and now and then a night in port without a link. */
function detailOf(at: number, now: number) {
  const isAway = at % 9 === 4;
  const slots = Array.from({ length: 84 }, (_, slot) => {
    if (isAway && slot >= 84 - at / 2) return '0';
    return (slot + 5 * at) % 31 === 0 ? '4' : '9';
  });
  return {
    ...{ week: slots.join(''), toldAt: now - 60_000 * (3 + 7 * at) },
    ...{ bytesPerSecond: isAway ? null : 6000 + 900 * at, wasFull: true },
    roundTripMs: isAway ? null : 580 + 10 * at,
  };
}

async function run(command: string, play: (at: number) => [exitCode: number, text: string]): Promise<string> {
  const toNodes = ['ship1', 'ship2', 'ship3', 'ship4', 'ship6', 'ship7'];
  const message = { toNodes, method: 'REQCliCommand', methodArgs: command.split(' ') };
  const text = Buffer.from(JSON.stringify(message));
  const { batch, accepted } = await desk.submit(text, { label: `exec site=north -- ${command}` });
  for (const [at, { id, toNode }] of accepted.entries()) {
    const isAway = toNode === 'ship4';
    desk.move(id, isAway ? 'queued' : 'running', { what: command });
    if (isAway) continue;
    const [exitCode, printed] = play(at);
    desk.print(id, printed);
    const reason = exitCode === 0 ? null : `exit code ${exitCode}`;
    desk.move(id, exitCode === 0 ? 'succeeded' : 'failed', { exitCode, reason, tookMs: 20 + at });
  }
  return batch!;
}
