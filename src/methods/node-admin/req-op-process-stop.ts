import { systemFault } from '../../lib/system-fault.ts';
import type { Message } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { canonicalMethod } from '../../message/names.ts';
import { optional, type RunMethod, required } from '../method.ts';
import type { NodeProcesses, ProcessEntry } from './node-processes.ts';
import { opDone, opFailed } from './op-result.ts';

/** Without these nobody could undo what was stopped. */
const KEPT = new Set(['REQOpProcessList', 'REQOpProcessStart', 'REQOpProcessStop']);

export interface OpProcessStopDeps {
  readonly processes: NodeProcesses;
  readonly nodeName: string;
}

/**
 * REQOpProcessStop (CommandACK): stops a process of a node.
 *
 * Arguments: method, node, `subscriber` or `publisher`, and the process id; three or four of them. The id counts where
 * there are several processes of that kind, and is passed over elsewhere, as the reference does. The node is the subject's: the node's own name for a subscriber, the receiver for a publisher.
 * Reply, and a notice to errorCentral: `info: OpProcessStop: stopped id: <n>, subject: <subject>: node: <node>`.
 * Fails, with the reason as reply, when no process or more than one fits, and for the subscribers of the op
 * methods, which are the only way back.
 */
export function createReqOpProcessStop(deps: OpProcessStopDeps): RunMethod {
  return {
    name: 'REQOpProcessStop',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Stops a process of a node.',
    args: [
      required('methodArgs[0]', 'method', 'The method of its subject', 'REQHttpGet'),
      required(
        'methodArgs[1]',
        'node',
        "The node of its subject: a subscriber's own, or where a publisher sends to",
        'ship1',
      ),
      required('methodArgs[2]', 'kind', 'subscriber or publisher', 'subscriber'),
      optional('methodArgs[3]', 'process id', 'Which one, where there are several', '7'),
    ],
    run: async ({ message }) => stopProcess(message, deps),
  };
}

async function stopProcess(
  { methodArgs }: Message,
  { processes, nodeName }: OpProcessStopDeps,
): Promise<RunResult> {
  const [name = '', node = '', kind = '', id] = methodArgs ?? [];
  const method = canonicalMethod(name);
  if (method === '' || node === '' || kind === '') {
    return refused('methodArgs are method, node, "subscriber" or "publisher", and optionally the id');
  }
  if (kind !== 'subscriber' && kind !== 'publisher') {
    return refused(`the third of methodArgs is "subscriber" or "publisher", not ${JSON.stringify(kind)}`);
  }
  if (kind === 'subscriber' && KEPT.has(method)) {
    return refused(`${method} can't be stopped: nothing could be started again without it`);
  }
  const fitting = processes.list().filter((e) => e.method === method && e.node === node && e.kind === kind);
  const found = pick(fitting, id);
  if (typeof found === 'string') return refused(`no process was stopped: ${found} ${kind} ${node} ${method}`);
  try {
    await processes.stop(found.id);
    return opDone(`OpProcessStop: stopped id: ${found.id}, subject: ${found.subject}: node: ${nodeName}`);
  } catch (error) {
    return refused(`${found.subject} can't be stopped: ${systemFault(error)}`);
  }
}

/** The one process that is meant, or the beginning of a sentence on why there is none. */
function pick(fitting: readonly ProcessEntry[], id: string | undefined): ProcessEntry | string {
  if (fitting.length === 0) return 'there is no';
  // The reference does not look at the id, and its README gives one that is nobody's.
  if (fitting.length === 1) return fitting[0]!;
  if (id === undefined || id === '') return 'an id is needed, there are several of';
  const found = fitting.find((entry) => String(entry.id) === id.trim());
  return found ?? `id ${JSON.stringify(id)} is not that of`;
}

function refused(reason: string): RunResult {
  return opFailed('OpProcessStop', reason);
}
