/** Bytes as text; control characters, and those that turn the direction of writing, show as a mark. */
export function printable(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/[^\P{C}\n\t]/gu, '\u{FFFD}');
}
