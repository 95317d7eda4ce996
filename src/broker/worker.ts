import { parentPort, workerData } from 'node:worker_threads';
import { type Broker, startBroker } from './broker.ts';
import type { BrokerOptions, BrokerUser } from './broker-options.ts';
import type { BrokerLogger } from './hub.ts';

/** What the thread tells. */
export type WorkerNews =
  | { readonly news: 'listening'; readonly port: number; readonly url: string }
  | {
      readonly news: 'log';
      readonly level: keyof BrokerLogger;
      readonly fields: object;
      readonly text: string;
    }
  | { readonly news: 'gone'; readonly user: string }
  | { readonly news: 'done'; readonly id: number }
  | { readonly news: 'failed'; readonly id: number; readonly error: { code: string; message: string } };

/** What the thread is asked. */
export type WorkerCall =
  | { readonly call: 'users'; readonly id: number; readonly users: readonly BrokerUser[] }
  | { readonly call: 'stop' };

/** The number of the call that a failed start answers. */
export const START_ID = 0;

const port = parentPort;
if (port) await serve(port, workerData as BrokerOptions);

async function serve(port: NonNullable<typeof parentPort>, options: BrokerOptions): Promise<void> {
  const tell = (news: WorkerNews) => port.postMessage(news);
  const log = (level: keyof BrokerLogger) => (fields: object, text: string) =>
    tell({ news: 'log', level, fields: plain(fields), text });
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  let broker: Broker;
  try {
    broker = await startBroker(options, { logger, onGone: (user) => tell({ news: 'gone', user }) });
  } catch (error) {
    tell({ news: 'failed', id: START_ID, error: toFault(error) });
    return;
  }
  port.on('message', async (call: WorkerCall) => {
    if (call.call === 'stop') {
      await broker[Symbol.asyncDispose]();
      port.close();
      return;
    }
    try {
      await broker.setUsers(call.users);
      tell({ news: 'done', id: call.id });
    } catch (error) {
      tell({ news: 'failed', id: call.id, error: toFault(error) });
    }
  });
  tell({ news: 'listening', port: broker.port, url: broker.url });
}

/** Errors lose their class on the way to another thread. */
function toFault(error: unknown): { code: string; message: string } {
  const { code = 'failed', message } = error as Error & { code?: string };
  return { code, message };
}

function plain(fields: object): object {
  const entries = Object.entries(fields).map(([key, value]) => [
    key,
    value instanceof Error ? { message: value.message, stack: value.stack } : value,
  ]);
  return Object.fromEntries(entries);
}
