import type { ArgumentDescription } from '../contract/nodes.ts';
import type { Kind } from '../message/kind.ts';
import type { Message } from '../message/message.ts';
import type { EffectWork, ForwardWork, RunWork } from '../message/method-contract.ts';
import type { ArrivedPiece } from './copy/piece-place.ts';

interface MethodBase {
  readonly name: string;
  readonly kind: Kind;
  /** One sentence for people: what the method does. */
  readonly summary: string;
  /** The arguments and fields of a message that it reads, for people who write one. */
  readonly args: readonly ArgumentDescription[];
  /** False for a method that travels among nodes only; people submit the others. */
  readonly isForPeople?: boolean;
  /** Why this message can never work, or undefined. Asked before the message is accepted. */
  check?(message: Message): string | undefined;
  /** Takes a piece of a file, which travels on the method's subject apart from the messages, and answers it. */
  takePiece?(piece: ArrivedPiece): void;
}

export type EffectMethod = MethodBase & EffectWork;

export type RunMethod = MethodBase & RunWork;

export type ForwardMethod = MethodBase & ForwardWork;

export type Method = EffectMethod | RunMethod | ForwardMethod;

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
