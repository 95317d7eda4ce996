import { join } from 'node:path';
import { startBroker } from '../../test/support/broker.ts';
import { ChildProgram } from '../../test/support/child-program.ts';
import { waitFor } from '../../test/support/wait-for.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';
const WINDOW = 256;
const SPAWNS_AT_A_TIME = 8;

/** Messages per second that two bare processes publish and answer through a nats-server of their own. */
export async function brokerLimit(count: number): Promise<number> {
  await using broker = await startBroker(undefined, { kind: 'nats-server' });
  return await exchangeRate(broker, count);
}

/** Messages per second that two bare processes publish and answer through a broker. */
export async function exchangeRate(broker: { readonly url: string }, count: number): Promise<number> {
  const answerer = await program('answerer.ts', broker.url, SUBJECT);
  try {
    await waitFor('the answerer to subscribe', () => answerer.stdout === 'ready\n');
    return await perSecond(await program('publisher.ts', broker.url, SUBJECT, String(count), String(WINDOW)));
  } finally {
    await answerer.kill();
  }
}

/** Commands per second that a bare process starts, 8 at a time unless told, and reads the output of. */
export async function spawnLimit(count: number, atATime = SPAWNS_AT_A_TIME): Promise<number> {
  return perSecond(await program('spawn-echo.ts', String(count), String(atATime)));
}

/** Bytes per second that one process reads, takes the sha256 of, and writes durably. */
export async function hashAndWriteLimit(source: string, target: string): Promise<number> {
  return perSecond(await program('hash-and-write.ts', source, target));
}

/** Lines per second that one process reads from a file, by itself. */
export async function readLinesLimit(path: string): Promise<number> {
  return perSecond(await program('read-lines.ts', path));
}

function program(file: string, ...args: string[]): Promise<ChildProgram> {
  const flags = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, file)];
  return ChildProgram.start({ command: process.execPath, args: [...flags, ...args] });
}

async function perSecond(running: ChildProgram): Promise<number> {
  const { code } = await running.exited;
  if (code !== 0) throw new Error(`a limit's program ended with ${code}\n${running.output()}`);
  return (JSON.parse(running.stdout) as { perSecond: number }).perSecond;
}
