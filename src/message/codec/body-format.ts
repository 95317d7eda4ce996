import { HEADER } from './wire-headers.ts';

const SERIALS = ['', 'cbor'] as const;
const COMPRESSIONS = ['', 'z', 'g'] as const;

/** The word for a node that reads data that is no text from CBOR, and the header `serial` of such a body. */
export const CBOR_BYTES = 'cbor-bytes';

/** How a payload is written, as the reference's two headers say it; '' means that the header is absent. */
export interface BodyFormat {
  readonly serial: '' | 'cbor';
  readonly cmp: '' | 'z' | 'g';
}

/** How a payload travels: the database keeps none with `cbor-bytes`, so that an earlier version reads all of them. */
export interface WireFormat {
  readonly serial: BodyFormat['serial'] | typeof CBOR_BYTES;
  readonly cmp: BodyFormat['cmp'];
}

/** The two headers as one small number, for the database. */
export function formatNumber({ serial, cmp }: BodyFormat): number {
  return SERIALS.indexOf(serial) + 2 * COMPRESSIONS.indexOf(cmp);
}

/** The opposite of formatNumber. */
export function formatOf(number: number): BodyFormat {
  return { serial: SERIALS[number & 1]!, cmp: COMPRESSIONS[number >> 1] ?? '' };
}

/** Adds the two headers, where they are not absent, to the headers of a message. */
export function addFormatHeaders(headers: Record<string, string>, { serial, cmp }: WireFormat): void {
  if (serial) headers[HEADER.serial] = serial;
  if (cmp) headers[HEADER.compression] = cmp;
}
