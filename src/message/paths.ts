import { showText } from '../lib/show-value.ts';

const MAX_NAME_BYTES = 255;
const MAX_DIRECTORY_BYTES = 2048;
/** What nothing else is to be looked at for: nearly all of them, and each message is checked. */
const [USUAL_DIRECTORY, USUAL_FILE_NAME] = [/^[\w/-]{0,255}$/, /^[\w-][\w.-]{0,254}$/];

/**
 * Why results must not be written into this directory, as a sentence, or undefined. It is taken relative to the
 * data folder, with or without a leading slash, so it must not lead out of it.
 */
export function directoryFault(directory: string): string | undefined {
  if (USUAL_DIRECTORY.test(directory)) return undefined;
  const shown = `directory ${showText(directory)}`;
  const control = controlFault(directory);
  if (control) return `${shown} ${control}`;
  const segments = directory.split('/');
  if (segments.includes('..')) {
    return `${shown} has the part ".."; give the path below the data folder without it`;
  }
  if (Buffer.byteLength(directory) > MAX_DIRECTORY_BYTES || segments.some(isLongName)) {
    return `${shown} is too long; ${MAX_NAME_BYTES} bytes per part and ${MAX_DIRECTORY_BYTES} in all are possible`;
  }
  return undefined;
}

/** Why results must not be written under this file name, as a sentence, or undefined. */
export function fileNameFault(fileName: string): string | undefined {
  if (USUAL_FILE_NAME.test(fileName)) return undefined;
  const shown = `fileName ${showText(fileName)}`;
  const control = controlFault(fileName);
  if (control) return `${shown} ${control}`;
  if (fileName.includes('/')) return `${shown} contains "/"; put the folders into directory`;
  if (fileName === '.' || fileName === '..')
    return `${shown} is not the name of a file; give it a name of its own`;
  if (isLongName(fileName)) return `${shown} is too long; ${MAX_NAME_BYTES} bytes are possible`;
  return undefined;
}

function controlFault(text: string): string | undefined {
  const found = /\p{Cc}/u.exec(text)?.[0];
  if (found === undefined) return undefined;
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `contains the control character U+${code}; leave it out`;
}

function isLongName(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES;
}
