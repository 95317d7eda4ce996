import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readFileIfThere } from '../lib/plain-file.ts';
import { systemFault } from '../lib/system-fault.ts';
import {
  type AdmissionState,
  EMPTY_ADMISSION,
  type OpenToken,
  parseState,
  withoutExpired,
  withoutNode,
  withoutOpenTokens,
  withToken,
  writeState,
} from './admission-state.ts';
import { decideAdmission, isAlike } from './decide-admission.ts';
import { type FleetUser, fleetUsers } from './fleet-users.ts';
import { type JoinRequest, readRequest, writeAnswer } from './join-messages.ts';
import { joinAnswerSubject, joinPermissions, joinSubject, type Relay } from './permissions.ts';
import { SecurityError, UNREADABLE } from './security-error.ts';

export interface AdmissionOptions {
  /** Holds admission.json. */
  readonly folder: string;
  readonly central: string;
  readonly centralKey: string;
  /** Signs answers: the key of the broker's authority. */
  readonly key: KeyObject;
  /** Whether nodes must prove who they are. */
  readonly isClosed?: boolean;
  /** Nodes that cannot, and need not. */
  readonly originals?: ReadonlySet<string>;
  readonly replyCommands?: boolean;
}

export interface AdmissionDeps {
  /** Replaces a file durably, or throws and leaves the old one. */
  writeFile(path: string, text: string): Promise<void>;
  /** Reads a file; one of the machine unless told. */
  readFile?(path: string): Promise<Uint8Array>;
  /** Has the broker let in these users and nobody else. */
  applyUsers(users: readonly FleetUser[]): Promise<void>;
  publish(subject: string, text: string): boolean;
  readonly now: () => number;
  /** Does something again and again; by the machine's clock, which it keeps from nothing, unless told. */
  every?(intervalMs: number, task: () => void): () => void;
  nameFault(name: string): string | undefined;
  readonly logger: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

/** Requests with one token that are looked at in a second; more are dropped, and whoever sent them asks again. */
const MAX_PER_SECOND = 20;
const SECOND_MS = 1000;
const COMPLAIN_EVERY_MS = 60_000;

/** Lets nodes in by tokens and keeps who they are: the broker's users follow from it. */
export class Admission implements Disposable {
  readonly #options: AdmissionOptions;
  readonly #deps: AdmissionDeps;
  #state: AdmissionState;
  #work: Promise<unknown> = Promise.resolve();
  #second = 0;
  /** Requests in this second, by subject. */
  readonly #recent = new Map<string, number>();
  #complainedAt = Number.NEGATIVE_INFINITY;
  readonly #stopSweep: () => void;

  private constructor(options: AdmissionOptions, deps: AdmissionDeps, state: AdmissionState) {
    this.#options = options;
    this.#deps = deps;
    this.#state = state;
    // What cannot be dropped now is refused all the same, and dropped later.
    const every = deps.every ?? everyByMachine;
    this.#stopSweep = every(SECOND_MS, () => void this.#inTurn(() => this.#dropExpired()).catch(() => {}));
  }

  /** Reads what was kept, and has the broker let in those who were let in before. Throws SecurityError. */
  static async open(options: AdmissionOptions, deps: AdmissionDeps): Promise<Admission> {
    const admission = new Admission(options, deps, await readState(options.folder, deps));
    await admission.#inTurn(() => admission.#apply());
    return admission;
  }

  /** Where requests come. */
  get subject(): string {
    return joinSubject('*');
  }

  get state(): AdmissionState {
    return this.#state;
  }

  /** Looks at a request, and answers it. What cannot have been signed by the token's owner gets no answer. */
  async receive(subject: string, payload: Uint8Array): Promise<void> {
    const read = this.#isInTime(subject) ? readRequest(payload) : undefined;
    if (read === undefined || subject !== joinSubject(read.request.token)) return this.#complain(subject);
    try {
      await this.#inTurn(() => this.#decide(read));
    } catch (error) {
      // No answer: whoever asked will ask again, and this may be mended then.
      this.#deps.logger.warn(
        { err: error },
        `${read.request.name} could not be let in: ${systemFault(error)}`,
      );
    }
  }

