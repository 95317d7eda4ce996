import { startBroker } from './broker.ts';
import type { TestScope } from './dispose-after.ts';
import { startStewardNode } from './node.ts';
import { apiOf, endedRequests } from './node-api.ts';
import { waitFor } from './wait-for.ts';

/** A message that runs a command on a node. */
export const command = (toNode: string, ...methodArgs: string[]) => ({
  ...{ toNode, method: 'REQCliCommand', methodArgs, replyMethod: 'REQNone' },
  ...{ ACKTimeout: 2, methodTimeout: 10 },
});

/** Markup, an escape sequence, a change of direction, and bytes that are no text. */
const HOSTILE = `printf '<img src=x onerror=alert(1)>\\033[31mred\\342\\200\\256txt\\377'; exit 3`;

/** A fleet with a node that is here, one that went away, and requests in several states. */
export async function startConsoleFleet(t: TestScope) {
  const broker = await startBroker(t);
  const flags = { startPubREQHello: 1, webListener: '127.0.0.1:0' };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const ship = { broker, flags: { startPubREQHello: 1, labels: 'site=north' } };
  const ship1 = await startStewardNode({ ...ship, name: 'ship1' }, t);
  const ship2 = await startStewardNode({ ...ship, name: 'ship2' }, t);
  const api = apiOf(central, t);
  await waitFor(
    'the hello of both ships',
    async () => (await api.nodePage({ target: 'site=north' })).total === 2,
  );
  await ship2.kill();
  const { batch } = await api.submit([command('ship1', '/bin/sh', '-c', HOSTILE)]);
  const [failed] = await endedRequests(api, batch!);
  const { accepted } = await api.submit([command('ship2', 'true')]);
  await waitFor('ship2 to be away', async () => (await api.nodePage({ presence: 'away' })).total === 1);
  return { api, central, ship1, ship2, failed: failed!, waiting: accepted[0]!.id };
}
