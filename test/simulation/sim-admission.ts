import { generateKeyPairSync } from 'node:crypto';
import { KeyedLock } from '../../src/lib/keyed-lock.ts';
import { publicKeyOfSeed, toUserSeed } from '../../src/lib/nkey.ts';
import { nodeNameFault } from '../../src/message/names.ts';
import { createReplaceFile } from '../../src/methods/files/replace-file.ts';
import type { Ground } from '../../src/node/assemble-node.ts';
import { Admission, type AdmissionDeps } from '../../src/security/admission.ts';
import { EMPTY_ADMISSION, writeState } from '../../src/security/admission-state.ts';
import { readAnswer, writeRequest } from '../../src/security/join-messages.ts';
import { joinAnswerSubject, joinSubject, type Relay } from '../../src/security/permissions.ts';
import type { Life } from './machine.ts';
import { Connection, Link } from './sim-broker.ts';
import type { SimBus } from './sim-bus.ts';
import type { Swaps } from './sim-node.ts';
import type { World } from './world.ts';

const FOLDER = '/etc';
const CENTRAL = 'central';
/** How often somebody tries again what could not be done, and asks again who was not answered, ms. */
const AGAIN_MS = 2000;
const TOKEN_LASTS_MS = 30 * 86_400_000;
/** The ways on which the operator lets a node reach another one through a third. */
export const RELAYS: readonly Relay[] = [{ from: 'ship1', via: CENTRAL, to: 'ship2' }];

interface Key {
  readonly seed: string;
  readonly publicKey: string;
}

/** Who may connect to the broker of a closed fleet: as on a real one the central node says so, and the broker lives and ends with it. */
export class SimAdmission {
  readonly #swaps: Pick<Swaps, 'admission'>;
  readonly #world: World;
  readonly #authority = generateKeyPairSync('rsa', { modulusLength: 1024 });
  readonly #centralKey: Key;
  #keys = 0;
  /** The keys of those who were told that they are let in, and whom nobody has forgotten since. */
  readonly #told = new Map<string, string>();
  #admission: Admission | undefined;

