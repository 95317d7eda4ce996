import { DeskError } from '../api/desk.ts';
import type { Config } from '../config/config.ts';
import type { SubmissionAnswer, SubmitOptions } from '../contract/requests.ts';
import { oneLine } from '../ledger/batch-label.ts';
import { newId } from '../lib/new-id.ts';
import { answerLine, refusalLine } from '../listeners/answer-line.ts';
import { MessageError } from '../message/message-error.ts';
import { readSubmission } from '../message/read-submission.ts';
import {
  type CheckDeps,
  type CheckedSubmission,
  type Resumable,
  Submission,
  type SubmissionOptions,
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

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const MAX_LABEL = 200;

/** Why a text cannot be the id of a batch of somebody's making, or undefined. */
export function batchIdFault(text: string): string | undefined {
  if (UUID_V7.test(text)) return undefined;
  return `${JSON.stringify(text.slice(0, 80))} is not the id of a batch: it must be a UUIDv7, such as ${newId()}`;
}

/**
 * Makes the function that takes submissions with options. Throws DeskError where an option is wrong; else only where the
 * node itself is at fault.
 */
export function createAnsweringSubmit(
  config: Config,
  deps: SubmitDeps,
): (text: Uint8Array, options: SubmitOptions) => Promise<SubmissionAnswer> {
  return async (text, { isDryRun, ...options }) => {
    const submission = new Submission(config, deps, submissionOptions(options));
    try {
      const { items } = await readSubmission(text);
      return isDryRun ? toDryAnswer(submission.check(items)) : await submission.run(items);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return { accepted: [], refused: [{ index: null, field: null, reason: error.message }], warnings: [] };
    }
  };
}

function submissionOptions({ batch, label = '' }: SubmitOptions): SubmissionOptions {
  const shown = { label: oneLine(label, MAX_LABEL) };
  if (batch === undefined) return shown;
  const fault = batchIdFault(batch);
  if (fault) throw new DeskError('bad-request', fault, { field: 'batch' });
  return { ...shown, batch: batch.toLowerCase(), isNamed: true };
}

function toDryAnswer({ requests, refused, warnings }: CheckedSubmission): SubmissionAnswer {
  return { accepted: requests.map((one) => ({ ...one, id: '' })), refused, warnings };
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
