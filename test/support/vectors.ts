import { readFileSync } from 'node:fs';

/** One message captured from reference nodes: how it travelled, and its fields under their JSON keys. */
export interface Vector {
  readonly subject: string;
  readonly serial: string;
  readonly cmp: string;
  readonly payload: Uint8Array;
  readonly message: Record<string, unknown>;
}

export const VECTOR_FILES = ['cbor', 'gob', 'cbor-zstd', 'cbor-gzip'] as const;

interface Captured {
  subject: string;
  headers: Record<string, string[] | undefined>;
  payloadHex: string;
  message?: Record<string, unknown>;
}

/** The captured messages of one file in test/vectors (answers to messages, which are plain text, are left out). */
export function vectors(file: (typeof VECTOR_FILES)[number]): Vector[] {
  const text = readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as Captured[]).flatMap(({ subject, headers, payloadHex, message }) => {
    if (message === undefined) return [];
    const payload = new Uint8Array(Buffer.from(payloadHex, 'hex'));
    return [{ subject, serial: headers.serial?.[0] ?? '', cmp: headers.cmp?.[0] ?? '', payload, message }];
  });
}
