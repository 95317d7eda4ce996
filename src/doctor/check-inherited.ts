import type { Config } from '../config/config.ts';
import type { OriginalQueue } from '../config/original-queue.ts';
import { countWords } from '../lib/time-words.ts';
import { type Finding, finding } from './finding.ts';

/** Listeners that the original serves to everybody, and that stay closed here. */
export function checkListeners({ closedListeners }: Config): Finding[] {
  return closedListeners.map((reason) => finding('listeners', 'warn', `one stays closed: ${reason}`));
}

/** By the original's default every node collects the errors of all, and its config.toml says so ever after. */
export function checkCollector({ nodeName, centralNodeName, isCentral, startSub }: Config): Finding[] {
  if (isCentral || !startSub.REQErrorLog) return [];
  const text = `${nodeName} collects the errors of all nodes, as the original does by default; reports end with the answer of ${centralNodeName} alone`;
  const advice =
    'set StartSubREQErrorLog = false in config.toml, or start it once with -startSubREQErrorLog=false';
  return [finding('errors', 'warn', text, advice)];
}

/** What the original left undelivered; nothing sends it. `isTold`: also that nothing is left is worth a line, and the messages are shown. */
export function checkLeftQueue(queue: OriginalQueue | undefined, { isTold = false } = {}): Finding[] {
  const nothing = (text: string) => (isTold ? [finding('queue', 'ok', text)] : []);
  if (queue === undefined) return nothing('there is no queue of the original');
  const { path, messages, fault } = queue;
  if (fault !== undefined) {
    const advice = 'let the original run until it has delivered what it has';
    return [finding('queue', 'warn', `${path}, a queue of the original, cannot be read: ${fault}`, advice)];
  }
  if (messages.length === 0) return nothing(`${path} is empty`);
  const text = `${path} holds ${countWords(messages.length, 'message')} that the original did not deliver; this program does not send them`;
  const shown = isTold ? 'what is shown below' : 'what steward doctor --from-original shows';
  return [
    finding(
      'queue',
      'warn',
      text,
      `let the original deliver them, or submit again what is still wanted of ${shown}`,
    ),
  ];
}
