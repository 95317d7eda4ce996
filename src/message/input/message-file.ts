const MAX_NAME_BYTES = 200;

/** Whether a file of the startup folder is taken for messages, by its name. */
export function isMessageFile(name: string): boolean {
  return !name.startsWith('.') && /\.(json|yaml|yml)$/i.test(name);
}

/** Why a file of messages must not have this name, as a sentence, or undefined. */
export function messageFileFault(name: string): string | undefined {
  const shown = JSON.stringify(name.slice(0, 80));
  if (/[/\p{Cc}]/u.test(name)) return `the file name ${shown} has a slash or a control character`;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `the file name ${shown}... is too long: ${MAX_NAME_BYTES} bytes at most`;
  }
  if (isMessageFile(name)) return undefined;
  return `the file name ${shown} does not end in .json, .yaml or .yml, or begins with a dot`;
}
