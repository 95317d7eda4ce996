import { refusalTexts, verdictOf } from '../listeners/answer-line.ts';

interface ReportedSubmissionsDeps {
  readonly submissions: { submit(text: Uint8Array, by?: string): Promise<string> };
  readonly errorReporter: { report(text: string): void };
}

/** How many reasons one report has; what else was refused is counted. */
const MOST_REASONS = 3;
const MAX_REASON_CHARS = 300;

/**
 * Takes submissions from clients that the operator of the fleet does not see: what is wrong with one is told to the log and
 * to errorCentral too, as the reference does, but not the text of the submission itself.
 */
export class ReportedSubmissions {
  readonly #deps: ReportedSubmissionsDeps;

  constructor(deps: ReportedSubmissionsDeps) {
    this.#deps = deps;
  }

  /** Answers a submission with one line, whatever is wrong with it; never rejects. */
  async submit(text: Uint8Array, by?: string): Promise<string> {
    const line = await this.#deps.submissions.submit(text, by);
    if (verdictOf(line) === 'accepted') return line;
    const reasons = refusalTexts(line, MOST_REASONS).map((reason) => reason.slice(0, MAX_REASON_CHARS));
    this.refused(reasons.join('; '));
    return line;
  }

  /** Tells why something was refused that was not read as a submission. */
  refused(reason: string): void {
    this.#deps.errorReporter.report(`error: a submission was refused: ${reason}`);
  }
}
