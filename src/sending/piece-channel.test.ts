import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '../bus/bus.ts';
import { systemRandom } from '../lib/random.ts';
import { LinkScheduler } from '../link/scheduler.ts';
import { SendWindow } from '../link/send-window.ts';
import type { OutboundMessage } from '../link/way-out.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { parsePlace } from '../methods/copy/piece-place.ts';
import type { Peers } from '../outbox/peers.ts';
import { createOpenChannel } from './piece-channel.ts';

const BYTES = 100;

/** A channel to a node, over a link that publishes what it is given. */
async function openChannel() {
  const turns: (readonly OutboundMessage[])[] = [];
  const subscription = { ready: async () => {}, [Symbol.dispose]: () => {} };
  const bus = {
    isConnected: true,
    maxPayload: 1024 * 1024,
    publish: () => true,
    subscribe: () => subscription,
  };
  const link = new LinkScheduler({
    send: (messages) => {
      turns.push(messages);
      return messages.map(({ payload }) => ({ bytes: payload.length, wholeBytes: payload.length }));
    },
    bus: { flush: async () => {} },
    now: () => 0,
  });
  const peers = {
    of: () => ({ peer: { window: new SendWindow(() => 0) } }),
    enter: () => ({ window: new SendWindow(() => 0) }),
    forget: () => {},
    knows: () => false,
  };
  const channel = await createOpenChannel('central', {
    ...{ bus: bus as unknown as Bus, peers: peers as unknown as Peers },
    ...{ link, random: systemRandom, addresses: { subjectFor: (subject: string) => subject } },
  })('ship1', { answered: () => {}, onRoom: () => {}, isBack: () => {} });
  const send = (count: number) => {
    for (let at = 0; at < count; at++)
      channel.send(
        { transfer: 't', offset: at * BYTES, round: 0 },
        { bytes: new Uint8Array(BYTES) },
        (at + 1) * BYTES,
      );
  };
  return { channel, send, turns };
}

test('pieces that are sent in one moment go out in one turn, in their order', async () => {
  const { channel, send, turns } = await openChannel();
  send(5);
  await Promise.resolve();
  assert.equal(turns.length, 1);
  const offsets = turns[0]!.map(({ headers }) => parsePlace(headers[HEADER.copy]!)?.offset);
  assert.deepEqual(offsets, [0, 100, 200, 300, 400]);
  channel[Symbol.dispose]();
});

test('what is out is what was sent and has neither arrived nor been given up', async () => {
  const { channel, send } = await openChannel();
  send(5);
  const out = channel.outBytes;
  assert.ok(out > 5 * BYTES);
  await Promise.resolve();
  assert.equal(channel.outBytes, out);
  channel.arrived(2 * BYTES);
  assert.equal(channel.outBytes, (out / 5) * 3);
  channel.arrived(5 * BYTES);
  assert.equal(channel.outBytes, 0);
  send(3);
  channel.forget();
  await Promise.resolve();
  assert.equal(channel.outBytes, 0);
  channel[Symbol.dispose]();
});
