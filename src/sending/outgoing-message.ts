import type { Config } from '../config/config.ts';
import type { RequestOptions } from '../ledger/batch-rows.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import type { Request } from '../message/input/check-message.ts';
import type { Message } from '../message/message.ts';
import { usualPriority } from '../message/priority.ts';
import { replyDigestOf } from '../message/reply-digest.ts';
import { kindOf, laneSubjectOf, parseSubject } from '../message/subject.ts';
import { keyWithin } from '../message/supersedes.ts';
import type { OutgoingMessage } from '../outbox/outbox.ts';
import { toRelayInitial } from '../relay/to-relay-initial.ts';

/** The reference's default for retries, which stands for "nobody said how long to try". */
const UNSAID_RETRIES = 1;
/** No longer is an answer awaited that another node wants to be awaited: what was lost goes out again then, ms. */
const LONGEST_ACK_MS = 3_600_000;

/** What was handed in longer ago was not: the clock was set. */
const MOST_AGE_MS = 366 * 86_400_000;

type Settings = Pick<Config, 'serialization' | 'defaultMessageRetries' | 'trust'>;

/** A message ready for the outbox. Its budget is the submitter's, or the operator's where the config raises it; `ageMs`: how long ago it was handed in. */
export function toOutgoing(
  request: Request,
  settings: Settings,
  { id, batch, ageMs = 0 }: { readonly id: string; readonly batch: string | null; readonly ageMs?: number },
): OutgoingMessage {
  const { expiresIn, schedule, output, priority, supersedes, hasRetries } = request;
  const hasBudget = hasRetries || settings.defaultMessageRetries > UNSAID_RETRIES;
  const isRelayed = request.message.relayViaNode !== '';
  const message = isRelayed ? toRelayInitial(request.message, hasBudget) : request.message;
  const outgoing = envelope(message, settings, { id, batch });
  // Most messages have none of these, and engines take long to put objects together of parts.
  if (hasBudget) outgoing.budgetMs = message.retries * message.ackTimeout * 1000;
  if (expiresIn !== undefined) outgoing.expiresInMs = lifeMs(expiresIn * 1000, ageMs);
  if (schedule !== undefined) outgoing.schedule = JSON.stringify(schedule);
  // Nothing on the wire stands for the usual.
  if (output !== undefined && output !== 'end') outgoing.output = output;
  if (priority !== undefined) outgoing.priority = priority;
  // What is relayed goes to this node first, whoever it is for.
  if (supersedes)
    outgoing.supersedes = isRelayed ? keyWithin(request.message.toNode, supersedes) : supersedes;
  return outgoing;
}

/** What is left of the life of a message that was handed in so long ago. */
function lifeMs(ms: number, ageMs: number): number {
  return ageMs <= 0 || ageMs > MOST_AGE_MS ? ms : Math.max(1, Math.round(ms - ageMs));
}

/** What may be said of a message of this node's own making. */
export type OwnOptions = Partial<
  Pick<
    OutgoingMessage,
    'budgetMs' | 'expiresInMs' | 'output' | 'isOutput' | 're' | 'priority' | 'supersedes' | 'mayWait'
  >
>;

/**
 * A message of this node's own making: a reply (with the asker's budget, if any), a copy of one, what is relayed, a report,
 * an error. Others say in part how long an answer to it is awaited, and its lane is that of others' messages too.
 */
export function ownOutgoing(
  message: Message,
  settings: Settings,
  { id, ...more }: Pick<OutgoingMessage, 'id'> & OwnOptions,
): OutgoingMessage {
  const outgoing = envelope(message, settings, { id, batch: null });
  outgoing.ackTimeoutMs = Math.min(outgoing.ackTimeoutMs, LONGEST_ACK_MS);
  return Object.assign(outgoing, more);
}

function envelope(
  message: Message,
  settings: Settings,
  { id, batch }: Pick<OutgoingMessage, 'id' | 'batch'>,
): Writable<OutgoingMessage> {
  // Where trust is to be decided upon, what may come back must be known after the message itself is gone.
  const isWatched = settings.trust.mode !== 'open' && !message.isReply && message.replyMethod !== 'REQNone';
  // Plain: what it is compressed with is decided when it is sent.
  const { serialization } = settings;
  const { payload, serial, cmp } = encodeMessage(message, { serialization, compression: '' });
  const outgoing: Writable<OutgoingMessage> = {
    id,
    batch,
    subject: laneSubjectOf(message, kindOf(message.method)),
    format: { serial, cmp },
    body: payload,
    ackTimeoutMs: message.ackTimeout * 1000,
  };
  if (isWatched) outgoing.replyDigest = replyDigestOf(message);
  return outgoing;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether a message goes in the most urgent class. */
export function isUrgent({ priority, subject, body }: OutgoingMessage): boolean {
  const method = parseSubject(subject)?.method ?? '';
  return (priority ?? usualPriority({ method, bytes: body.length })) === 'urgent';
}

const OPTIONS = ['budgetMs', 'expiresInMs', 'schedule', 'output', 'priority', 'supersedes'] as const;

/** What sending requests again needs besides their messages, of those that have it. */
export function optionsOf(messages: readonly OutgoingMessage[]): { id: string; options: RequestOptions }[] {
  const withSome = messages.filter((outgoing) => OPTIONS.some((option) => outgoing[option] !== undefined));
  return withSome.map((outgoing) => {
    const said = OPTIONS.filter((option) => outgoing[option] !== undefined);
    return { id: outgoing.id, options: Object.fromEntries(said.map((option) => [option, outgoing[option]])) };
  });
}
