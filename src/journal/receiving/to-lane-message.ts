import { hash } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { ownBytes } from '../../lib/own-bytes.ts';
import { wholeMs } from '../../lib/whole-ms.ts';
import { type BodyFormat, CBOR_BYTES, formatNumber } from '../../message/codec/body-format.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { CALLED_OFF_AT, HEADER, isFollowed, parseNotAfter } from '../../message/codec/wire-headers.ts';
import type { Message } from '../../message/message.ts';
import { messageBytes } from '../../message/message-bytes.ts';
import { outputModeOf } from '../../message/output.ts';
import { priorityOf } from '../../message/priority.ts';
import { parseSchedule, unschedulable } from '../../message/schedule.ts';
import { supersedesOf } from '../../message/supersedes.ts';
import { plainSerial, readTold, withTold } from '../../message/told-output.ts';
import type { WireMessage } from '../../message/wire-message.ts';
import type { Method } from '../../methods/method.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import type { JournalDeps, JournalTrust } from '../journal-deps.ts';
import { decodeArrival } from './decode-arrival.ts';
import type { LaneMessage } from './lane-record.ts';

/** The longest id that is read, characters; a UUID has 36. */
const MAX_ID = 200;

export interface LaneMessageOptions {
  readonly seq: number;
  /** The whole payload; undefined where `fault` says why there is none. */
  readonly payload: Uint8Array | undefined;
  readonly fault: string | undefined;
  readonly perilId: string;
  readonly method: Method;
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly kept: KeptTime;
  newId(): string;
}

/**
 * Takes what is said of a message that came in its turn; what is wrong with that is in its `fault`. The payload stays as it
 * came until the message is opened.
 */
export function toLaneMessage(arrival: WireMessage, options: LaneMessageOptions): LaneMessage {
  const { seq } = options;
  const payload = ownBytes(options.payload ?? new Uint8Array(0));
  const expiresAt = parseNotAfter(arrival.header(HEADER.notAfter) ?? '');
  const leftMs = parseNotAfter(arrival.header(HEADER.left) ?? '');
  const schedule = arrival.header(HEADER.schedule);
  const [serial = '', cmp = ''] = [arrival.header(HEADER.serial), arrival.header(HEADER.compression)];
  const written = { serial: plainSerial(serial), cmp };
  const output = outputModeOf(arrival.header(HEADER.output));
  const fault = options.fault ?? headerFault(arrival, expiresAt, options);
  return {
    seq,
    // An original node gives its messages no id: they get one here, which goes into the journal.
    id: idOf(arrival) || (seq === 0 ? options.newId() : ''),
    perilId: options.perilId,
    reply: arrival.reply,
    isFollowed: isFollowed(arrival.header(HEADER.lane)),
    isCalledOff: expiresAt === CALLED_OFF_AT,
    expiresAt: deadlineOf({ expiresAt, leftMs }, options),
    format: formatNumber(formatIn(written)),
    payload,
    schedule: schedule ?? null,
    // What is not known, from a newer node perhaps, is no reason not to run a request.
    output: output === 'end' ? null : output,
    priority: priorityOf(arrival.header(HEADER.priority)) ?? null,
    supersedes: supersedesOf(arrival.header(HEADER.supersedes)),
    end: arrival.header(HEADER.end) ?? null,
    told: readTold(arrival.header(HEADER.told) ?? ''),
    lacks: false,
    written,
    proved: arrival.sender,
    re: textOf(arrival, HEADER.re),
    sender: '',
    message: undefined,
    fault,
  };
}

/** Until when, by the kept clock, a message must have begun: counted from its arrival, as the clocks of two nodes differ. */
function deadlineOf(
  { expiresAt, leftMs }: { readonly expiresAt: number | undefined; readonly leftMs: number | undefined },
  { kept, clock }: Pick<LaneMessageOptions, 'kept' | 'clock'>,
): number | null {
  if (leftMs !== undefined) return wholeMs(kept.now() + leftMs);
  // A node of an older version says the date by its own clock alone.
  return expiresAt === undefined ? null : wholeMs(kept.now() + expiresAt - clock.wallNow());
}

/** Decodes a message and checks it, for good; answers with the memory that it takes, bytes. */
export function openLaneMessage(
  message: LaneMessage,
  options: { readonly subject: string; readonly method: Method; readonly maxBytes: number },
  trust: Pick<JournalTrust, 'mostBytes'>,
): number {
  if (message.fault !== undefined || message.message) return 0;
  const ofMethod = trust.mostBytes({ method: options.method.name, proved: message.proved });
  const { payload, written } = message;
  let unpacked = 0;
  const onUnpacked = (bytes: number) => {
    unpacked = bytes;
  };
  const arrival = { subject: options.subject, payload, ...written, onUnpacked };
  const opened = decodeArrival(arrival, { ...options, ofMethod });
  message.message = opened.message;
  // The journal keeps what every version reads.
  if (opened.message && written.serial === CBOR_BYTES) rewrite(message, opened.message);
  // What was called off travels without its arguments.
  if ('fault' in opened && !message.isCalledOff) message.fault = opened.fault;
  return opened.message ? Math.max(unpacked, messageBytes(opened.message)) : unpacked;
}

