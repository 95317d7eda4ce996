import { formatNumber } from '../message/body-format.ts';
import { outputModeOf } from '../message/output.ts';
import { parseSchedule, unschedulable } from '../message/schedule.ts';
import { HEADER, parseNotAfter } from '../message/wire-headers.ts';
import type { Arrival, JournalMethod } from './journal-deps.ts';
import type { Item } from './lane-record.ts';
import { openArrival } from './open-arrival.ts';

export interface ItemOptions {
  readonly seq: number;
  /** The whole payload; undefined where `fault` says why there is none. */
  readonly payload: Uint8Array | undefined;
  readonly fault: string | undefined;
  readonly method: JournalMethod;
  readonly maxBytes: number;
}

/** Reads a message that came in its turn; what is wrong with it is in its `fault`. */
export function toItem(arrival: Arrival, options: ItemOptions): Item {
  const { seq, method, maxBytes } = options;
  const payload = options.payload ?? new Uint8Array(0);
  const whole = { subject: arrival.subject, payload, header: (name: string) => arrival.header(name) };
  const time = arrival.header(HEADER.notAfter);
  const notAfter = time === undefined ? undefined : parseNotAfter(time);
  const isTimeless = time !== undefined && notAfter === undefined;
  const schedule = arrival.header(HEADER.schedule);
  const fault =
    options.fault ??
    (isTimeless ? unreadable(time) : undefined) ??
    (schedule === undefined ? undefined : scheduleFault(schedule, options));
  const opened = fault ? { fault } : openArrival(whole, { method, maxBytes });
  return {
    seq,
    id: idOf(arrival),
    reply: arrival.reply,
    notAfter: notAfter ?? null,
    format: formatNumber({ serial: serialOf(arrival), cmp: compressionOf(arrival) }),
    payload,
    schedule: schedule ?? null,
    output: outputOf(arrival.header(HEADER.output)),
    message: opened.message,
    fault: 'fault' in opened ? opened.fault : undefined,
  };
}

/** What is not known, from a newer node perhaps, is no reason not to run a request. */
function outputOf(header: string | undefined): string | null {
  const mode = outputModeOf(header);
  return mode === 'end' ? null : mode;
}

/** The id that the sender gave a message, or nothing where it gives none. */
export function idOf(arrival: Arrival): string {
  return arrival.header(HEADER.id) ?? '';
}

function scheduleFault(header: string, { seq, method }: ItemOptions): string | undefined {
  if (seq === 0) return `a message with the header ${HEADER.schedule} needs a place in a lane`;
  if (parseSchedule(header) === undefined)
    return `the header ${HEADER.schedule} ${JSON.stringify(header.slice(0, 100))} is no schedule that this node can read`;
  return unschedulable(method.name, method);
}

function unreadable(time: string): string {
  return `the header ${HEADER.notAfter} ${JSON.stringify(time.slice(0, 100))} is not a time in unix ms`;
}

function serialOf(arrival: Arrival): '' | 'cbor' {
  return arrival.header(HEADER.serial) === 'cbor' ? 'cbor' : '';
}

function compressionOf(arrival: Arrival): '' | 'z' | 'g' {
  const value = arrival.header(HEADER.compression);
  return value === 'z' || value === 'g' ? value : '';
}
