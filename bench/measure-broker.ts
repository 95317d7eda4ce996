import { startBroker } from '../test/support/broker.ts';
import { exchangeRate } from './limits/run-limit.ts';

/** Messages per second that two bare processes publish and answer through `steward broker`, as a process of its own. */
export async function measureBroker(count: number): Promise<number> {
  await using broker = await startBroker(undefined, { kind: 'embedded' });
  return await exchangeRate(broker, count);
}
