import { targetFault } from '../files/target-file.ts';
import { type NoticeDeps, tryNotice } from '../files/write-notice.ts';
import { optional, type RunMethod } from '../method.ts';

/**
 * REQPing (EventACK): shows that a node answers.
 *
 * Replaces the message's file on the pinged node with `<date>, ping received from <node>`, and replies with one
 * empty item, mostly under REQPong. The reply is sent also when the file can't be written; then the state is
 * `failed`, with the reason.
 */
export function createReqPing(deps: NoticeDeps): RunMethod {
  return {
    name: 'REQPing',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Notes a ping and replies to it.',
    args: [
      optional(
        'directory',
        'directory',
        "Folder for the notes of ping and pong, below the nodes' data folders",
        'ping',
      ),
      optional('fileName', 'file name', 'File in it', 'ping.log'),
    ],
    check: targetFault,
    run: async ({ message }) => {
      const outcome = await tryNotice(message, { text: `ping received from ${message.fromNode}` }, deps);
      const reply = new Uint8Array(0);
      if (outcome.ok) return { state: 'succeeded', reply };
      return {
        state: 'failed',
        reason: outcome.reason,
        reply,
        error: `error: methodREQPing: ${outcome.reason}`,
      };
    },
  };
}
