import { endWords, type NodeAnswer } from '../../../contract/fold-answers.ts';
import { outcomeOfTarget, type Target, type TargetTracker } from '../../../waves/target-tracker.ts';
import type { OutputSink } from './output-sink.ts';
import { bytesAsJson } from './run-result.ts';

/** Keeps what each node prints until all have answered. */
export class AnswerCollector implements OutputSink {
  readonly #outputs = new Map<string, Record<'stdout' | 'stderr', Uint8Array[]>>();

  piece(node: string, stream: 'stdout' | 'stderr', data: Uint8Array): void {
    const both = this.#outputs.get(node) ?? { stdout: [], stderr: [] };
    both[stream].push(data);
    this.#outputs.set(node, both);
  }

  end(): void {}

  /** All that a node printed on a stream, as JSON has bytes. */
  outputOf(node: string, stream: 'stdout' | 'stderr') {
    return bytesAsJson(Buffer.concat(this.#outputs.get(node)?.[stream] ?? []));
  }

  /** The answers of those nodes that have answered. */
  answers(tracker: TargetTracker): NodeAnswer[] {
    return tracker.targets.filter(hasEnded).map((target) => {
      const { stdout, stderr } = this.#outputs.get(target.node) ?? { stdout: [], stderr: [] };
      const text = (pieces: Uint8Array[]) => Buffer.concat(pieces).toString();
      return {
        node: target.node,
        end: endWords(target.request!),
        stdout: text(stdout),
        stderr: text(stderr),
      };
    });
  }
}

function hasEnded(target: Target): boolean {
  return !['waiting', 'running', 'not-sent', 'unreached'].includes(outcomeOfTarget(target));
}
