import { hash } from 'node:crypto';
import type { Message } from './message.ts';

/** The word for a node that fetches the files that it relays where they are too large for a message. */
export const RELAY_FILES = 'relay-files';

/** A file that a relay fetches from the node that asks, once, and copies to its target. */
export interface RelayedFile {
  readonly source: string;
  /** The node that gets it, and where. */
  readonly node: string;
  readonly target: string;
  readonly mode: number;
  /** Tells this state of the file from others. */
  readonly identity: string;
  readonly size: number;
  /** The REQRelay by which the relay was asked for it; empty until the relay has it. */
  readonly request: string;
}

type Args = Pick<Message, 'methodArgs'>;

const STEP = 'fetch';

/** The arguments that say so. A node of the original takes the third for the target of a file, and writes nothing there. */
export function writeRelayedFile(file: RelayedFile): string[] {
  const { source, node, target, mode, identity, size, request } = file;
  const more = request === '' ? [] : [request];
  return [source, node, '/dev/null', STEP, target, mode.toString(8), identity, String(size), ...more];
}

/** Reads them back; undefined for other arguments. */
export function readRelayedFile({ methodArgs }: Args): RelayedFile | undefined {
  const [source, node, , step, target, octal = '', identity, size = '', request = ''] = methodArgs ?? [];
  if (step !== STEP || !source || !node || !target || !identity) return undefined;
  if (!/^[0-7]{1,3}$/.test(octal) || !/^\d{1,15}$/.test(size)) return undefined;
  const mode = Number.parseInt(octal, 8);
  return { source, node, target, mode, identity, size: Number(size), request };
}

/** The arguments of the REQCopyFileFrom with which a relay fetches a file that it was asked for with the request `re`. */
export function writeFetch({
  source,
  node,
  target,
  re,
  size,
}: Record<'source' | 'node' | 'target' | 're', string> & { readonly size: number }) {
  return [source, node, target, STEP, re, String(size)];
}

/** The request with which a relay was asked for what it fetches, and how much of the file that is; undefined where it fetches nothing. */
export function readFetch({ methodArgs }: Args): { readonly re: string; readonly size: number } | undefined {
  const [, , , step, re = '', size = ''] = methodArgs ?? [];
  return step === STEP && /^\d{1,15}$/.test(size) ? { re, size: Number(size) } : undefined;
}

/** The arguments that count of those with which a relay fetches a file; undefined where it was not `asked` for that file. */
export function fetchGiven(fetch: Args, relay: string, asked: Args | undefined): string[] | undefined {
  const file = asked && readRelayedFile(asked);
  const [source, , target = '', , re = ''] = fetch.methodArgs ?? [];
  if (!file || file.source !== source) return undefined;
  return writeFetch({ source, node: relay, target, re, size: file.size });
}

/** Why pieces of a file are not to come: another size was asked for with the request. */
export function fetchFault(request: Args, { methodArgs }: Args): string | undefined {
  const fetch = readFetch(request);
  const [, , , step, , , total] = methodArgs ?? [];
  if (!fetch || step !== 'begin' || Number(total) === fetch.size) return undefined;
  return `the file has ${Number(total)} bytes, and the one that is to be relayed ${fetch.size}`;
}

/** Whether a copy is one that a node makes as a relay; one that came by way of a relay is none. */
export function isRelaysCopy(
  request: Pick<Message, 'relayFromNode' | 'fromNode'>,
  nodeName: string,
): boolean {
  return request.relayFromNode !== '' && request.fromNode === nodeName;
}

/** The number of a copy that a relay makes: it may go on with its own alone. */
export function relayedTransfer(via: string, id: string): string {
  return `${hash('sha256', via, 'hex').slice(0, 16)}-${id}`;
}

/** Whether a copy is one that this node makes as a relay. */
export function isRelayedTransfer(transfer: string, via: string): boolean {
  return transfer.startsWith(relayedTransfer(via, ''));
}
