import { remember, Seldom } from '../lib/seldom.ts';
import { ERROR_CENTRAL } from '../message/names.ts';

/** What becomes of a fault: nothing, a line in the log, or that and a report to errorCentral. */
export type FaultLoudness = 'silent' | 'log' | 'report';

/** Permissions of a broker from before this question was there; reports work without it. */
const STATE_QUESTION = /\.Steward\.State(\.from\..+)?$/;
/** Another way is found for answers that do not come through a subject of their own, and its refusal is told. */
const OWN_ANSWERS = /\.reply\..+\.\*$/;
/** What comes by method is heard for each by itself where it may not be heard together. */
const BY_KIND = /^[^.*]+\.\*\.\w+ACK(\.from\.>)?$/;
/** Where a relay hears of targets with dots in their names, which permissions allow only where there are such. */
const DOTTED_RELAY = /^\*\.\*\..*\.REQRelay\.EventACK(\.from\.>)?$/;

/** How loud the refusal of a subject is. */
export function refusalLoudness(operation: 'publish' | 'subscription', subject: string): FaultLoudness {
  const isTried = [OWN_ANSWERS, BY_KIND, DOTTED_RELAY].some((pattern) => pattern.test(subject));
  if (operation === 'subscription' && isTried) return 'silent';
  // A report about it would take the same way.
  const isLogged = subject.startsWith(`${ERROR_CENTRAL}.`) || STATE_QUESTION.test(subject);
  return operation === 'publish' && isLogged ? 'log' : 'report';
}

export interface FaultLogDeps {
  readonly logger: { warn(fields: object, text: string): void };
  /** Hands on a sentence for errorCentral. */
  onFault(text: string): void;
  /** The steady clock, ms. */
  now(): number;
}

/**
 * Tells faults of the link without a flood: the same sentence comes into the log once a minute at most, and becomes a
 * report once until the link comes or goes again.
 */
export class FaultLog {
  readonly #deps: FaultLogDeps;
  readonly #logged: Seldom;
  readonly #reported = new Map<string, number>();
  #phase = 0;

  constructor(deps: FaultLogDeps) {
    this.#deps = deps;
    this.#logged = new Seldom(deps.now);
  }

  tell(text: string, loudness: FaultLoudness): void {
    if (loudness === 'silent') return;
    const isReported = loudness === 'report' && this.#reported.get(text) !== this.#phase;
    if (this.#logged.isTime(text)) this.#deps.logger.warn({}, text);
    if (!isReported) return;
    remember(this.#reported, text, this.#phase);
    this.#deps.onFault(text);
  }

  /** The link came or went: what is still wrong is worth a report again. */
  nextPhase(): void {
    this.#phase++;
  }
}

/** Why a connection is cut. */
export function silentText({ silenceMs }: { readonly silenceMs: number }): string {
  return `nothing that can be read came from the broker for ${silenceMs / 1000} s: the connection is cut`;
}
