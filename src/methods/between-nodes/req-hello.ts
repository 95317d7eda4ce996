import type { Message } from '../../message/message.ts';
import { type TargetOptions, targetFault } from '../files/target-file.ts';
import { type NoticeDeps, tryNotice } from '../files/write-notice.ts';
import type { EffectMethod } from '../method.ts';

export interface HelloDeps extends NoticeDeps {
  /** Hears every hello, whether or not its file can be written. */
  readonly fleet: { helloReceived(node: string): void };
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
        batch.map(({ message }) => {
          deps.fleet.helloReceived(message.fromNode);
          const text = `Received hello from "${message.fromNode}"`;
          return tryNotice(message, { text, target: targetOf(message) }, deps);
        }),
      ),
  };
}

function targetOf({ fromNode }: Message): TargetOptions {
  return { directory: 'hello-messages', fileName: 'hello.log', node: fromNode };
}
