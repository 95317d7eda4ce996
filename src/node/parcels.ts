import type { Config } from '../config/config.ts';
import { newId } from '../lib/new-id.ts';
import type { Request } from '../message/check-message.ts';
import { encodeMessage } from '../message/encode-message.ts';
import { kindOf } from '../message/kind-of.ts';
import type { Message } from '../message/message.ts';
import { subjectOf } from '../message/subject.ts';
import type { Parcel } from '../outbox/outbox.ts';
import { toRelayInitial } from '../relay/to-relay-initial.ts';

/** The reference's default for retries, which stands for "nobody said how long to try". */
const UNSAID_RETRIES = 1;

type Settings = Pick<Config, 'serialization' | 'compression' | 'defaultMessageRetries'>;

/** A message ready for the outbox. Its budget is the submitter's, or the operator's where the config raises it. */
export function toParcel(request: Request, settings: Settings, batch: string | null, now: number): Parcel {
  const { expiresIn, schedule, output, hasRetries } = request;
  const hasBudget = hasRetries || settings.defaultMessageRetries > UNSAID_RETRIES;
  const message =
    request.message.relayViaNode === '' ? request.message : toRelayInitial(request.message, hasBudget);
  return {
    ...envelope(message, settings, batch),
    ...(hasBudget ? { budgetMs: message.retries * message.ackTimeout * 1000 } : {}),
    ...(expiresIn === undefined ? {} : { expiresAt: now + expiresIn * 1000 }),
    ...(schedule === undefined ? {} : { schedule: JSON.stringify(schedule) }),
    // Nothing on the wire stands for the usual.
    ...(output === undefined || output === 'end' ? {} : { output }),
  };
}

/** A message of this node's own making: a reply (with the asker's budget, if any), a report, an error. */
export function ownParcel(
  message: Message,
  settings: Settings,
  more: Partial<Pick<Parcel, 'id' | 'budgetMs' | 'expiresAt' | 'output'>> = {},
): Parcel {
  return { ...envelope(message, settings, null), ...more };
}

function envelope(message: Message, settings: Settings, batch: string | null): Parcel {
  const { payload, serial, cmp } = encodeMessage(message, settings);
  return {
    id: newId(),
    batch,
    subject: subjectOf(message, kindOf(message.method)),
    format: { serial, cmp },
    body: payload,
    ackTimeoutMs: message.ackTimeout * 1000,
  };
}