  /** Makes a token known. Throws SecurityError where the name that it is for is taken. */
  async invite(token: OpenToken): Promise<void> {
    await this.#inTurn(async () => {
      const taken = [...this.#state.nodes.keys()].find((name) => isAlike(name, token.name));
      if (taken !== undefined && !(token.isReplacing && taken === token.name))
        throw new SecurityError(
          'bad-name',
          `${taken} has joined already: steward forget ${taken} lets it go, --name ${taken} --replace gives its name to another machine`,
        );
      await this.#commit(withToken(withoutExpired(this.#state, this.#deps.now()), token));
    });
  }

  /** Has a node let in no more, and cuts its connection; whether there was one of this name. */
  async forget(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#state.nodes.has(name)) return false;
      const relays = this.#state.relays.filter(({ from, via, to }) => ![from, via, to].includes(name));
      await this.#commit({ ...withoutNode(this.#state, name), relays });
      this.#deps.logger.info({ name }, `${name} is let in no more`);
      return true;
    });
  }

  /** Has tokens let nobody in that did not yet: those for a name, or all ('' as the name); how many there were. */
  async withdraw(name: string): Promise<number> {
    return this.#inTurn(async () => {
      const before = withoutExpired(this.#state, this.#deps.now());
      const after = withoutOpenTokens(before, name);
      await this.#commit(after);
      return before.tokens.size - after.tokens.size;
    });
  }

  /** Has the broker take what decides about the nodes' permissions, as it is now. */
  async refresh(): Promise<void> {
    await this.#inTurn(() => this.#apply());
  }

  /** Sets who may relay to whom. Names that have not joined yet are fine: the permissions are theirs when they do. */
  async setRelays(relays: readonly Relay[]): Promise<void> {
    await this.#inTurn(() => this.#commit({ ...this.#state, relays }));
  }

  [Symbol.dispose](): void {
    this.#stopSweep();
  }

  /** One change after the other, each on what the one before has left. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#work.then(task);
    this.#work = result.catch(() => {});
    return result;
  }

  async #decide({ request, hash }: { request: JoinRequest; hash: string }): Promise<void> {
    const { central, centralKey } = this.#options;
    const { now, nameFault, logger } = this.#deps;
    const rules = { now: now(), central, centralKey, nameFault };
    const { answer, state } = decideAdmission(this.#state, request, rules);
    if (state !== undefined) await this.#keep(state);
    // Also where it was let in before: the broker may not have been told.
    if (answer.verdict === 'admitted') await this.#apply();
    const fields = { name: request.name, key: request.key };
    if (state !== undefined) logger.info(fields, `${request.name} has joined`);
    else if (answer.verdict !== 'admitted')
      logger.warn(fields, `${JSON.stringify(request.name)} was not let in: ${answer.reason}`);
    const { key, isClosed = false } = this.#options;
    const told = answer.verdict === 'admitted' && isClosed ? { ...answer, trust: 'closed' as const } : answer;
    this.#deps.publish(joinAnswerSubject(request.token), writeAnswer(told, hash, key));
  }

  /** Whether a request on this subject is still one of those that are looked at in a second. */
  #isInTime(subject: string): boolean {
    const second = Math.floor(this.#deps.now() / SECOND_MS);
    if (second !== this.#second) this.#recent.clear();
    this.#second = second;
    const count = (this.#recent.get(subject) ?? 0) + 1;
    this.#recent.set(subject, count);
    return count <= MAX_PER_SECOND;
  }

  async #dropExpired(): Promise<void> {
    const state = withoutExpired(this.#state, this.#deps.now());
    if (state.tokens.size !== this.#state.tokens.size) await this.#commit(state);
  }

  async #commit(state: AdmissionState): Promise<void> {
    await this.#keep(state);
    await this.#apply();
  }

  /** What is not on disk does not count. */
  async #keep(state: AdmissionState): Promise<void> {
    await this.#deps.writeFile(stateFile(this.#options.folder), writeState(state));
    this.#state = state;
  }

  #apply(): Promise<void> {
    return this.#deps.applyUsers(admittedUsers(withoutExpired(this.#state, this.#deps.now()), this.#options));
  }

  #complain(subject: string): void {
    const now = this.#deps.now();
    if (Math.abs(now - this.#complainedAt) < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = now;
    this.#deps.logger.warn(
      { subject },
      'a request to join was passed over: it is malformed, wrongly signed, or one of too many',
    );
  }
}

/** The broker's users: the central node, those who were let in, and the tokens that are open. */
export function admittedUsers(
  { nodes, tokens, relays }: AdmissionState,
  options: Pick<AdmissionOptions, 'central' | 'centralKey' | 'isClosed' | 'originals' | 'replyCommands'>,
): FleetUser[] {
  const { central, centralKey, isClosed = false, originals = new Set(), replyCommands = false } = options;
  const keys = new Map([[central, centralKey]]);
  for (const { name, key } of nodes.values()) keys.set(name, key);
  const known = relays.filter(({ from, via, to }) => new Set([from, via, to]).isSubsetOf(keys));
  const hasOriginalNodes = isClosed && !originals.isDisjointFrom(keys);
  const members = fleetUsers(keys, {
    ...{ central, relays: known, admitsByToken: true, replyCommands, hasOriginalNodes },
    isClosed: (node) => isClosed && !originals.has(node),
  });
  const guests = [...tokens.values()].map(({ key }) => ({
    name: `token ${key.slice(0, 8)}`,
    nkey: key,
    permissions: joinPermissions(key),
  }));
  return [...members, ...guests];
}

function everyByMachine(intervalMs: number, task: () => void): () => void {
  const timer = setInterval(task, intervalMs).unref();
  return () => clearInterval(timer);
}

async function readState(
  folder: string,
  { readFile }: Pick<AdmissionDeps, 'readFile'>,
): Promise<AdmissionState> {
  const path = stateFile(folder);
  const text = await readFileIfThere(path, UNREADABLE, readFile);
  if (text === undefined) return EMPTY_ADMISSION;
  const state = parseState(text);
  if (state === undefined)
    throw new SecurityError(
      'bad-state',
      `${path} is damaged: restore it from a backup, or move it away, and have all nodes join anew`,
    );
  return state;
}

function stateFile(folder: string): string {
  return join(folder, 'admission.json');
}
