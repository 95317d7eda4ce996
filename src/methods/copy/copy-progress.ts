const REPORT_EVERY_MS = 2000;
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** Tells how far a copy has come: `38 % of 2.0 GB`; at most every two seconds, and only what is new. */
export class CopyProgress {
  readonly #total: number;
  readonly #call: { progress(text: string): void };
  readonly #now: () => number;
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = '';

  constructor(total: number, call: { progress(text: string): void }, now: () => number) {
    this.#total = total;
    this.#call = call;
    this.#now = now;
  }

  /** How many bytes are at the target. */
  reached(bytes: number): void {
    if (this.#now() - this.#saidAt < REPORT_EVERY_MS) return;
    this.say(`${Math.floor((bytes / Math.max(1, this.#total)) * 100)} % of ${describeBytes(this.#total)}`);
  }

  /** Says something at once. */
  say(text: string): void {
    if (text === this.#said) return;
    this.#said = text;
    this.#saidAt = this.#now();
    this.#call.progress(text);
  }
}

/** A number of bytes for people, with units of 1000. */
export function describeBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
