import { systemFault } from '../../lib/system-fault.ts';
import type { Message } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { canonicalMethod } from '../../message/names.ts';
import { type RunMethod, required } from '../method.ts';
import type { NodeProcesses } from './node-processes.ts';
import { opDone, opFailed } from './op-result.ts';

export interface OpProcessStartDeps {
  readonly processes: NodeProcesses;
  readonly methods: { has(name: string): boolean };
  /** Why a method must not be started by a message, or undefined. */
  readonly startFault?: (method: string) => string | undefined;
  readonly nodeName: string;
}

/**
 * REQOpProcessStart (CommandACK): lets a node take messages of one more method.
 *
 * Argument: the method. Reply, and a notice to errorCentral: `info: OpProcessStart: started id: <n>, subject:
 * <subject>: node: <node>`. Fails, with the reason as reply, when the argument is missing, the method is unknown,
 * or it is taken already: a second subscription would run everything twice. In a closed fleet what the configuration
 * switches off stays off; what REQOpProcessStop stopped is started again.
 */
export function createReqOpProcessStart(deps: OpProcessStartDeps): RunMethod {
  return {
    name: 'REQOpProcessStart',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Starts the subscriber for a method.',
    args: [required('methodArgs[0]', 'method', 'The method whose messages are to be taken', 'REQHttpGet')],
    run: async ({ message }) => startProcess(message, deps),
  };
}

async function startProcess({ methodArgs }: Message, deps: OpProcessStartDeps): Promise<RunResult> {
  const { processes, methods, startFault, nodeName } = deps;
  const method = canonicalMethod(methodArgs?.[0] ?? '');
  if (method === '') return refused('methodArgs is empty: its first item is the method to start');
  if (!methods.has(method)) return refused(`there is no method ${JSON.stringify(method)}`);
  const fault = startFault?.(method);
  if (fault !== undefined) return refused(fault);
  const running = processes.list().find((entry) => entry.kind === 'subscriber' && entry.method === method);
  if (running) return refused(`${method} is already started, as ${running.subject} with id ${running.id}`);
  try {
    const { id, subject } = await processes.startSubscriber(method);
    return opDone(`OpProcessStart: started id: ${id}, subject: ${subject}: node: ${nodeName}`);
  } catch (error) {
    return refused(`${method} can't be started: ${systemFault(error)}`);
  }
}

function refused(reason: string): RunResult {
  return opFailed('OpProcessStart', reason);
}
