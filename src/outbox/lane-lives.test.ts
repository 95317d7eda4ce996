import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';

test('what was on its way to an earlier life of a node goes again when something comes of a later one', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport, outbox } = made;
  const { peers } = outbox;
  const heard = (life: string) => peers.heardFrom('ship1', `me.Steward.State.reply.ship1.${life}-state-1`);
  const seqs = () => transport.take().map(({ seq }) => seq);
  await made.open();
  peers.heardWords('ship1', 'offset-parts');
  heard('0123456789');
  for (let n = 0; n < 2; n++) await made.enqueue(1, { id: newId() });
  assert.deepEqual(seqs(), [2, 3]);
  heard('0123456789');
  assert.deepEqual(seqs(), []);
  heard('abcdef0123');
  assert.deepEqual(seqs(), [2, 3]);
  // An earlier version names none in its questions, nor does a reply subject that all share.
  for (const reply of ['me.Steward.State.reply.ship1.state-7', 'me.REQCliCommand.CommandACK.reply'])
    peers.heardFrom('ship1', reply);
  assert.deepEqual(seqs(), []);
});
