import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { newMessage } from '../../message/message.ts';
import type { JournalSending } from '../journal-deps.ts';
import { ReplySender } from './reply-sender.ts';

test('only the end of a request that is over counts as unwritten, and no longer than that lasts', async () => {
  const clock = new ManualClock();
  const bound = {
    ...clock,
    steadyNow: () => clock.steadyNow(),
    wallNow: () => clock.wallNow(),
    after: clock.after.bind(clock),
  };
  let faults = 0;
  const sending = {
    pieceBytes: () => undefined,
    reply: async () => {
      if (faults-- > 0) throw new TemporaryError('the disk is full');
      return 'left' as const;
    },
  } satisfies Partial<JournalSending> as Partial<JournalSending> as JournalSending;
  const replies = new ReplySender(
    { maxMessageBytes: 1000 } as ConstructorParameters<typeof ReplySender>[0],
    {
      ...{ clock: bound, sending, signal: new AbortController().signal, logger: { info() {}, warn() {} } },
      errorReporter: { report() {} },
      store: { write: async () => {} },
    } as unknown as ConstructorParameters<typeof ReplySender>[1],
  );
  const message = newMessage({ toNode: 'ship1', fromNode: 'central', method: 'REQCliCommandCont', data: [] });
  const asked = { id: 'a', message };
  const body = Buffer.from('x');
  const ways = [
    { send: () => replies.send(asked, body, { statements: [] }), isOver: false },
    { send: () => replies.end(asked, body, { statements: [] }), isOver: true },
  ];
  for (const { send, isOver } of ways) {
    faults = 2;
    const sent = send();
    await clock.advance(1500);
    assert.equal(replies.unwritten.has('a'), isOver);
    await clock.advance(1500);
    await sent;
    assert.equal(replies.unwritten.size, 0);
  }
});
