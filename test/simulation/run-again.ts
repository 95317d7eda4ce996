import type { Ask } from './ask.ts';
import type { RunTruth } from './truth.ts';
import type { World } from './world.ts';

/** What a sender heard of a request's run, by the state that its ledger gives it. */
const HEARD = ['running', 'succeeded', 'failed', 'timed-out', 'interrupted'];

/**
 * Whether a command may begin once more: its node's database went back since it was asked for, and nobody who sent it heard that
 * it had begun or ended; or two nodes of the name were there.
 */
export function mayRunAgain(
  world: World,
  ask: Ask | undefined,
  { id, node }: Pick<RunTruth, 'id' | 'node'>,
): boolean {
  if (ask === undefined || ask.kind === 'schedule' || ask.repeats || ask.isResent) return true;
  const { nodeName } = world.places.find(({ machine }) => machine.name === node)!;
  if (world.hasTwin(nodeName)) return true;
  if (!world.wasSetBack(node, ask.at)) return false;
  // What a relay sent has an id of its own there, and pages know nothing of ids.
  const asked = ask.kind === 'http' ? ask.id! : id;
  const senders = world.places.filter(({ machine }) => machine.name !== node);
  return !senders.some(({ machine }) => {
    const row = machine.disk.prepare('SELECT state FROM ledger WHERE id = ?').get(asked);
    return HEARD.includes(String(row?.state));
  });
}
