import type { ArgumentDescription } from '../contract/nodes.ts';

/** An argument that a message must have. */
export function required(field: string, name: string, summary: string, example: string): ArgumentDescription {
  return { field, name, summary, isRequired: true, example };
}

/** An argument that may be left out. */
export function optional(field: string, name: string, summary: string, example = ''): ArgumentDescription {
  return { field, name, summary, isRequired: false, example };
}

/** The arguments of what runs a program. */
export const COMMAND_ARGUMENTS: readonly ArgumentDescription[] = [
  required('methodArgs[0]', 'program', 'The program to run; for a line of shell it is bash, then -c', 'bash'),
  optional('methodArgs[1...]', 'arguments', 'Its arguments, each as it is; no shell changes them', '-c'),
  optional(
    'data',
    'data',
    'What {{STEWARD_DATA}} in the arguments stands for, or {{STEWARD_DATA_FILE}} as a file',
  ),
];

/** The fields of what writes a file below the data folder of the target. */
export const FILE_ARGUMENTS: readonly ArgumentDescription[] = [
  required('data', 'content', 'What is written, byte for byte; end lines with \\n', 'hello\n'),
  optional('directory', 'directory', "Folder below the node's data folder", 'notes'),
  optional(
    'fileName',
    'file name',
    'File in the folder of the node; named after the method where left out',
    'hello.txt',
  ),
];
