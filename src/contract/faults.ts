import { about, choice, named, object, text, type Value } from './schema.ts';

/** Why the API refuses: a mistake of the caller, a matter of access, or a fault of the node. */
export const FAULT_CODES = [
  'bad-request',
  'not-found',
  'no-such-path',
  'wrong-method',
  'wrong-type',
  'too-large',
  'too-slow',
  'unauthorized',
  'forbidden',
  'busy',
  'failed',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** What the API answers where it refuses: a sentence, and the field it is about where there is one. */
export const ApiFault = named(
  'ApiFault',
  object({
    error: object(
      { code: choice(...FAULT_CODES), message: about(text, 'A sentence for people') },
      { field: about(text, 'What it is about: a query value or a field of the body') },
    ),
  }),
);
export type ApiFault = Value<typeof ApiFault>;
