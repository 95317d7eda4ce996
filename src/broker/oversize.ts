import type { Frame } from './frame.ts';

/** The longest subject, queue name and subscription id, bytes. Steward's own subjects have some hundred at most. */
const MAX_SUBJECT_BYTES = 1024;
/** The largest headers of one message, bytes: nodes read no more. */
const MAX_HEADER_BYTES = 64 * 1024;
/** The longest name of a header, bytes. */
const MAX_NAME_BYTES = 1024;

const LF = 10;
const COLON = 58;

/** Whether one of these is longer than a subject may be. */
export function isOversize(...texts: readonly string[]): boolean {
  return texts.some(({ length }) => length > MAX_SUBJECT_BYTES);
}

/** What is too large about a message besides its payload, as the error that its client gets; undefined: nothing. */
export function oversizeOf(frame: Frame): string | undefined {
  if (isOversize(frame.subject, frame.reply)) return 'Maximum Subject Length Violation';
  if (frame.headerBytes > MAX_HEADER_BYTES) return 'Maximum Header Violation';
  return frame.headerBytes > MAX_NAME_BYTES && hasLongName(frame)
    ? 'Maximum Header Name Violation'
    : undefined;
}

/** Whether a line of the headers goes on for too long before its colon. */
function hasLongName({ buffer, payloadStart, headerBytes }: Frame): boolean {
  const headers = buffer.subarray(payloadStart, payloadStart + headerBytes);
  for (let at = 0; at < headers.length; ) {
    const newline = headers.indexOf(LF, at);
    const end = newline < 0 ? headers.length : newline;
    if (end - at > MAX_NAME_BYTES) {
      const colon = headers.indexOf(COLON, at);
      if (colon < 0 || Math.min(colon, end) - at > MAX_NAME_BYTES) return true;
    }
    at = end + 1;
  }
  return false;
}
