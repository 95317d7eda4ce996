import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { startBroker } from '../test/support/broker.ts';
import { ledgerRow, waitForEnd } from '../test/support/fleet.ts';
import { type StewardNode, startStewardNode } from '../test/support/node.ts';
import { type LinkShape, type SlowLink, startSlowLink } from '../test/support/slow-link.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { expectAllAccepted } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';
import { logLines, noise } from './sample-text.ts';

/** What is measured over one link. */
export interface LinkWork {
  readonly shape: LinkShape;
  /** Bytes of the one large message, and of the output. */
  readonly largeBytes: number;
  readonly smallMessages: number;
  /** How often the link is cut, ms; never unless told. */
  readonly cutEveryMs?: number;
}

/** One piece of work: what it took, with what the bytes alone would take. */
export interface LinkRun {
  readonly seconds: number;
  readonly idealSeconds: number;
  readonly bytes: number;
  readonly idealBytes: number;
  readonly reconnects: number;
}

export interface LinkFigures {
  /** From the start of the program to its word that it takes requests, ms. */
  readonly startMs: number;
  readonly large: LinkRun;
  /** How long a small message took while the large one was on its way, ms. */
  readonly smallMeanwhileMs: number;
  readonly small: LinkRun;
  /** The same with random bytes, which no compression makes smaller. */
  readonly random: LinkRun;
  /** As many small commands, with their answers. */
  readonly commands: LinkRun;
  readonly output: LinkRun;
  /** The same, followed while it runs. */
  readonly followed: LinkRun;
  /** Text that a command prints at the pace of the link, followed while it runs, beside its zstd. */
  readonly text: LinkRun;
  /** A file of which the target has an earlier version. */
  readonly copy: LinkRun;
  /** The longest of some urgent commands, from its request to the word of its end, while all else goes both ways; ms. */
  readonly urgentMs: number;
}

const [SMALL_BYTES, FOLLOWED_BYTES] = [1000, 1_000_000];
/** What a command with its answer may take. */
const COMMAND_BYTES = 1200;
const [COPY_BYTES, CHANGED_BYTES, CHANGES] = [10_000_000, 100_000, 100];
const URGENT_COMMANDS = 6;
const PATIENCE_MS = 900_000;
const [SETTLE_MS, IDLE_MS] = [10_000, 900_000];

/** Measures central next to the broker and ship1 behind a thin link. */
export async function measureLink(work: LinkWork): Promise<LinkFigures> {
  await using broker = await startBroker();
  await using central = await startStewardNode({ name: 'central', broker });
  await using link = await startSlowLink(broker, work.shape);
  const before = performance.now();
  await using ship1 = await startStewardNode({ name: 'ship1', broker: link, waitUntilReady: false });
  await waitFor('ship1 to take requests', () => takesRequests(ship1), { timeoutMs: 60_000, intervalMs: 10 });
  const startMs = performance.now() - before;
  await ship1.ready();
  const cuts = work.cutEveryMs === undefined ? undefined : setInterval(() => link.cut(), work.cutEveryMs);
  try {
    const measure = new LinkMeasure(work, { central, ship1, link });
    const small = await measure.small(() => noise(SMALL_BYTES));
    const random = await measure.small(() => ({ base64: randomBytes(SMALL_BYTES).toString('base64') }));
    const commands = await measure.commands();
    const { large, smallMeanwhileMs } = await measure.large();
    const output = await measure.output();
    const followed = await measure.output({ output: 'live' });
    const text = await measure.text();
    const copy = await measure.copy();
    const urgentMs = cuts ? Number.NaN : await measure.urgent();
    return {
      startMs,
      large,
      smallMeanwhileMs,
      small,
      random,
      commands,
      output,
      followed,
      text,
      copy,
      urgentMs,
    };
  } finally {
    clearInterval(cuts);
  }
}

/** What an idle node sends and gets, as bytes of a day: so long that a hello of every 15 min is in it, and questions to the broker. */
export async function measureIdle(): Promise<number> {
  await using broker = await startBroker();
  await using _central = await startStewardNode({ name: 'central', broker });
  await using link = await startSlowLink(broker, { bitsPerSecond: 50_000, rttMs: 600 });
  await using ship1 = await startStewardNode({ name: 'ship1', broker: link });
  // A central node of which nothing is known is told more often at first.
  expectAllAccepted(await ship1.submit([{ toNode: 'central', method: 'REQPing', replyMethod: 'REQNone' }]));
  await waitFor('central to answer', () => !hasOpen(ship1), { timeoutMs: 60_000 });
  await pause(SETTLE_MS);
  const { total } = link;
  await pause(IDLE_MS);
  return ((link.total - total) * 86_400_000) / IDLE_MS;
}

