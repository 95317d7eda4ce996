import type { IncomingHttpHeaders } from 'node:http';
import type { HttpRefusal } from './http-guard.ts';

/** Text of any kind, also what curl calls a form unless told otherwise; absent is fine too. */
const READ_TYPES =
  /^(text\/(plain|yaml|x-yaml|json)|application\/(.*\+)?(json|yaml|x-yaml|octet-stream|x-www-form-urlencoded))$/;

/** Why a body is not read, judged by its headers, or undefined; `wanted` is what the sentence asks for: `JSON`. */
export function bodyTypeRefusal(headers: IncomingHttpHeaders, wanted: string): HttpRefusal | undefined {
  const type = (headers['content-type'] ?? 'application/json').split(';')[0]!.trim().toLowerCase();
  if (!READ_TYPES.test(type)) {
    return { status: 415, reason: `the body must be ${wanted}, not ${type}: use application/json` };
  }
  const coding = headers['content-encoding'];
  if (coding === undefined || coding === 'identity') return undefined;
  return { status: 415, reason: `send the body as it is, without content-encoding ${coding}` };
}
