import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What a nats-server does with clients that are slow or silent, and where it listens. */
export interface NatsSettings {
  /** Undefined where it cannot be told, as the next one. */
  readonly writeDeadlineMs: number | undefined;
  readonly pingIntervalMs: number | undefined;
  readonly port: number;
  /** Where it tells how it does, `host:port`; undefined where it does not. */
  readonly monitor?: string | undefined;
}

/** What nats-server does unless it is told otherwise. */
const USUAL = { writeDeadlineMs: 10_000, pingIntervalMs: 120_000, port: 4222 };
const MOST_INCLUDES = 20;
const PATIENCE_MS = 3000;

const COMMENT = /^(#|\/\/)/;
const OPENS = /^[{[]$/;
const CLOSES = /^[}\]]$/;
const TOKEN = /"(?:[^"\\]|\\.)*"|'[^']*'|#.*|\/\/.*|[{}[\]]|[^\s"'{}[\]=,;]+/g;
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1e3, kb: 1024, m: 1e6, mb: 1024 ** 2 };
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** What a configuration file of nats-server says, and those that it includes. Throws where one cannot be read. */
export async function readNatsConfig(file: string): Promise<NatsSettings> {
  const values = await readValues(file, { left: MOST_INCLUDES });
  const value = (...names: readonly string[]) => {
    const found = names.map((name) => values.get(name)).find((one) => one !== undefined);
    return found?.startsWith('$') ? (values.get(found.slice(1).toLowerCase()) ?? '') : found;
  };
  const duration = (name: string, usual: number) => {
    const found = value(name);
    return found === undefined ? usual : durationMs(found);
  };
  const listen = value('listen');
  const monitor = value('http', 'http_port', 'monitor_port');
  return {
    writeDeadlineMs: duration('write_deadline', USUAL.writeDeadlineMs),
    pingIntervalMs: duration('ping_interval', USUAL.pingIntervalMs),
    port: Number(/\d+$/.exec(unquoted(listen ?? ''))?.[0] ?? unquoted(value('port') ?? `${USUAL.port}`)),
    monitor: monitor === undefined ? undefined : monitorAt(unquoted(monitor)),
  };
}

/** What a nats-server that runs says of itself at its monitoring port. Throws where it does not. */
export async function askNatsServer(address: string): Promise<NatsSettings> {
  const url = new URL('/varz', address);
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const told = answer.ok ? ((await answer.json()) as Record<string, unknown> | null) : null;
  if (typeof told?.server_id !== 'string') throw new Error(`nothing at ${url} speaks as nats-server does`);
  // Spans are in nanoseconds there.
  const ms = (value: unknown) => (typeof value === 'number' ? value / 1e6 : undefined);
  return {
    writeDeadlineMs: ms(told.write_deadline),
    pingIntervalMs: ms(told.ping_interval),
    port: Number(told.port),
  };
}

/** The plain values at the top level of a file, as they are written, by their names in small letters. */
async function readValues(file: string, includes: { left: number }): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const [name, value] of topLevel(await readFile(file, 'utf8'))) {
    if (name !== 'include') values.set(name, value);
    else if (includes.left-- > 0)
      for (const [key, included] of await readValues(resolve(dirname(file), unquoted(value)), includes))
        values.set(key, included);
  }
  return values;
}

/** Behind a name stands `:`, `=` or nothing but a space. */
function* topLevel(text: string): Generator<readonly [name: string, value: string]> {
  const words = wordsOutside(text);
  for (let at = 0; at < words.length; at++) {
    const [, name = '', rest = ''] = /^("[^"]*"|'[^']*'|[^:]*):?(.*)$/s.exec(words[at]!) ?? [];
    const value = rest === '' ? (words[++at] ?? '') : rest;
    yield [unquoted(name).toLowerCase(), value.replace(/^:/, '')];
  }
}

/** The words that stand in no block, each block as one word. The whole may stand in braces, as in JSON. */
function wordsOutside(text: string): string[] {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !COMMENT.test(token));
  const words: string[] = [];
  let depth = tokens[0] === '{' ? -1 : 0;
  for (const token of tokens) {
    if (depth === 0 && token !== ':' && !CLOSES.test(token)) words.push(token);
    if (OPENS.test(token)) depth++;
    else if (CLOSES.test(token)) depth--;
  }
  return words;
}

/** A span as Go writes it, `"1m30s"`, or a number of seconds; that may have a letter for its size: `2m` without quotes is two million. */
function durationMs(value: string): number | undefined {
  const [, count, size] = /^(\d+)([km]?b?)$/i.exec(value) ?? [];
  if (count !== undefined) return Number(count) * (SIZES[size!.toLowerCase()] ?? Number.NaN) * 1000;
  const parts = [...unquoted(value).matchAll(/([\d.]+)(h|ms|m|s)/g)];
  if (parts.map(([part]) => part).join('') !== unquoted(value) || parts.length === 0) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0);
}

function unquoted(value: string): string {
  return /^["']/.test(value) ? value.slice(1, -1) : value;
}

/** Where a monitoring port that is given as `port`, `:port` or `host:port` is reached from this machine. */
function monitorAt(place: string): string {
  const [, host = '', port] = /^(.*?):?(\d+)$/.exec(place) ?? [];
  return `http://${/^(0\.0\.0\.0|\[::\])?$/.test(host) ? '127.0.0.1' : host}:${port}`;
}
