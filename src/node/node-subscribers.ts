import { kindOf } from '../message/kind-of.ts';
import { parseSubject, subjectOf } from '../message/subject.ts';
import type { NodeProcesses, ProcessEntry } from '../methods/node-processes.ts';
import type { ProcessInfo, Running } from '../processes/process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** The name under which errors are collected, whichever node does it. */
const ERROR_CENTRAL = 'errorCentral';

export interface SubscribersDeps {
  readonly supervisor: Supervisor;
  isKnownMethod(method: string): boolean;
  /** Listens for a method's messages; `ready` rejects where the broker refuses. */
  listen(subject: string, method: string): Disposable & { ready(): Promise<void> };
}

/** The node's processes, as its op methods see them; starts and stops subscribers for methods. */
export function createNodeProcesses(nodeName: string, deps: SubscribersDeps): NodeProcesses {
  const { supervisor } = deps;
  return {
    list: () => supervisor.list().map(toEntry),
    startSubscriber: async (method) => {
      if (!deps.isKnownMethod(method)) throw new Error(`this node does not know the method ${method}`);
      const name = subjectOf({ toNode: placeOf(method, nodeName), method }, kindOf(method));
      const info = await supervisor.start({
        kind: 'subscriber',
        name,
        start: () => subscribe(name, method, deps),
      });
      return toEntry(info);
    },
    stop: async (id) => {
      const stopped = await supervisor.stop(id);
      if (!stopped) throw new Error(`no process has the id ${id}`);
    },
  };
}

/** Under which name of a node a method's messages come. */
function placeOf(method: string, nodeName: string): string {
  if (method === 'REQErrorLog') return ERROR_CENTRAL;
  return method === 'REQRelay' ? `*.${nodeName}` : nodeName;
}

async function subscribe(subject: string, method: string, deps: SubscribersDeps): Promise<Running> {
  const subscription = deps.listen(subject, method);
  try {
    await subscription.ready();
  } catch (error) {
    subscription[Symbol.dispose]();
    throw error;
  }
  return { [Symbol.asyncDispose]: async () => subscription[Symbol.dispose]() };
}

function toEntry({ id, kind, name }: ProcessInfo): ProcessEntry {
  // A node relays on its own name, behind that of any other.
  const subject = parseSubject(name.replace(/^\*\.(?=[^.]+\.REQRelay\.)/, 'any.'));
  const node = name.startsWith('*.') ? subject?.toNode.slice('any.'.length) : subject?.toNode;
  return { id, kind, subject: name, node: node ?? '', method: subject?.method ?? '' };
}
