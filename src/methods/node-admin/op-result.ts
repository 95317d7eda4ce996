import type { RunResult } from '../../message/method-contract.ts';

/** The result of an op method that was done: the text is replied, and goes to errorCentral as the reference has it. */
export function opDone(text: string): RunResult {
  return { state: 'succeeded', error: `info: ${text}`, ...replyWith(`info: ${text}\n`) };
}

/** The result of an op method that lists something: its lines, each with its end, are replied. */
export function opListed(lines: readonly string[]): RunResult {
  return { state: 'succeeded', ...replyWith(lines.join('')) };
}

/** The result of an op method that was refused: the reason is replied and reported. */
export function opFailed(method: string, reason: string): RunResult {
  const text = `error: ${method}: ${reason}`;
  return { state: 'failed', reason, error: text, ...replyWith(`${text}\n`) };
}

function replyWith(text: string): { reply: Uint8Array; outputBytes: number } {
  const reply = Buffer.from(text);
  return { reply, outputBytes: reply.length };
}
