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
