/** What a reply may do that does no more than keep or show it. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['', 'REQNone', 'REQToFile', 'REQToFileAppend', 'REQToConsole', 'REQPong'],
]);

/** Whether a reply method does no more than keep or show the reply. */
export function isHarmlessReply(method: string): boolean {
  return HARMLESS.has(method);
}