  constructor(world: World, { names, swaps }: { names: readonly string[]; swaps: Pick<Swaps, 'admission'> }) {
    this.#world = world;
    this.#swaps = swaps;
    this.#centralKey = this.#makeKey();
    world.broker.isClosed = true;
    world.linkOf(CENTRAL).key = this.#centralKey.publicKey;
    for (const name of names) this.#enter(name, this.#makeKey().publicKey);
    const nodes = new Map([...this.#told].map(([name, key]) => [name, { name, key, since: 0 }]));
    const state = writeState({ ...EMPTY_ADMISSION, nodes, relays: RELAYS });
    world.machine(CENTRAL).files.put(`${FOLDER}/admission.json`, Buffer.from(state));
  }

  /** Begins to admit for a life of the central node. */
  async open(
    life: Life,
  ): Promise<Required<Pick<Ground, 'relays' | 'admitted'>> & { serve(bus: SimBus): void }> {
    const { files, clock } = life.edges;
    const { broker, truth, timeline } = this.#world;
    const replaceFile = createReplaceFile({ dataFolder: FOLDER }, { lock: new KeyedLock(), files });
    let sends: SimBus['publish'] = () => false;
    const deps: AdmissionDeps = {
      readFile: async (path) => Buffer.from(await files.readFile(path)),
      writeFile: (path, text) =>
        replaceFile({ path: path.slice(FOLDER.length + 1), data: [Buffer.from(text)] }),
      applyUsers: async (users) => {
        if (life.isOver) return;
        broker.setUsers(users);
        for (const [name, key] of this.#told)
          if (!users.some(({ nkey }) => nkey === key))
            truth.broke(`admission: ${name} was told that it is let in, and is not`);
      },
      publish: (subject, text) => sends(subject, text),
      ...{ now: clock.wallNow, every: clock.every, nameFault: nodeNameFault },
      logger: { info: (_, text) => timeline.note(text), warn: (_, text) => timeline.note(text) },
    };
    const admission = await Admission.open(
      {
        ...{ folder: FOLDER, central: CENTRAL, centralKey: this.#centralKey.publicKey },
        ...{ key: this.#authority.privateKey, isClosed: true },
      },
      this.#swaps.admission?.(deps) ?? deps,
    );
    this.#admission = admission;
    return {
      relays: () => admission.state.relays,
      admitted: () => [...admission.state.nodes.keys()],
      serve: (bus) => {
        sends = (subject, text) => bus.publish(subject, text);
        bus.subscribe(admission.subject, ({ subject, payload }) => void admission.receive(subject, payload));
      },
    };
  }

  /** A life of the central node is over, and the broker with it. */
  close(): void {
    this.#admission = undefined;
    this.#world.broker.setUsers([]);
  }

  /** Somebody has a node let in no more, and its machine comes back with a key of its own after a while. */
  revoke(name: string, ms: number): void {
    this.#told.delete(name);
    this.#again(
      async (admission) => void (await admission.forget(name)),
      () => {
        this.#world.timeline.note(`${name} is let in no more`);
        this.#world.timeline.after(ms, () => this.join(name));
      },
    );
  }

  setRelays(relays: readonly Relay[]): void {
    this.#again((admission) => admission.setRelays(relays));
  }

  /** A machine asks to be let in, with a token that somebody made for it, until it is. */
  join(name: string): void {
    const [token, node] = [this.#makeKey(), this.#makeKey()];
    const invite = async (admission: Admission) => {
      const expiresAt = this.#world.machine(CENTRAL).wallNow() + TOKEN_LASTS_MS;
      await admission.invite({ key: token.publicKey, expiresAt, name, isReplacing: true });
    };
    this.#again(invite, () => this.#ask(name, { token, node }));
  }

  #ask(name: string, keys: Record<'token' | 'node', Key>): void {
    const { timeline, chance, broker, truth } = this.#world;
    const guest = new Link();
    guest.key = keys.token.publicKey;
    const request = writeRequest({ tokenSeed: keys.token.seed, nodeSeed: keys.node.seed, name });
    let isDone = false;
    const connect = () => {
      if (isDone) return;
      if (!broker.canConnect(guest)) return void timeline.after(AGAIN_MS, connect);
      const deps = { timeline, chance: chance.fork(`guest ${name} ${timeline.now}`) };
      const connection = new Connection(guest, deps, () => timeline.after(AGAIN_MS, connect));
      broker.add(connection);
      broker.subscribe(connection, joinAnswerSubject(keys.token.publicKey), ({ payload }) => {
        const answer = readAnswer(Buffer.from(payload).toString(), request, this.#authority.publicKey);
        if (!answer || isDone) return;
        isDone = true;
        timeline.note(`${name} is answered: ${answer.verdict}`);
        if (answer.verdict !== 'admitted')
          return truth.broke(`admission: ${name} is refused: ${answer.verdict}`);
        this.#enter(name, keys.node.publicKey);
        // With another key it connects anew, as a program that was set up again.
        this.#world.crash(name, { downMs: 1000 });
        broker.drop(connection, 0);
      });
      const ask = () => {
        if (isDone || !connection.isOpenThere) return;
        const subject = joinSubject(keys.token.publicKey);
        connection.toBroker(() =>
          broker.publish(connection, { subject, reply: '', payload: Buffer.from(request), headers: {} }),
        );
        timeline.after(AGAIN_MS, ask);
      };
      ask();
    };
    connect();
  }

  /** The same keys in each run of a seed, as the story names them. */
  #makeKey(): Key {
    const seed = toUserSeed(this.#world.chance.fork(`key ${++this.#keys}`).bytes(32));
    return { seed, publicKey: publicKeyOfSeed(seed)! };
  }

  #enter(name: string, key: string): void {
    this.#told.set(name, key);
    this.#world.linkOf(name).key = key;
  }

  /** Has the central node do something, until it did. */
  #again(order: (admission: Admission) => Promise<void>, onDone = () => {}): void {
    let isDone = false;
    const attempt = () => {
      if (isDone) return;
      const admission = this.#admission;
      if (admission)
        order(admission).then(
          () => {
            if (!isDone) onDone();
            isDone = true;
          },
          () => {},
        );
      this.#world.timeline.after(AGAIN_MS, attempt);
    };
    attempt();
  }
}
