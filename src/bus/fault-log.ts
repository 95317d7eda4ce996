/** What becomes of a fault: nothing, a line in the log, or that and a report to errorCentral. */
export type Telling = 'silent' | 'log' | 'report';

export interface FaultLogDeps {
  readonly logger: { warn(fields: object, text: string): void };
  /** Hands on a sentence for errorCentral. */
  onFault(text: string): void;
  /** Unix time, ms. */
  now(): number;
}

/** How long the same sentence is not repeated, ms. */
const QUIET_MS = 60_000;
const MOST_REMEMBERED = 1000;

/**
 * Tells faults of the link without a flood: the same sentence comes into the log once a minute at most, and becomes a
 * report once until the link comes or goes again.
 */
export class FaultLog {
  readonly #deps: FaultLogDeps;
  readonly #logged = new Map<string, number>();
  readonly #reported = new Map<string, number>();
  #phase = 0;

  constructor(deps: FaultLogDeps) {
    this.#deps = deps;
  }

  tell(text: string, telling: Telling): void {
    if (telling === 'silent') return;
    const now = this.#deps.now();
    const isReported = telling === 'report' && this.#reported.get(text) !== this.#phase;
    const isLogged = now - (this.#logged.get(text) ?? Number.NEGATIVE_INFINITY) >= QUIET_MS;
    if (isLogged) {
      remember(this.#logged, text, now);
      this.#deps.logger.warn({}, text);
    }
    if (isReported) {
      remember(this.#reported, text, this.#phase);
      this.#deps.onFault(text);
    }
  }

  /** The link came or went: what is still wrong is worth a report again. */
  nextPhase(): void {
    this.#phase++;
  }
}

function remember(map: Map<string, number>, text: string, value: number): void {
  map.delete(text);
  map.set(text, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}
