import type { Bus } from '../bus/bus.ts';
import type { BusSubscription } from '../bus/subscriptions.ts';
import { succeeds } from '../lib/succeeds.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import {
  kindOf,
  parseSubject,
  provedSubject,
  relaySubjects,
  subjectOf,
  takeProof,
} from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import type { Method } from '../methods/method.ts';
import type { NodeProcesses, ProcessEntry } from '../methods/node-admin/node-processes.ts';
import type { ProcessInfo } from '../processes/process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface SubscribersDeps {
  readonly supervisor: Supervisor;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly methods: ReadonlyMap<string, Method>;
  /** Whether this node listens to subjects that prove who sends, and whether the broker lets it. */
  readonly trust: { readonly wantsProof: boolean; hears(isAllowed: boolean): void };
  /** Takes what comes for a method. */
  readonly receiver: { receive(message: WireMessage, method: Method): void };
}

/** The node's processes, as its op methods see them: starts and stops subscribers for methods. */
export class Subscribers implements NodeProcesses, AsyncDisposable {
  readonly #nodeName: string;
  readonly #deps: SubscribersDeps;

  constructor(nodeName: string, deps: SubscribersDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
  }

  list(): ProcessEntry[] {
    return this.#deps.supervisor.list().map(toEntry);
  }

  /** Listens for a method's messages. Rejects where the method is not known, or the supervisor refuses. */
  async startSubscriber(name: string): Promise<ProcessEntry> {
    const method = this.#deps.methods.get(name);
    if (!method) throw new Error(`this node does not know the method ${name}`);
    const toNode = listensAs(name, this.#nodeName);
    const subject = subjectOf({ toNode, method: name }, kindOf(name));
    const start = () => this.#subscribe(subject, method);
    return toEntry(await this.#deps.supervisor.start({ kind: 'subscriber', name: subject, start }));
  }

  /** Stops a process. Rejects where there is none of this id. */
  async stop(id: number): Promise<void> {
    const stopped = await this.#deps.supervisor.stop(id);
    if (!stopped) throw new Error(`no process has the id ${id}`);
  }

  /** Stops all subscribers. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { supervisor } = this.#deps;
    for (const { id, kind } of supervisor.list()) if (kind === 'subscriber') await supervisor.stop(id);
  }

  async #subscribe(subject: string, method: Method): Promise<AsyncDisposable> {
    const { bus, receiver } = this.#deps;
    const listen = (one: string) => bus.subscribe(one, (message) => receiver.receive(message, method));
    // Targets with dots in their names: permissions of a broker that knows of none need not allow them.
    const further = method.name === 'REQRelay' ? relaySubjects(this.#nodeName, method.kind).slice(1) : [];
    const subscription = listen(subject);
    const proved = this.#subscribeProved(subject, method);
    const more = further.flatMap((one) => [listen(one), this.#subscribeProved(one, method) ?? []].flat());
    const all = [subscription, ...(proved ? [proved] : []), ...more];
    const end = async () => {
      for (const one of all) one[Symbol.dispose]();
    };
    try {
      await subscription.ready();
      await this.#hearProof(proved);
    } catch (error) {
      await end();
      throw error;
    }
    return { [Symbol.asyncDispose]: end };
  }

  /** Hears the same with proof of the sender, where this node wants that. */
  #subscribeProved(subject: string, method: Method): BusSubscription | undefined {
    const { bus, receiver, trust } = this.#deps;
    if (!trust.wantsProof) return undefined;
    return bus.subscribe(provedSubject(subject, '>'), (message) => {
      const { subject, sender } = takeProof(message.subject);
      receiver.receive({ ...message, subject, sender }, method);
    });
  }

  /** A broker whose permissions are older than the proof lets nobody hear it: then others are not asked for it. */
  async #hearProof(proved: BusSubscription | undefined): Promise<void> {
    if (proved === undefined) return;
    const isAllowed = await succeeds(proved.ready());
    this.#deps.trust.hears(isAllowed);
  }
}

/** Under which name of a node a method's messages come. */
function listensAs(method: string, nodeName: string): string {
  if (method === 'REQErrorLog') return ERROR_CENTRAL;
  return method === 'REQRelay' ? `*.${nodeName}` : nodeName;
}

function toEntry({ id, kind, name }: ProcessInfo): ProcessEntry {
  // A node relays on its own name, behind that of any other.
  const subject = parseSubject(name.replace(/^\*\./, 'any.'));
  const node = name.startsWith('*.') ? subject?.toNode.slice('any.'.length) : subject?.toNode;
  return { id, kind, subject: name, node: node ?? '', method: subject?.method ?? '' };
}
