import type { BrokerPermissions, ResponseRules, SubjectRules } from './broker-options.ts';
import { isWithin, overlap, wireText } from './subject.ts';

const CACHED_SUBJECTS = 4096;
const RESPONSES = { max: 1, withinMs: 120_000 } as const;

/** What one user may do, in a form that is quick to ask. Subjects are strings of bytes. */
export class Permissions {
  /** Answers that it may give without being allowed the subject. */
  readonly responses: Required<ResponseRules> | undefined;
  readonly publish: Rules;
  readonly subscribe: Rules;

  constructor({ publish, subscribe, allowResponses = false }: BrokerPermissions) {
    if (allowResponses !== false) {
      this.responses = { ...RESPONSES, ...(allowResponses === true ? {} : allowResponses) };
    }
    this.publish = new Rules(this.responses === undefined ? publish : { allow: [], ...publish });
    this.subscribe = new Rules(subscribe);
  }

  /** Whether a message on this subject may go to the user. */
  canReceive(subject: string): boolean {
    return !this.subscribe.denies(subject);
  }
}

class Rules {
  readonly #allow: readonly string[] | undefined;
  readonly #deny: readonly string[];
  readonly #known = new Map<string, boolean>();

  constructor({ allow, deny = [] }: SubjectRules = {}) {
    this.#allow = allow?.map(wireText);
    this.#deny = deny.map(wireText);
  }

  allows(subject: string): boolean {
    let answer = this.#known.get(subject);
    if (answer === undefined) {
      const isNamed = this.#allow?.some((allowed) => isWithin(subject, allowed)) ?? true;
      answer = isNamed && !this.denies(subject);
      if (this.#known.size >= CACHED_SUBJECTS) this.#known.clear();
      this.#known.set(subject, answer);
    }
    return answer;
  }

  denies(subject: string): boolean {
    return this.#deny.some((denied) => isWithin(subject, denied));
  }

  /** Whether a subject covers subjects that are denied: messages of a subscription must then be looked at singly. */
  deniesPartOf(subject: string): boolean {
    return this.#deny.some((denied) => overlap(subject, denied));
  }
}
