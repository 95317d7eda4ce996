import { type Broker, startBroker } from '../test/support/broker.ts';
import type { TestScope } from '../test/support/dispose-after.ts';
import { freePort } from '../test/support/free-port.ts';
import { startKeyedBroker } from '../test/support/keyed-fleet.ts';
import { type StewardNode, startStewardNode } from '../test/support/node.ts';

/** A broker with the nodes that a measurement needs. */
export interface Fleet extends AsyncDisposable {
  readonly broker: Broker;
  readonly central: StewardNode;
  startShip(): Promise<StewardNode>;
}

type Flags = Readonly<Record<string, string | number | boolean>>;

/** A broker, and how a node of a name is started at it; both end with the stack. */
interface Ground {
  readonly broker: Broker;
  start(name: string, flags: Flags): Promise<StewardNode>;
}

/**
 * Starts a broker and the node `central`, in folders of their own; `ship1` follows when it is asked for. The fleet is closed
 * where STEWARD_BENCH_TRUST says so.
 */
export async function startFleet(more: Flags = {}): Promise<Fleet> {
  const stack = new AsyncDisposableStack();
  try {
    const make = process.env.STEWARD_BENCH_TRUST === 'closed' ? closedGround : openGround;
    const { broker, start: startNode } = await make(stack);
    const start = async (name: string): Promise<StewardNode> =>
      startNode(name, { promHostAndPort: `127.0.0.1:${await freePort()}`, ...more });
    const central = await start('central');
    return {
      broker,
      central,
      startShip: () => start('ship1'),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function openGround(stack: AsyncDisposableStack): Promise<Ground> {
  const broker = stack.use(await startBroker());
  return { broker, start: async (name, flags) => stack.use(await startStewardNode({ name, broker, flags })) };
}

/** A broker as `steward broker-config --trust closed` writes it, and nodes with keys. */
async function closedGround(stack: AsyncDisposableStack): Promise<Ground> {
  const scope: TestScope = { after: (work) => stack.defer(work) };
  const { broker, start } = await startKeyedBroker(scope, { nodes: ['ship1'], trust: 'closed' });
  return { broker, start: (name, flags) => start(name, { trust: 'closed', ...flags }) };
}

/** Fails where a node refused anything of a submission. */
export function expectAllAccepted(answer: Record<string, unknown>): void {
  const { refused } = answer;
  if (Array.isArray(refused) && refused.length === 0) return;
  throw new Error(`the node did not accept all: ${JSON.stringify(answer).slice(0, 500)}`);
}
