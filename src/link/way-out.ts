import type { BodyFormat, WireFormat } from '../message/codec/body-format.ts';
import type { LanePlace } from '../message/codec/wire-headers.ts';
import type { Priority } from '../message/priority.ts';

/** What a message takes of a link apart from its payload, about: subject, headers, and its answer; bytes. */
export const ENVELOPE_BYTES = 300;

/** A message on its way to the broker, or the piece of it whose turn has come. */
export interface OutboundMessage {
  readonly subject: string;
  /** Where its answers come; empty where nobody answers. */
  readonly reply: string;
  /** UUIDv7 of the message, and its place; absent for a message that is sent once and kept nowhere. */
  readonly id?: string;
  readonly place?: LanePlace;
  /** How long it may still take until it begins to be executed, and until when, unix ms; null for ever, as the next two. */
  readonly life: { readonly leftMs: number | null; readonly endsAt: number } | null;
  /** When it is to run again and again, as JSON. */
  readonly schedule: string | null;
  /** Whether only a node that joins parts may get it: others would do something else with it. */
  readonly needsLanes: boolean;
  /** What its sender wants of its output, where that is not the usual. */
  readonly output: string | null;
  /** What its sender wants it to go before; null for the usual, and where its target does not ask. */
  readonly priority: Priority | null;
  /** The key of which only the newest counts; null where there is none, and where its target does not ask. */
  readonly supersedes: string | null;
  /** The id of the request that it is the reply to; null where it is none, or that is not known. */
  readonly re: string | null;
  /** How the request ended that this is the reply to, as its header has it. */
  readonly end?: string;
  /** What stands before its data and is not sent, as its header has it. */
  readonly told?: string;
  /** Whether its target is to say with its answers what may come, where its link has a budget. */
  readonly asksLeft?: boolean;
  /** How `payload` is written. */
  readonly format: WireFormat;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Parts;
  /** Whether its body is to be made as small as its target can read. */
  readonly isLean: boolean;
  /** Whether its target then reads data that is no text from CBOR. */
  readonly takesBytes: boolean;
  /** Whether its headers, and those of its answers, may be one. */
  readonly isBrief: boolean;
  /** Whether it may go with others as one. */
  readonly mayBundle: boolean;
  /** Whether it may then be compressed with what went before it in its lane; `lacked`: its target has that no more. */
  readonly dictionary?: 'used' | 'lacked' | undefined;
  /** Whether its payload is no message: it goes as it is. */
  readonly isPiece?: boolean;
}

/** How a message may go in parts. */
export interface Parts {
  /** By the byte that a part begins with, by numbers, as nodes of the first versions join them, or not at all. */
  readonly form: 'offset' | 'numbered' | 'none';
  /** The most that a part may have, and above what size it goes in parts at all; bytes, as the next. */
  readonly bytes: number;
  readonly wholeUpTo: number;
  /** Where the part that is to go begins. */
  readonly from: number;
}

/** Goes whole, or not at all. */
export const WHOLE: Parts = {
  form: 'none',
  bytes: Number.POSITIVE_INFINITY,
  wholeUpTo: Number.POSITIVE_INFINITY,
  from: 0,
};

/** What went out of a message. */
export interface Sent {
  /** Bytes of payload that were handed to the broker; 0 where it would have to go in parts, and may not. */
  readonly bytes: number;
  /** The size of the whole message as it travels, bytes. */
  readonly wholeBytes: number;
  /** What it took apart from these; ENVELOPE_BYTES unless told. */
  readonly envelopeBytes?: number;
  /** How much less than `bytes` really went, where it went with others over a way that is not thin. */
  readonly savedBytes?: number;
}

/** Sends messages in their order; the result is shorter where the last ones must wait, or the connection was lost. */
export type Next = (messages: readonly OutboundMessage[]) => readonly Sent[];

/** One step of the way out: does its part to the messages, and hands them to the next step. */
export type Wrapper = (messages: readonly OutboundMessage[], next: Next) => readonly Sent[];

/** Joins steps, the first of which gets the messages first, to one function that ends in `publish`. */
export function wayOut(wrappers: readonly Wrapper[], publish: Next): Next {
  return wrappers.reduceRight<Next>((next, wrapper) => (messages) => wrapper(messages, next), publish);
}

/** A message that is sent once, whether it arrives or not. */
export function unanswered(subject: string, payload: Uint8Array, format: BodyFormat): OutboundMessage {
  const nothing = {
    life: null,
    schedule: null,
    needsLanes: false,
    output: null,
    priority: null,
    supersedes: null,
    re: null,
    headers: {},
    parts: WHOLE,
    isLean: false,
    takesBytes: false,
    isBrief: false,
    mayBundle: false,
  };
  return { subject, reply: '', payload, format, ...nothing };
}