class LinkMeasure {
  readonly #work: LinkWork;
  readonly #at: { readonly central: StewardNode; readonly ship1: StewardNode; readonly link: SlowLink };

  constructor(work: LinkWork, at: { central: StewardNode; ship1: StewardNode; link: SlowLink }) {
    this.#work = work;
    this.#at = at;
  }

  /** One message with much in it, and a small one to another lane a moment later. */
  async large(): Promise<{ large: LinkRun; smallMeanwhileMs: number }> {
    const { central, ship1 } = this.#at;
    const { largeBytes, shape } = this.#work;
    using file = new GrowingFile(join(ship1.dataFolder, 'bench/ship1/large'));
    let smallMeanwhileMs = Number.NaN;
    const large = await this.#run(largeBytes, async () => {
      await this.#send('large', 'REQToFile', [noise(largeBytes)]);
      await pause(Math.min(5000, (largeBytes * 8000) / shape.bitsPerSecond / 4));
      const before = performance.now();
      await this.#send('meanwhile', 'REQToFileAppend', ['meanwhile']);
      await ship1.waitForFile('bench/ship1/meanwhile', (text) => text === 'meanwhile', PATIENCE_MS);
      smallMeanwhileMs = performance.now() - before;
      await file.reaches(largeBytes, PATIENCE_MS);
      await waitFor('central to hear of it', () => !hasOpen(central), { timeoutMs: PATIENCE_MS });
    });
    return { large, smallMeanwhileMs };
  }

  /** Many small messages. */
  async small(data: () => string | object): Promise<LinkRun> {
    return this.#many(SMALL_BYTES, () => message('small', 'REQToFileAppend', [data()]));
  }

  /** Many small commands, whose replies go to a file. */
  async commands(): Promise<LinkRun> {
    const command = { methodArgs: ['echo', 'hello'], methodTimeout: 60, replyMethod: 'REQToFileAppend' };
    return this.#many(COMMAND_BYTES, () => ({ ...message('echoed', 'REQCliCommand', []), ...command }));
  }

  async #many(bytes: number, make: () => object): Promise<LinkRun> {
    const { smallMessages } = this.#work;
    const { central } = this.#at;
    return this.#run(smallMessages * bytes, async () => {
      expectAllAccepted(await central.submit(Array.from({ length: smallMessages }, make)));
      await waitFor('central to hear of all', () => !hasOpen(central), { timeoutMs: PATIENCE_MS });
    });
  }

  /** A command that prints much. */
  async output(more: { readonly output?: 'live' } = {}): Promise<LinkRun> {
    const { central } = this.#at;
    // Of what is followed central keeps 1 MiB: a longer one comes whole in the reply.
    const largeBytes = Math.min(
      this.#work.largeBytes,
      more.output ? FOLLOWED_BYTES : Number.POSITIVE_INFINITY,
    );
    return this.#run(largeBytes, async () => {
      const command = `head -c ${Math.ceil((largeBytes * 3) / 4)} /dev/urandom | base64 -w 0 | head -c ${largeBytes}`;
      const answer = await central.submit([
        {
          ...message(`output-${more.output}`, 'REQCliCommand', []),
          ...more,
          methodArgs: ['bash', '-c', command],
          methodTimeout: 600,
          replyMethod: 'REQToFile',
        },
      ]);
      expectAllAccepted(answer);
      const [{ id }] = answer.accepted as [{ id: string }];
      await waitForEnd(central, id, PATIENCE_MS);
      await central.waitForFile(
        `bench/ship1/output-${more.output}`,
        (text) => text.length === largeBytes,
        PATIENCE_MS,
      );
      if (ledgerRow(central, id)?.state !== 'succeeded')
        throw new Error(JSON.stringify(ledgerRow(central, id)));
    });
  }

  /** Lines as a log has them. */
  async text(): Promise<LinkRun> {
    const { central, ship1 } = this.#at;
    const text = logLines(Math.min(2 * this.#work.largeBytes, FOLLOWED_BYTES));
    const file = join(ship1.folder, 'log');
    await writeFile(file, text);
    const packed = zstdCompressSync(text).length;
    return this.#run(packed, async () => {
      const command = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['cat', file] };
      const more = { methodTimeout: 600, replyMethod: 'REQNone', output: 'live' };
      const answer = await central.submit([{ ...command, ...more }]);
      expectAllAccepted(answer);
      const [{ id }] = answer.accepted as [{ id: string }];
      await waitForEnd(central, id, PATIENCE_MS);
      const rows = central.query('SELECT data FROM outputs WHERE id = ? ORDER BY offset', id);
      if (Buffer.concat(rows.map(({ data }) => data as Uint8Array)).toString() !== text)
        throw new Error('what was told is not what was printed');
    });
  }

  /** A copy of 10 MB of which 100 kB, here and there, are other bytes than in the file that is there. */
  async copy(): Promise<LinkRun> {
    const { central, ship1 } = this.#at;
    const [source, target] = [join(central.folder, 'source'), join(ship1.folder, 'target')];
    const content = randomBytes(COPY_BYTES);
    await writeFile(target, content);
    for (let at = 0; at < COPY_BYTES; at += COPY_BYTES / CHANGES)
      randomBytes(CHANGED_BYTES / CHANGES).copy(content, at + 777);
    await writeFile(source, content);
    return this.#run(CHANGED_BYTES, async () => {
      const request = { toNode: 'central', method: 'REQCopyFileFrom', methodArgs: [source, 'ship1', target] };
      const answer = await central.submit([request]);
      expectAllAccepted(answer);
      const [{ id }] = answer.accepted as [{ id: string }];
      const { state, reason } = await waitForEnd(central, id, PATIENCE_MS);
      if (state !== 'succeeded' || !content.equals(await readFile(target)))
        throw new Error(`the copy ${state}: ${reason}`);
    });
  }

  /** Urgent commands while large messages go both ways, and output that fills the link is followed. */
  async urgent(): Promise<number> {
    const { central, ship1 } = this.#at;
    for (const [from, toNode] of [
      [central, 'ship1'],
      [ship1, 'central'],
    ] as const)
      expectAllAccepted(
        await from.submit([{ ...message('both', 'REQToFile', [noise(this.#work.largeBytes / 2)]), toNode }]),
      );
    const urgent = { toNode: 'ship1', method: 'REQCliCommand', priority: 'urgent', replyMethod: 'REQNone' };
    const prints = 'while :; do head -c 1500 /dev/urandom | base64 -w 0; sleep 0.1; done';
    const followed = { ...urgent, methodArgs: ['sh', '-c', prints], methodTimeout: 45, output: 'live' };
    expectAllAccepted(await central.submit([followed]));
    await pause(SETTLE_MS);
    let longestMs = 0;
    for (let count = 0; count < URGENT_COMMANDS; count++) {
      const before = performance.now();
      const answer = await central.submit([{ ...urgent, methodArgs: ['true'], methodTimeout: 60 }]);
      const [{ id }] = answer.accepted as [{ id: string }];
      await waitForEnd(central, id, PATIENCE_MS);
      longestMs = Math.max(longestMs, performance.now() - before);
    }
    await waitFor('all to end', () => !hasOpen(central), { timeoutMs: PATIENCE_MS });
    return longestMs;
  }

  async #send(fileName: string, method: string, data: readonly string[]): Promise<void> {
    expectAllAccepted(await this.#at.central.submit([message(fileName, method, data)]));
  }

  async #run(idealBytes: number, work: () => Promise<void>): Promise<LinkRun> {
    const { link } = this.#at;
    const { total, connections } = link;
    const before = performance.now();
    await work();
    const { bitsPerSecond, rttMs } = this.#work.shape;
    return {
      seconds: (performance.now() - before) / 1000,
      idealSeconds: (idealBytes * 8) / bitsPerSecond + rttMs / 1000,
      bytes: link.total - total,
      idealBytes,
      reconnects: link.connections - connections,
    };
  }
}

function message(fileName: string, method: string, data: readonly (string | object)[]) {
  return { toNode: 'ship1', method, data, directory: 'bench', fileName };
}

function hasOpen(node: StewardNode): boolean {
  return node.query('SELECT 1 FROM ledger WHERE ended_at IS NULL LIMIT 1').length > 0;
}

function takesRequests(node: StewardNode): boolean {
  return node.program.stderr.includes('taking requests');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
