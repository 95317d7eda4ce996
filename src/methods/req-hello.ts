import type { Message } from '../message/message.ts';
import type { Incoming } from '../message/method-work.ts';
import type { EffectMethod } from './method.ts';
import { type TargetOptions, targetFault } from './target-file.ts';
import { type NoticeDeps, tryNotice } from './write-notice.ts';

export interface HelloDeps extends NoticeDeps {
  /** Told of every hello, for the node list and the metrics, whether or not its file can be written. */
  readonly onHello: (node: string, hello: Incoming) => void;
}

/**
 * REQHello (EventNACK): a node says that it is there.
 *
 * Replaces `<data>/<directory>/<fromNode>/<fileName>` with `<date>, Received hello from "<node>"`; where they are
 * left out, the directory is `hello-messages` and the fileName `hello.log`. No reply, and nobody waits for an
 * answer. A hello whose file can't be written counts all the same.
 */
export function createReqHello(deps: HelloDeps): EffectMethod {
  return {
    name: 'REQHello',
    kind: 'EventNACK',
    mode: 'effect',
    summary: 'Notes that a node said hello.',
    args: [],
    isForPeople: false,
    check: (message) => targetFault(message, targetOf(message)),
    apply: (batch) =>
      Promise.all(
        batch.map((hello) => {
          const { message } = hello;
          deps.onHello(message.fromNode, hello);
          const text = `Received hello from "${message.fromNode}"`;
          return tryNotice(message, { text, target: targetOf(message) }, deps);
        }),
      ),
  };
}

function targetOf({ fromNode }: Message): TargetOptions {
  return { directory: 'hello-messages', fileName: 'hello.log', node: fromNode };
}
