import type { RequestDetail } from '../contract/requests.ts';
import type { StewardApi } from './steward-api.ts';

// Checked by tsc alone: what callers may write, and what they may not.

declare const api: StewardApi;
const signal = AbortSignal.abort();

export async function calls(): Promise<void> {
  const detail: RequestDetail = await api.request('01a204f7');
  await api.requests();
  await api.requests({ state: ['failed'], node: ['ship1'], limit: 10, cursor: undefined });
  await api.output(detail.id, { stream: 'stderr', from: 1 });
  await api.submit([{ toNode: 'ship1' }], { dryRun: true });
  await api.submit('- toNode: ship1');
  await api.resendBatch('01a204f7', { which: 'missing' });
  await api.planBatch('01a204f7', null);
  for await (const event of api.events({ type: ['output'] }, signal))
    if (event.type === 'output') event.data satisfies string;

  // @ts-expect-error an id is needed
  await api.request();
  // @ts-expect-error no such state
  await api.requests({ state: ['faild'] });
  // @ts-expect-error no such value of the query
  await api.nodes({ limit: 1 });
  // @ts-expect-error the body is an object
  await api.targets(['ship*']);
  // @ts-expect-error answers are not to be changed
  detail.state = 'failed';
  // @ts-expect-error the description is for other programs
  await api.openapi();
}
