import type { Config } from '../config/config.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { SubmissionAnswer, SubmitOptions } from '../contract/requests.ts';
import { oneLine } from '../ledger/batch-label.ts';
import { expectGarbage } from '../lib/collect-garbage.ts';
import { isUuidV7 } from '../lib/uuid.ts';
import { answerLine, refusalLine, refusalText } from '../listeners/answer-line.ts';
import { readSubmission } from '../message/input/read-submission.ts';
import { MessageError } from '../message/message-error.ts';
import { expandTargets, type FindTargets } from './expand-targets.ts';
import {
  type CheckedSubmission,
  type Resumable,
  Submission,
  type SubmissionDeps,
  type SubmissionOptions,
} from './submission.ts';

/** Takes submissions, texts in JSON or YAML, from wherever they come. */
export class Submissions {
  readonly #config: Config;
  readonly #deps: SubmissionDeps;

  constructor(config: Config, deps: SubmissionDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Answers a submission with one line, whatever is wrong with it; never rejects. */
  async submit(text: Uint8Array, by?: string): Promise<string> {
    using _garbage = garbageOf(text);
    try {
      const { items } = await readSubmission(text);
      return answerLine(await this.#submission({ by }).run(items));
    } catch (error) {
      return refusalLine((error as Error).message);
    }
  }

  /**
   * Takes a submission that survives a crash: messages are stored strictly in order, so that those stored are always
   * the first ones, and what is stored already is left out. Answers with one line for the whole of it, and rejects
   * when messages could not be stored.
   */
  async resume(text: Uint8Array, resume: Resumable, by?: string): Promise<string> {
    using _garbage = garbageOf(text);
    const items = await readSubmission(text).then(
      (parsed) => parsed.items,
      (error: Error) => error,
    );
    return items instanceof Error
      ? refusalLine(items.message)
      : answerLine(await this.#submission({ resume, by }).run(items));
  }

  /**
   * Takes a submission with options, whose messages may have `toTargets`, which `findTargets` resolves. Throws
   * OperationError where an option is wrong; else only where the node itself is at fault.
   */
  async answer(
    text: Uint8Array,
    { dryRun, supersedes, ...options }: SubmitOptions,
    findTargets: FindTargets,
    by?: string,
  ): Promise<SubmissionAnswer> {
    const submission = this.#submission({ ...submissionOptions(options), by });
    using _garbage = garbageOf(text);
    try {
      const { items: read } = await readSubmission(text);
      const items = await expandTargets(
        supersedes === undefined ? read : withKey(read, supersedes),
        findTargets,
      );
      return dryRun ? toDryAnswer(submission.check(items)) : await submission.run(items);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return { accepted: [], refused: [{ index: null, field: null, reason: error.message }], warnings: [] };
    }
  }

  /** Why a submission would be refused, a sentence each; nothing is sent. Throws MessageError where it is no list of messages. */
  async faults(text: Uint8Array): Promise<string[]> {
    const { items } = await readSubmission(text);
    return this.#submission().check(items).refused.map(refusalText);
  }

  #submission(options?: SubmissionOptions): Submission {
    return new Submission(this.#config, this.#deps, options);
  }
}

/** How much garbage a text makes until its messages are stored, in bytes for each of its own. */
const GARBAGE_SHARE = 10;

function garbageOf(text: Uint8Array): Disposable {
  return expectGarbage(GARBAGE_SHARE * text.length);
}

const SAMPLE_ID = '019ac3d2-7c1e-7b54-9d0a-3f1e5c8b2a60';
const MAX_LABEL = 200;

/** Why a text cannot be the id of a batch of somebody's making, or undefined. */
export function batchIdFault(text: string): string | undefined {
  if (isUuidV7(text.toLowerCase())) return undefined;
  return `${JSON.stringify(text.slice(0, 80))} is not the id of a batch: it must be a UUIDv7, such as ${SAMPLE_ID}`;
}

function submissionOptions({ batch, label = '' }: SubmitOptions): SubmissionOptions {
  const shown = { label: oneLine(label, MAX_LABEL) };
  if (batch === undefined) return shown;
  const fault = batchIdFault(batch);
  if (fault) throw new OperationError('bad-request', fault, { field: 'batch' });
  return { ...shown, batch: batch.toLowerCase(), isNamed: true };
}

/** Messages that name no key get this one. */
function withKey(items: readonly unknown[], supersedes: string): unknown[] {
  const isKeyless = (item: unknown) =>
    typeof item === 'object' &&
    item !== null &&
    !Object.keys(item).some((key) => key.toLowerCase() === 'supersedes');
  return items.map((item) => (isKeyless(item) ? { ...(item as object), supersedes } : item));
}

function toDryAnswer({ requests, refused, warnings }: CheckedSubmission): SubmissionAnswer {
  return { accepted: requests.map((one) => ({ ...one, id: '' })), refused, warnings };
}