/**
 * Puts what this node was told of a request before the data of the reply to it, where it came without; answers with the memory
 * that it takes, bytes. Where it is not all here, or is more than a method may take by reference, the message lacks it.
 */
export function makeWhole(
  message: LaneMessage,
  { method, ledger, relaying }: { readonly method: Method } & Pick<JournalDeps, 'ledger' | 'relaying'>,
): number {
  const { told, re = '', sender, message: short } = message;
  if (!told || !short) return 0;
  if (told.from === 'kept')
    return fillIn(message, method.mode === 'forward' ? relaying.kept(sender, told) : undefined);
  // What runs is journalled as it came.
  const isToldBySender = method.mode === 'effect' && sender !== '' && ledger.receiverOf(re) === sender;
  const { data } = isToldBySender
    ? ledger.output(re, 'stdout', told.from, told.from + told.count)
    : { data: new Uint8Array(0) };
  message.message = data.length === told.count ? (withTold(short, told.sum, data) ?? short) : short;
  message.lacks = message.message === short;
  return message.lacks ? 0 : messageBytes(message.message);
}

/** A message that goes on to another node, with data that came with an earlier one: it is journalled whole. */
function fillIn(message: LaneMessage, data: Uint8Array | undefined): number {
  message.lacks = data === undefined;
  if (!data || !message.message) return 0;
  message.message = { ...message.message, data: [data] };
  rewrite(message, message.message);
  return messageBytes(message.message);
}

function rewrite(message: LaneMessage, whole: Message): void {
  const { payload, ...format } = encodeMessage(whole, { serialization: 'cbor', compression: '' });
  message.payload = payload;
  message.format = formatNumber(format);
}

/** Why what is written as a short reply is none. */
function shortFault(serial: string, header: string | undefined): string | undefined {
  const isTold = header !== undefined && readTold(header) !== undefined;
  if (isTold === (plainSerial(serial) !== serial)) return undefined;
  return `the header ${HEADER.told} ${JSON.stringify(header?.slice(0, 100) ?? '')} does not fit the encoding ${JSON.stringify(serial.slice(0, 20))}`;
}

/** The id that the sender gave a message, or nothing where it gives none. */
export function idOf(arrival: WireMessage): string {
  return textOf(arrival, HEADER.id) ?? '';
}

/**
 * By what the note of what is in hand knows a message (`Perils`): by its id, or by its bytes where it has none, as it comes
 * from an original node, and again after each end of this one.
 */
export function perilIdOf(arrival: WireMessage, whole: Uint8Array | undefined): string {
  return idOf(arrival) || hash('sha256', whole ?? '');
}

/** A header as a string of its own: as a part of all headers it would keep these in memory. */
function textOf(arrival: WireMessage, name: string): string | undefined {
  const text = arrival.header(name);
  return text === undefined ? undefined : Buffer.from(text.slice(0, MAX_ID)).toString();
}

function headerFault(
  arrival: WireMessage,
  expiresAt: number | undefined,
  options: LaneMessageOptions,
): string | undefined {
  const time = arrival.header(HEADER.notAfter);
  if (time !== undefined && expiresAt === undefined)
    return `the header ${HEADER.notAfter} ${JSON.stringify(time.slice(0, 100))} is not a time in unix ms`;
  const schedule = arrival.header(HEADER.schedule);
  const fault = schedule === undefined ? undefined : scheduleFault(schedule, options);
  const [serial, told] = [arrival.header(HEADER.serial), arrival.header(HEADER.told)];
  return fault ?? (serial || told !== undefined ? shortFault(serial ?? '', told) : undefined);
}

function scheduleFault(header: string, { seq, method }: LaneMessageOptions): string | undefined {
  if (seq === 0) return `a message with the header ${HEADER.schedule} needs a place in a lane`;
  if (parseSchedule(header) === undefined)
    return `the header ${HEADER.schedule} ${JSON.stringify(header.slice(0, 100))} is no schedule that this node can read`;
  return unschedulable(method.name, method);
}

/** How the database keeps that; what is not known is refused when it is decoded. */
function formatIn({ serial, cmp }: LaneMessage['written']): BodyFormat {
  return { serial: serial === 'cbor' ? 'cbor' : '', cmp: cmp === 'z' || cmp === 'g' ? cmp : '' };
}
