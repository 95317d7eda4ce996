import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { patienceOf } from '../bus/silence-watch.ts';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { durationWords } from '../lib/time-words.ts';
import { type Finding, finding } from './finding.ts';
import { askNatsServer, type NatsSettings, readNatsConfig } from './nats-settings.ts';

/** What `steward broker-config` writes, and how long the broker may wait before it asks, ms. */
const [LEAST_DEADLINE_MS, GOOD_PING_MS, MOST_PING_MS] = [60_000, 300_000, 600_000];
const RELOAD = 'and run: nats-server --signal reload';
const USUAL_FILES = ['/etc/nats-server.conf', '/etc/nats/nats-server.conf'];

type Settings = Pick<Config, 'brokerAddress' | 'linkSilenceSeconds'>;

/**
 * Whether nats-server is set for thin links. `given` is its configuration file or the address of its monitoring port;
 * without it, a file next to a node whose broker runs on the same machine is looked at, if it is for that broker's port.
 */
export async function checkNatsServer(
  config: Settings,
  { given, folder }: { readonly given?: string | undefined; readonly folder: string },
): Promise<Finding[]> {
  if (given === undefined) return await checkFound(config, folder);
  try {
    if (/^https?:/.test(given)) return judge(await askNatsServer(given), given, config);
    return await checkRunning(await readNatsConfig(given), given, config);
  } catch (error) {
    const advice =
      'give its configuration file, or the address of its monitoring port: http://127.0.0.1:8222';
    return [finding('broker', 'fail', `${given} cannot be looked at: ${causeOf(error)}`, advice)];
  }
}

async function checkFound(config: Settings, folder: string): Promise<Finding[]> {
  const ports = localPorts(config.brokerAddress);
  const files = [join(folder, 'nats-server.conf'), ...USUAL_FILES];
  for (const file of ports.length === 0 ? [] : files.filter(existsSync)) {
    const settings = await readNatsConfig(file).catch(() => undefined);
    if (settings && ports.includes(settings.port)) return await checkRunning(settings, file, config);
  }
  return [];
}

/** What runs counts more than what its file says, which may have been changed since. */
async function checkRunning(settings: NatsSettings, file: string, config: Settings): Promise<Finding[]> {
  const running = settings.monitor && (await askNatsServer(settings.monitor).catch(() => undefined));
  return running && running.port === settings.port
    ? judge(running, `${file} as it runs`, config)
    : judge(settings, file, config);
}

function judge(
  { writeDeadlineMs: deadline, pingIntervalMs: ping }: NatsSettings,
  where: string,
  config: Settings,
) {
  const faults = [
    ...(deadline === undefined ? [] : deadlineFaults(deadline, where)),
    ...(ping === undefined ? [] : pingFaults(ping, where, config)),
  ];
  if (faults.length > 0) return faults;
  const word = (ms: number | undefined) => (ms === undefined ? 'not known' : durationWords(ms));
  const costs =
    ping !== undefined && ping < GOOD_PING_MS ? ' ("5m" spares nodes with link = metered its questions)' : '';
  const text = `nats-server (${where}): write_deadline ${word(deadline)}, ping_interval ${word(ping)}${costs}`;
  return [finding('broker', 'ok', text)];
}

function deadlineFaults(ms: number, where: string): Finding[] {
  if (ms >= LEAST_DEADLINE_MS) return [];
  const text = `write_deadline is ${durationWords(ms)} in nats-server (${where}): it cuts nodes whose thin link is slow to take what it sends`;
  return [finding('broker', 'warn', text, `set write_deadline: "60s" there, ${RELOAD}`)];
}

function pingFaults(ms: number, where: string, { linkSilenceSeconds }: Settings): Finding[] {
  const { askAfterMs } = patienceOf(linkSilenceSeconds * 1000);
  const isOften = ms < askAfterMs;
  if (!isOften && ms <= MOST_PING_MS) return [];
  const why = isOften
    ? `it asks this node before the node asks it, after ${durationWords(askAfterMs)}, which costs bytes`
    : 'nodes whose connection is dead count as here for three times as long';
  const text = `ping_interval is ${durationWords(ms)} in nats-server (${where}): ${why}`;
  const advice = `set ping_interval: "5m" there, in quotes, ${RELOAD}`;
  return [finding('broker', 'warn', text, advice)];
}

/** The ports at which the broker is reached on this machine. */
function localPorts(brokerAddress: string): number[] {
  return brokerAddress
    .split(',')
    .map((address) =>
      address
        .trim()
        .replace(/^\w+:\/\//, '')
        .replace(/^[^@]*@/, ''),
    )
    .map((place) => /^\[?(.*?)\]?(?::(\d+))?\/?$/.exec(place) ?? [])
    .filter(([, host = '']) => isLoopback(host))
    .map(([, , port = '4222']) => Number(port));
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
