import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { OPTIONS } from '../config/options.ts';
import { spanWords } from '../lib/time-words.ts';
import { type Finding, finding } from './finding.ts';

/** How often an original node says hello where nobody set anything else, s. */
const ORIGINAL_HELLO_SECONDS = 30;

/** What the configuration of an original node comes to here and does not there; all of it is in doc/compatibility.md. */
export function checkDifferences(config: Config, env: Environment): Finding[] {
  const tell = (text: string) => finding('differs', 'ok', text);
  const metrics = config.promHostAndPort
    ? 'the metrics port serves metrics alone, no profiles'
    : 'no metrics port is opened, as promHostAndPort is empty; the original opens one at random';
  return [
    tell(describeRetries(config)),
    tell(metrics),
    tell('every submission is answered with a line of JSON; who does not read it loses nothing'),
    tell('the log is a line of JSON for each event where standard error is no terminal'),
    ...checkHellos(config),
    ...checkEnvironment(env),
    tell('doc/compatibility.md has a table of all differences'),
  ];
}

function describeRetries({
  defaultMessageRetries: retries,
  defaultMessageTimeoutSeconds: timeout,
  messageTtlSeconds,
}: Config): string {
  return retries > 1
    ? `a message without retries and ACKTimeout is given up after ${retries} x ${timeout} s, as there, of time with the broker connected and nobody answering`
    : `a message without retries is kept for messageTTL (${messageTtlSeconds} s), not given up after one ACKTimeout`;
}

/** Alerts on silence are made for the original's interval. */
function checkHellos({ helloIntervalSeconds: seconds }: Config): Finding[] {
  if (seconds <= ORIGINAL_HELLO_SECONDS) return [];
  const text = `hellos to a central node of this program come every ${spanWords(seconds * 1000)}, as startPubREQHello = 30 counts as not set: alerts on steward_hello_node_contact_last and hello.log would fire`;
  const advice = 'let them wait for longer, or keep the pace with -startPubREQHello=29';
  return [finding('differs', 'warn', text, advice)];
}

/** The original reads one variable; here each setting has its own, which may be there for another program. */
function checkEnvironment(env: Environment): Finding[] {
  const names = OPTIONS.filter(({ key, env: name }) => key !== 'ConfigFolder' && env[name]).map(
    ({ env: name }) => name,
  );
  if (names.length === 0) return [];
  const text = `${names.join(', ')} in the environment would go before config.toml; the original reads CONFIG_FOLDER alone`;
  return [
    finding('differs', 'warn', text, 'unset them where the node is started, unless they are meant for it'),
  ];
}

/** Files and folders that any user may change: what is there keeps its mode at the change. */
export async function checkWideModes(
  { databaseFolder, subscribersDataFolder, socketFolder }: Config,
  configFile: string,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const path of [configFile, databaseFolder, subscribersDataFolder, socketFolder]) {
    const mode = (await stat(path).catch(() => undefined))?.mode ?? 0;
    if ((mode & 0o002) === 0) continue;
    const text = `any user can write to ${path} (${(mode & 0o7777).toString(8)}), and it keeps that mode`;
    found.push(finding('modes', 'warn', text, `chmod o-w ${path}`));
  }
  return found;
}
