/** Names that a node reads what others tell of their links: what went on which day, and what is left of a budget. */
export const LINK_WORD = 'link';

/** What a node whose link has a budget lets another one send for now. */
export interface LinkLeft {
  /** Bytes that are not urgent, those of headers among them; negative where not even what is urgent may come. */
  readonly bytes: number;
  /** When its next budget begins, ms from now. */
  readonly untilMs: number;
}

const LEFT = /^(-?\d{1,15})\/(\d{1,6})$/;

/** What is left, for a header: `<bytes>/<seconds>`. */
export function formatLeft({ bytes, untilMs }: LinkLeft): string {
  return `${Math.floor(bytes)}/${Math.ceil(untilMs / 1000)}`;
}

/** Reads what `formatLeft` wrote; undefined where there is none, or something else. */
export function parseLeft(text: unknown): LinkLeft | undefined {
  const [, bytes, seconds] = (typeof text === 'string' && LEFT.exec(text)) || [];
  return bytes === undefined ? undefined : { bytes: Number(bytes), untilMs: Number(seconds) * 1000 };
}
