import { connect } from 'node:net';

/** What a node answers to a submission: one JSON object. */
export type Answer = Record<string, unknown>;

/**
 * Hands a submission to a node's unix socket and returns the line it answers with, parsed.
 *
 * @throws Error where the socket refuses, closes without an answer, or answers with something else than JSON.
 */
export async function submitTo(socketPath: string, submission: unknown, timeoutMs = 30_000): Promise<Answer> {
  const text = typeof submission === 'string' ? submission : JSON.stringify(submission);
  const line = await exchange(socketPath, text, timeoutMs);
  try {
    return JSON.parse(line) as Answer;
  } catch (error) {
    throw new Error(`the node's answer is not JSON: ${line}`, { cause: error });
  }
}

function exchange(socketPath: string, text: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath);
    const timer = setTimeout(
      () => finish(new Error(`no answer within ${timeoutMs} ms, got: ${JSON.stringify(answer)}`)),
      timeoutMs,
    );
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      const line = answer.split('\n', 1)[0] ?? '';
      if (error !== undefined) reject(error);
      else resolve(line);
    };
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      answer += piece;
      if (answer.includes('\n')) finish();
    });
    socket.on('end', () =>
      finish(answer === '' ? new Error(`${socketPath} was closed without an answer`) : undefined),
    );
    socket.on('error', (error) => finish(error));
    socket.end(text);
  });
}
