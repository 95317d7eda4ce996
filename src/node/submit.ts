import type { Config } from '../config/config.ts';
import type { SubmissionAnswer, SubmitOptions } from '../contract/requests.ts';
import { answerLine, refusalLine } from '../listeners/answer-line.ts';
import { MessageError } from '../message/message-error.ts';
import { readSubmission } from '../message/read-submission.ts';
import {
  type CheckDeps,
  type CheckedSubmission,
  type Resumable,
  Submission,
  type SubmitDeps,
} from './submission.ts';

/** Makes the function that takes submissions from listeners: it answers each with one line, and never rejects. */
export function createSubmit(config: Config, deps: SubmitDeps): (text: Uint8Array) => Promise<string> {
  return async (text) => {
    try {
      const { items } = await readSubmission(text);
      return answerLine(await new Submission(config, deps).run(items));
    } catch (error) {
      return refusalLine((error as Error).message);
    }
  };
}

/**
 * Makes the function that takes submissions which survive a crash: messages are stored strictly in order, so that
 * those stored are always the first ones, and what is stored already is left out. It answers with one line, for the
 * whole of it, and rejects when messages could not be stored.
 */
export function createResumableSubmit(
  config: Config,
  deps: SubmitDeps,
): (text: Uint8Array, resume: Resumable) => Promise<string> {
  return async (text, resume) => {
    const items = await readSubmission(text).then(
      (parsed) => parsed.items,
      (error: Error) => error,
    );
    return items instanceof Error
      ? refusalLine(items.message)
      : answerLine(await new Submission(config, deps, { resume }).run(items));
  };
}

/** Makes the function that takes submissions with options: it throws only where the node itself is at fault. */
export function createAnsweringSubmit(
  config: Config,
  deps: SubmitDeps,
): (text: Uint8Array, options: SubmitOptions) => Promise<SubmissionAnswer> {
  return async (text, options) => {
    try {
      const { items } = await readSubmission(text);
      const submission = new Submission(config, deps, { ...options, isNamed: options.batch !== undefined });
      if (!options.isDryRun) return await submission.run(items);
      const { requests, refused, warnings } = submission.check(items);
      return { accepted: requests.map((one) => ({ ...one, id: '' })), refused, warnings };
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return { accepted: [], refused: [{ index: null, field: null, reason: error.message }], warnings: [] };
    }
  };
}

/** Checks a submission without sending anything. Throws MessageError where it is no list of messages. */
export async function checkSubmission(
  text: Uint8Array,
  config: Config,
  deps: CheckDeps,
): Promise<CheckedSubmission> {
  const { items } = await readSubmission(text);
  return new Submission(config, deps as SubmitDeps).check(items);
}
