/** Names that a node reads what others tell of their links: what went on which day, and what is left of a budget. */
export const LINK_WORD = 'link';

/** What a node whose link has a budget lets another one send for now. */
export interface LinkLeft {
  /** Bytes of what is not urgent, those of headers among them, and of what is. */
  readonly bytes: number;
  readonly urgentBytes: number;
  /** When its next budget begins, ms from now. */
  readonly untilMs: number;
}

const LEFT = /^(\d{1,15})\/(\d{1,15})\/(\d{1,6})$/;

/** What is left, for a header: `<bytes>/<urgent bytes>/<seconds>`. */
export function formatLeft({ bytes, urgentBytes, untilMs }: LinkLeft): string {
  return `${Math.floor(bytes)}/${Math.floor(urgentBytes)}/${Math.ceil(untilMs / 1000)}`;
}

/** Reads what `formatLeft` wrote; undefined where there is none, or something else. */
export function parseLeft(text: unknown): LinkLeft | undefined {
  const [, bytes, urgent, seconds] = (typeof text === 'string' && LEFT.exec(text)) || [];
  if (bytes === undefined) return undefined;
  return { bytes: Number(bytes), urgentBytes: Number(urgent), untilMs: Number(seconds) * 1000 };
}
