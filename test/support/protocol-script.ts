import type { BrokerInfo } from './protocol-client.ts';

/** One thing that a client does: bytes, in pieces where they are to arrive in pieces, or something made of INFO. */
export type Step = readonly [
  client: string,
  bytes: string | readonly string[] | ((info: BrokerInfo) => string),
];

/** What clients do at a broker, one step after the other; each client is connected at its first step. */
export interface Script {
  readonly title: string;
  readonly steps: readonly Step[];
  /** What ends it: all are asked for a PONG, or the connection ends by itself, or another client connects. */
  readonly ending?: 'settle' | 'end' | 'other';
}

/** A configuration of nats-server, and what is tried with it. */
export interface ScriptGroup {
  readonly name: string;
  readonly config: string;
  readonly scripts: readonly Script[];
}

/** A CONNECT as most clients send it, and others. */
export const SAID = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n';
export const VERBOSE = SAID.replace('"verbose":false', '"verbose":true');
export const PEDANTIC = SAID.replace('"pedantic":false', '"pedantic":true');
export const NO_ECHO = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"echo":false}\r\n';

/** Scripts of one client, by their bytes; each begins after a CONNECT where none is told. */
export function single(title: string, bytes: string | readonly string[], connect = SAID): Script {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes;
  return { title, steps: [['a', [`${connect}${pieces[0]}`, ...pieces.slice(1)]]] };
}

/** The CONNECT of a user with a password, and what comes after it. */
export function as(user: string, pass: string, more = ''): string {
  const said = { verbose: false, pedantic: false, headers: true, no_responders: true, user, pass };
  return `CONNECT ${JSON.stringify(said)}\r\n${more}`;
}

/** Headers of 18 bytes. */
export const HEADED = 'NATS/1.0\r\nA: b\r\n\r\n';
