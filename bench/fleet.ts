import { type Broker, startBroker } from '../test/support/broker.ts';
import { freePort } from '../test/support/free-port.ts';
import { type StewardNode, startStewardNode } from '../test/support/node.ts';

/** A broker with the nodes that a measurement needs. */
export interface Fleet extends AsyncDisposable {
  readonly broker: Broker;
  readonly central: StewardNode;
  startShip(): Promise<StewardNode>;
}

/** Starts a broker and the node `central`, in folders of their own; `ship1` follows when it is asked for. */
export async function startFleet(more: Readonly<Record<string, number>> = {}): Promise<Fleet> {
  const stack = new AsyncDisposableStack();
  try {
    const broker = stack.use(await startBroker());
    const start = async (name: string): Promise<StewardNode> => {
      const flags = { promHostAndPort: `127.0.0.1:${await freePort()}`, ...more };
      return stack.use(await startStewardNode({ name, broker, flags }));
    };
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

/** Fails where a node refused anything of a submission. */
export function expectAllAccepted(answer: Record<string, unknown>): void {
  const { refused } = answer;
  if (Array.isArray(refused) && refused.length === 0) return;
  throw new Error(`the node did not accept all: ${JSON.stringify(answer).slice(0, 500)}`);
}
