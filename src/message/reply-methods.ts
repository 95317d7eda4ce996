/** Reply methods that do no more than keep or show the reply. */
export const HARMLESS_REPLIES: ReadonlySet<string> = new Set([
  ...['', 'REQNone', 'REQToFile', 'REQToFileAppend', 'REQToConsole', 'REQPong'],
]);
