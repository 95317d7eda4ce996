import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import type { NodeOptions } from '../config/node-options.ts';
import { writeAtomically } from '../lib/write-atomically.ts';
import { nodeNameFault } from '../message/names.ts';
import { openLogger } from '../observe/logger.ts';
import { Admission } from '../security/admission.ts';
import { ADMISSION_SOCKET } from '../security/admission-orders.ts';
import { readBrokerIdentity } from '../security/broker-identity.ts';
import type { FleetUser } from '../security/fleet-users.ts';
import { publicKeyOfFile } from '../security/key-files.ts';
import type { Relay } from '../security/permissions.ts';
import { startAdmissionControl } from './admission-control.ts';

/** Who may connect to the embedded broker, and the way for others to come to. */
export interface NodeAdmission {
  /** Those who may connect now. */
  readonly users: readonly FleetUser[];
  /** Those who were let in. */
  readonly names: readonly string[];
  /** Who may relay to whom, as the operator said at the last start. */
  readonly relays: readonly Relay[];
  /** Begins to let others in, once there are a broker and a connection to it. Throws ListenError. */
  serve(parts: { readonly broker: BrokerUsers; readonly bus: Bus }): Promise<void>;
}

interface BrokerUsers {
  setUsers(users: readonly FleetUser[]): Promise<void>;
}

/** Opens what the node keeps in its admissionFolder; undefined where none is set. Throws SecurityError. */
export async function openAdmission(
  config: Config,
  { isTerminal }: NodeOptions,
  stack: AsyncDisposableStack,
): Promise<NodeAdmission | undefined> {
  const folder = config.embeddedBroker?.admissionFolder ?? '';
  if (folder === '') return undefined;
  const logger = await openLogger({ level: config.logLevel, isTerminal, nodeName: config.nodeName });
  const { authority, key } = await readBrokerIdentity(folder);
  const centralKey = await publicKeyOfFile(config.nkeySeedFile);
  let users: readonly FleetUser[] = [];
  let serving: { readonly broker: BrokerUsers; readonly bus: Bus } | undefined;
  const admission = stack.use(
    await Admission.open(
      {
        ...{ folder, central: config.nodeName, centralKey, key },
        isClosed: config.trust.mode === 'closed',
        originals: new Set(config.trust.originals),
        replyCommands: config.trust.replyCommands,
      },
      {
        writeFile: writeAtomically,
        applyUsers: async (wanted) => {
          users = wanted;
          await serving?.broker.setUsers(wanted);
        },
        publish: (subject, text) => serving?.bus.publish(subject, text) ?? false,
        now: Date.now,
        nameFault: nodeNameFault,
        logger,
      },
    ),
  );
  return {
    get users() {
      return users;
    },
    get names() {
      return [...admission.state.nodes.keys()];
    },
    get relays() {
      return admission.state.relays;
    },
    serve: async (parts) => {
      serving = parts;
      const requests = parts.bus.subscribe(admission.subject, ({ subject, payload }) => {
        void admission.receive(subject, payload);
      });
      stack.defer(() => requests[Symbol.dispose]());
      const path = join(config.socketFolder, ADMISSION_SOCKET);
      const hash = createHash('sha256').update(authority.raw).digest();
      stack.use(await startAdmissionControl(path, { admission, authority: hash, now: Date.now }));
    },
  };
}
