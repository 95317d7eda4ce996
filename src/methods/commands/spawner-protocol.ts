import type { ProcessStart } from './started-process.ts';

/**
 * What node and spawner say to one another, as fields of text with a NUL between them and their length in bytes before them.
 * The node says `env <name> <value>...`, the environment of all commands, and `start <id> <folder> <stdout> <stderr> <number of
 * arguments> <argument>... <variable> <value>...`.
 *
 * The spawner says first that it is `ready`; of each order `started <id> <pid>` or `refused <id> <errno>`; then `ended <id>
 * <exit code> <number of the signal>`, with the pid where that is all that is said of a command, as it ended soon.
 */
export function frameOf(fields: readonly (string | number)[]): Buffer {
  const text = fields.join('\0');
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + Buffer.byteLength(text));
  frame.writeUInt32BE(frame.length - LENGTH_BYTES);
  frame.write(text, LENGTH_BYTES);
  return frame;
}

const LENGTH_BYTES = 4;

/** Cuts what comes into what was said. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes what came; answers with the fields of all that is complete. */
  take(bytes: Buffer): string[][] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: string[][] = [];
    while (this.#rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#rest.readUInt32BE();
      if (this.#rest.length < end) break;
      frames.push(this.#rest.toString('utf8', LENGTH_BYTES, end).split('\0'));
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

/** Asks for the start of a command. */
export function orderOf(id: number, { args, variables, folder, stdout, stderr }: ProcessStart): Buffer {
  const more = Object.entries(variables).flat();
  return frameOf(['start', id, folder ?? '', stdout, stderr, args.length, ...args, ...more]);
}

/** Reads the fields behind `start <id>`. */
export function readOrder([folder, stdout, stderr, count, ...rest]: readonly string[]): ProcessStart {
  const args = rest.splice(0, Number(count));
  return { args, variables: readPairs(rest), folder: folder || undefined, stdout: stdout!, stderr: stderr! };
}

/** Reads names and values. */
export function readPairs(fields: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) pairs[fields[at]!] = fields[at + 1]!;
  return pairs;
}
