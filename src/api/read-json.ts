import { isUtf8 } from 'node:buffer';
import { findJsonFault } from '../lib/json-fault.ts';
import { RefusedError } from './refusal.ts';

/** The JSON value of a body. Throws RefusedError with the place of the fault. */
export function readJson(body: Uint8Array): unknown {
  if (body.length === 0) throw unread('the body is empty: send a JSON value');
  if (!isUtf8(body)) throw unread('the body is not UTF-8: send JSON');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw unread(`the body is not JSON: ${placeOfFault(text)}`);
  }
}

function placeOfFault(text: string): string {
  const fault = findJsonFault(text);
  if (fault === undefined) return 'a comma follows a last item';
  const before = text.slice(0, fault.offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}: ${fault.reason}`;
}

function unread(reason: string): RefusedError {
  return new RefusedError({ status: 400, reason });
}
