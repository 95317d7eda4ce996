import type { Refusal, SubmissionAnswer } from '../contract/requests.ts';

/** Writes an answer as the one line of JSON that every listener answers with, without its newline. */
export function answerLine({ batch, accepted, refused, warnings }: SubmissionAnswer): string {
  return JSON.stringify({ batch, accepted, refused, warnings });
}

/** The answer line that refuses a whole submission for one reason. */
export function refusalLine(reason: string): string {
  return answerLine({ accepted: [], refused: [{ index: null, field: null, reason }], warnings: [] });
}

/** What a submission came to: the whole taken, a part, none of it, or not even read as a list of messages. */
export type Verdict = 'accepted' | 'partly' | 'refused' | 'unread';

/**
 * What an answer line says, without the cost of parsing one that names thousands of ids: the texts looked for hold
 * bare quotes, which JSON has outside of strings alone.
 */
export function verdictOf(line: string): Verdict {
  if (line.includes('],"refused":[],"warnings":[')) return 'accepted';
  if (!line.includes('"accepted":[],"refused":[{')) return 'partly';
  return line.includes('"refused":[{"index":null,') ? 'unread' : 'refused';
}

/** Why things of a submission were refused, in words, a line each; at most `most` of them. */
export function refusalTexts(line: string, most = 20): string[] {
  const { refused } = JSON.parse(line) as SubmissionAnswer;
  const texts = refused.slice(0, most).map(refusalText);
  if (refused.length > most) texts.push(`and ${refused.length - most} more`);
  return texts;
}

/** One refusal in words: which message, which field, and why. */
export function refusalText({ index, field, reason }: Refusal): string {
  const place = index === null ? '' : `message ${index}: `;
  return `${place}${field && !reason.includes(field) ? `${field}: ` : ''}${reason}`;
}
