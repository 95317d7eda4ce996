/** Where a part of a message belongs, by its bytes: `@<offset>/<total>/<sum>` in a Steward-Part header. */
export interface PartPlace {
  /** In an answer: how much is there. */
  readonly offset: number;
  /** The size of the whole as it travels, bytes. */
  readonly total: number;
  /** The CRC-32 of the whole, in hex: parts of two encodings of a message must not be joined. */
  readonly sum: string;
}

const FORM = /^@(\d{1,10})\/(\d{1,10})\/([0-9a-f]{1,8})$/;

export function formatPartPlace({ offset, total, sum }: PartPlace): string {
  return `@${offset}/${total}/${sum}`;
}

/** Reads a header; undefined where it is not one by bytes, or makes no sense. */
export function parsePartPlace(header: string | undefined): PartPlace | undefined {
  const [, offset, total, sum] = FORM.exec(header ?? '') ?? [];
  if (sum === undefined || Number(offset) > Number(total)) return undefined;
  return { offset: Number(offset), total: Number(total), sum };
}
