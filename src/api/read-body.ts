import { isUtf8 } from 'node:buffer';
import type { Schema } from '../contract/schema.ts';
import { findJsonFault } from '../lib/json-fault.ts';
import { faultOf } from './check-value.ts';
import { RefusedError } from './refusal.ts';

/** The JSON value of a body, which fits the schema. Throws RefusedError with the place of the fault. */
export function readJsonBody(body: Uint8Array, schema: Schema): unknown {
  const value = parse(body);
  const fault = faultOf(value, schema);
  if (fault !== undefined) throw fault;
  return value;
}

function parse(body: Uint8Array): unknown {
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
