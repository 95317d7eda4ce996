import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient } from '../src/client/api-client.ts';
import { startBroker } from '../test/support/broker.ts';
import { startStewardNode } from '../test/support/node.ts';
import { apiSocketOf } from '../test/support/node-api.ts';
import { processMemory } from '../test/support/process-memory.ts';
import { waitFor } from '../test/support/wait-for.ts';

/**
 * What central's processor takes for each node, without the nodes: one process speaks for all of them over one connection, with the
 * answers and reports that nodes send. Arguments: how many nodes, and how many commands to all of them.
 */
const [nodes = 3000, rounds = 3] = process.argv.slice(2).map(Number);
const PATIENCE = { timeoutMs: 600_000, intervalMs: 50 };

process.env.STEWARD_TEST_BUILT = '1';
await using broker = await startBroker(undefined, { kind: 'nats-server' });
await using central = await startStewardNode({ name: 'central', broker });
await using api = new ApiClient({ socketPath: apiSocketOf(central) });
const speaker = fork(join(import.meta.dirname, 'many-nodes/spoken-for.ts'), [broker.url, String(nodes)], {
  execArgv: ['--disable-warning=ExperimentalWarning'],
});
await once(speaker, 'message');

await measure('hello', async () => {
  speaker.send('hello');
  await waitFor(
    'all to be here',
    async () => (await api.nodePage({ limit: 1 })).presences.here > nodes,
    PATIENCE,
  );
});
const toNodes = Array.from({ length: nodes }, (_, index) => `ship${String(index + 1).padStart(6, '0')}`);
const message = { toNodes, method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone' };
for (let round = 1; round <= rounds; round++)
  await measure(`command ${round}`, async () => {
    const { batch = '' } = await api.submit([message]);
    const isDone = async () => ((await api.batch(batch)).counts.succeeded ?? 0) >= nodes;
    await waitFor('all to succeed', isDone, PATIENCE);
  });
speaker.disconnect();

/** Prints what work takes of central. */
async function measure(what: string, work: () => Promise<void>): Promise<void> {
  await writeFile(`/proc/${central.pid}/clear_refs`, '5');
  const [before, began] = [await cpuMs(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const each = ((await cpuMs()) - before) / nodes;
  const { peakBytes } = await processMemory(central.pid);
  const peak = `${(peakBytes / 1024 / 1024).toFixed(0)} MB at the peak`;
  console.log(
    `${what}: ${each.toFixed(2)} ms of central's processor a node, ${seconds.toFixed(1)} s, ${peak}`,
  );
}

/** What central has worked since its start, ms: user and system, in ticks of 10 ms. */
async function cpuMs(): Promise<number> {
  const stat = await readFile(`/proc/${central.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
