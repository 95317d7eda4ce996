const MARK = '\u{FFFD}';
const UNSEEN = /[^\P{C}\n\t]/gu;
/** An escape of JSON; the long ones are of control characters. */
const ESCAPE = /\\(?:u00[01][\da-f]|.)/gs;

/** Bytes as text; control characters, and those that turn the direction of writing, show as a mark. */
export function printable(bytes: Uint8Array): string {
  return printableText(new TextDecoder().decode(bytes));
}

/** A text that others wrote, so that it shows as what it is and leaves alone what stands around it. */
export function printableText(text: string): string {
  return text.replace(UNSEEN, MARK);
}

/** The value of the JSON that a node wrote, with all of its texts printable: labels, reasons and lines of errors come from others. */
export function printableJson(json: string): unknown {
  return JSON.parse(printableText(json).replace(ESCAPE, (found) => (found.length > 2 ? MARK : found)));
}
