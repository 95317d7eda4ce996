import { clockWords } from '../../lib/time-words.ts';
import { toJson } from '../../lib/visible.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';

/** `steward call`: has the node here, which is connected during its calls alone, call now. */
export const call = defineNodeCommand({
  usage: ['call [options]'],
  about: [
    'Makes a node that connects to its broker only during calls (link = calls) call now: it sends and takes what waits on',
    'both sides, and hangs up. If linkCalls is a span, the next call is due that long after this one.',
  ],
  options: {},
  operands: [],
  examples: [{ line: 'steward call', does: 'the antenna is up: do not wait for 06:00' }],
  run: async ({ form, api, stdout }) => {
    const answer = await (await api()).callNow();
    const text = answer.wasCalling ? 'a call goes on already' : 'calling';
    const next = clockWords(answer.nextAt, Date.now());
    stdout.write(form === 'text' ? `${text}; the call after it is due at ${next}\n` : `${toJson(answer)}\n`);
  },
});
