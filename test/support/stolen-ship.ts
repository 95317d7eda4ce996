import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { kindOf } from '../../src/message/subject.ts';
import type { TestScope } from './dispose-after.ts';
import { startKeyedBroker } from './keyed-fleet.ts';
import type { StewardNode } from './node.ts';
import { waitFor } from './wait-for.ts';
import type { Wire, WireClient } from './wire-client.ts';

/** The way that the operator allows: ship1 reaches ship2 by way of central. */
const RELAY = 'ship1:central:ship2';

/** What ship1 understands, as its hellos and answers say. */
export const WORDS = 'state from';

interface Attack {
  readonly headers?: Readonly<Record<string, string>>;
  /** Who the subject says that it is from; '' for a subject without proof. ship1 unless told. */
  readonly proof?: string;
  readonly subject?: string;
  readonly reply?: string;
  readonly lane?: string;
  readonly compression?: 'z';
}

/** A closed fleet over nats-server, as broker-config writes it, and somebody who has the key of ship1, which is off. */
export class StolenShip {
  readonly central: StewardNode;
  readonly ship2: StewardNode;
  readonly thief: WireClient;
  /** A second client with the key of ship2, which hears all that ship2 does. */
  readonly ear: WireClient;
  readonly #refused: string[];
  readonly #answers: Wire[];
  #count = 0;

  private constructor(
    nodes: Pick<StolenShip, 'central' | 'ship2' | 'thief' | 'ear'>,
    refused: string[],
    answers: Wire[],
  ) {
    this.central = nodes.central;
    this.ship2 = nodes.ship2;
    this.thief = nodes.thief;
    this.ear = nodes.ear;
    this.#refused = refused;
    this.#answers = answers;
  }

  static async start(scope: TestScope, relay = RELAY): Promise<StolenShip> {
    const nodes = ['ship1', 'ship2', 'ship3'];
    const fleet = await startKeyedBroker(scope, { nodes, relays: [relay], trust: 'closed' });
    const flags = { trust: 'closed', trustRelay: relay };
    const limits = { quotaMB: 1, quotaFiles: 40, maxMessageMB: 8 };
    const [central, ship2] = await Promise.all([
      fleet.start('central', { ...flags, ...limits, startSubREQRelay: true }),
      fleet.start('ship2', { ...flags, startPubREQHello: 1 }),
    ]);
    const refused: string[] = [];
    const thief = await fleet.attacker('ship1', (fault) => refused.push(fault));
    const answers = await thief.gather('central.*.*.reply.ship1.*');
    const way = relay === RELAY ? 'ship2.central.REQRelay.EventACK' : 'ship2.*.*';
    for (const asked of [way, 'errorCentral.REQErrorLog.EventACK'])
      await thief.gather(`${asked}.reply.ship1.*`, (wire) => answers.push(wire));
    const ear = await fleet.attacker('ship2');
    const scene = new StolenShip({ central, ship2, thief, ear }, refused, answers);
    void scene.attack(
      { method: 'REQHello', directory: 'hello-messages', fileName: 'hello.log' },
      { reply: '', headers: { 'Steward-Hello': JSON.stringify({ version: '1', knows: WORDS }) } },
    );
    const known = "SELECT name FROM nodes WHERE name IN ('ship1', 'ship2')";
    await waitFor('central to know both', () => central.query(known).length === 2);
    return scene;
  }

  /** A file that no attack may make. */
  mark(name: string): string {
    return join(this.central.folder, `stolen-${name}`);
  }

  isMarked(name: string): boolean {
    return existsSync(this.mark(name));
  }

  /** Sends a message, and returns what came of it: `forbidden` by the broker, or status and reason of the answer. */
  async attack(fields: Partial<Message>, attack: Attack = {}): Promise<string> {
    const { headers = {}, proof = 'ship1', compression = '' } = attack;
    const message = newMessage({ toNode: 'central', method: '', fromNode: 'ship1', ...fields });
    const plain = attack.subject ?? `${message.toNode}.${message.method}.${kindOf(message.method)}`;
    const subject = proof === '' ? plain : `${plain}.from.${proof}`;
    const token = `steal-${++this.#count}`;
    const before = this.#refused.length;
    const { payload, serial, cmp } = encodeMessage(message, { serialization: 'cbor', compression });
    this.thief.send({
      ...{ payload, subject, reply: attack.reply ?? `${plain}.reply.ship1.${token}` },
      lane: attack.lane ?? `${token}/1/1`,
      headers: { serial, ...(cmp ? { cmp } : {}), ...headers },
    });
    // What the broker has against it comes before its answer to the ping.
    await this.thief.connection.flush();
    await new Promise((done) => setImmediate(done));
    const isRefused = () => this.#refused.slice(before).some((fault) => fault.includes(`"${subject}"`));
    if (attack.reply !== undefined && !isRefused()) return '';
    const answer = await waitFor(`an answer to ${subject}`, () => isRefused() || this.answers(token)[0], {
      intervalMs: 2,
    });
    if (answer === true) return 'forbidden';
    return `${answer.headers['Steward-Status'] ?? ''} ${answer.headers['Steward-Reason'] ?? ''}`.trim();
  }

  /** What a file of central's data folder holds; '' where there is none. */
  read(path: string): Promise<string> {
    return this.central.file(path).catch(() => '');
  }

  /** What came where the answers with a token come. */
  answers(token: string): Wire[] {
    return this.#answers.filter(({ subject }) => subject.endsWith(`.${token}`));
  }
}
